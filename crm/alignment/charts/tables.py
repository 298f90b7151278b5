"""Charts that are real tables: horizontal bars. Each number may link to its list."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.alignment.charts.marks import (
    NOTHING,
    Mark,
    filled,
    hatch,
    joined,
    linked,
    place,
)


def bars(
    caption: str,
    marks: Sequence[Mark],
    *,
    heads: tuple[str, str, str] = ("", "", ""),
    tone: str = "c1",
) -> SafeString:
    """Return horizontal bars; the longest has the full width.

    ``heads`` name the columns (label, number, note) for screen readers.
    """
    longest = max((mark.value or 0 for mark in marks), default=0) or 1
    name, pattern = hatch(caption)
    names = ((head,) for head in (heads[0], _("Bar"), *heads[1:]))
    return format_html(
        '{}<table class="bars"><caption'
        ' class="vh">{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
        _hidden_pattern(marks, pattern),
        caption,
        format_html_join("", '<th scope="col"><span class="vh">{}</span></th>', names),
        joined(_bar(mark, longest, filled(mark.late, name, tone)) for mark in marks),
    )


def _hidden_pattern(marks: Sequence[Mark], pattern: SafeString) -> SafeString:
    """Return an invisible drawing that holds the hatch pattern, where a bar needs it."""
    if not any(mark.late for mark in marks):
        return NOTHING
    # Out of sight, not display: none, with which browsers do not paint the pattern either.
    return format_html('<svg class="vh" width="0" height="0" aria-hidden="true">{}</svg>', pattern)


def _bar(mark: Mark, longest: float, paint: SafeString) -> SafeString:
    """Return one row of a bar chart."""
    tag = "strong"
    # "Not recorded" is no number and does not look like one.
    if mark.value is None:
        tag = "span"
    return format_html(
        '<tr><th scope="row">{}</th>'
        '<td class="bar"><svg width="100%" height="20" aria-hidden="true"><g class="mk">'
        '<title>{}</title><rect {} width="{}%" height="20" rx="3"/></g></svg></td>'
        '<td class="num"><{tag}>{}</{tag}></td><td class="sub">{}</td></tr>',
        mark.label,
        mark.tip,
        paint,
        place(100 * (mark.value or 0) / longest),
        linked(mark.shown, mark.href),
        mark.note,
        tag=tag,
    )
