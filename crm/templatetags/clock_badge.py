"""The badge of a clock, and the texts that the browser needs to tick it on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.template import Context
from django.utils.html import escape, format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from crm.lib import clock, number_formats
from crm.lib.moments import absolute_text, opens_text
from crm.lib.number_formats import duration_words, left_words, limit_words
from crm.templatetags.icons import ours, reference, symbol

register = template.Library()

SLA_ICONS = {
    "ok": "clock",
    "soon": "alarm-clock",
    "late": "triangle-alert",
    "waiting": "moon",
    "paused": "circle-pause",
    "met": "check",
    "missed": "x",
    "tried": "phone-missed",
    "cancelled": "ban",
}
TICKING = ("ok", "soon", "late")


def page_now(context: Context) -> datetime:
    """Return the moment of the request, which asked the database once."""
    return getattr(context.get("request"), "now", None) or clock.now()


@register.simple_tag(takes_context=True)
def sla_badge(context: Context, reading: Any) -> SafeString | str:
    """Return the badge of one clock: icon, text, and a bar of the time that is left.

    ``reading``: of sla.clocks.readings, or None for a lead without a clock, which has no badge.
    """
    return badge(reading, page_now(context), is_fragment=bool(context["request"].htmx))


def badge(reading: Any, now: datetime, *, is_fragment: bool) -> SafeString | str:
    """Return the badge of :func:`sla_badge` at ``now``."""
    return badges(now, is_fragment=is_fragment)(reading)


def badges(now: datetime, *, is_fragment: bool) -> Callable[[Any], SafeString | str]:
    """Return the function that :func:`badge` is at ``now``, for lists of many clocks.

    It looks up once what the texts of all badges depend on: language and region.
    """
    language = get_language()
    region = number_formats.active()
    # A fragment may be younger than the page that it goes into.
    sent_at = short(now) if is_fragment else ""

    def badge_of(reading: Any) -> SafeString | str:
        if not reading:
            return ""
        status = reading.status
        bar = ""
        if status in ("ok", "soon"):
            left = min(max(float(reading.left_ratio or 0), 0), 1)
            bar = _bar(round(100 * left))
        attributes = _attributes(reading, sent_at)
        title = _title_of(reading, language, region)
        opening = f'<time class="sla sla--{status}" title="{title}"{attributes}>'
        text = _escaped(badge_text(reading, now, language))
        return ours(f"{opening}{reference(SLA_ICONS[status])}<span>{text}</span>{bar}</time>")

    return badge_of


def _attributes(reading: Any, sent_at: str) -> str:
    """Return the deadline, and what app.js needs to tick a badge on.

    That is the state, the seconds and the limit of the clock, the next closing, and the moment of
    the answer where it is not the page's own.
    """
    # States, numbers and instants of our own: nothing in them needs escaping.
    attributes = ""
    if reading.due_at:
        attributes = f' datetime="{short(reading.due_at)}"'
    if reading.status not in TICKING or not reading.is_ticking:
        return attributes
    seconds = int(reading.seconds or 0)
    limit = int(reading.limit_seconds or 0)
    attributes += f' data-sla="{reading.status}" data-seconds="{seconds}" data-limit="{limit}"'
    if reading.closes_at:
        attributes += f' data-until="{short(reading.closes_at)}"'
    if sent_at:
        attributes += f' data-at="{sent_at}"'
    return attributes


def short(moment: datetime) -> str:
    """Return the instant in its shortest ISO form, for attributes."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# Most clocks of a page show one of a few texts.
@lru_cache(maxsize=4096)
def _escaped(text: str) -> SafeString:
    return escape(text)


@lru_cache(maxsize=101)
def _bar(percent: int) -> SafeString:
    return format_html(
        '<svg class="sla__bar" aria-hidden="true"><rect width="{}%" height="4"/></svg>', percent
    )


# -- Texts


def badge_text(reading: Any, now: datetime, language: str | None) -> str:
    """Return the text of a badge. The seconds of ``reading`` are business time.

    ``language``: the active one.
    """
    status = reading.status
    if status in TICKING:
        minutes = int(reading.seconds or 0) // 60
        # The language is part of the cache's key only; the texts follow the active one.
        return _ticking_text(status == "late", minutes, language)
    if status == "waiting":
        if not reading.opens_at:
            return _("Waiting for opening")
        moment = opens_text(reading.opens_at, reading.zone, now)
        return _("Opens {moment}").format(moment=moment)
    if status == "paused":
        if not reading.resumes_at:
            return pgettext("clock", "Paused")
        moment = opens_text(reading.resumes_at, reading.zone, now)
        return _("Paused until {moment}").format(moment=moment)
    if status == "cancelled":
        return pgettext("clock", "Cancelled")
    if status == "tried":
        return _("Tried in time, never reached")
    pattern = _("{done} {duration} late")
    if status == "met":
        pattern = _("{done} in {duration}")
    done = getattr(reading, "done_label", "") or _("Done")
    return pattern.format(done=done, duration=duration_words(reading.seconds or 0))


@lru_cache(maxsize=4096)
def _ticking_text(is_late: bool, minutes: int, _language: str | None) -> str:
    """Return the text of every clock with ``minutes`` left or overdue, in one language."""
    if not is_late:
        return left_words(60 * minutes)
    return _("{duration} overdue").format(duration=duration_words(60 * minutes))


def _title_of(
    reading: Any, language: str | None, region: number_formats.Region | None
) -> SafeString:
    """Return when a clock is due and its promised length, in the active language and region.

    The deadline is cut to the minute: the clocks of a whole page often share one, and the title is
    kept for all of them.
    """
    due_at = reading.due_at
    if due_at:
        due_at = due_at.replace(second=0, microsecond=0)
    limit_seconds = int(reading.limit_seconds or 0)
    return _title(due_at, reading.zone, limit_seconds, language, region)


@lru_cache(maxsize=1024)
def _title(
    due_at: datetime | None,
    zone: str,
    limit_seconds: int,
    _language: str | None,
    _region: number_formats.Region | None,
) -> SafeString:
    """Return the escaped title for all who read in the same language and region."""
    parts = []
    if due_at:
        parts.append(_("Due {moment}").format(moment=absolute_text(due_at, zone)))
    if limit_seconds:
        parts.append(limit_words(limit_seconds))
    return escape(" · ".join(parts))


# -- For app.js


@register.simple_tag
def tick_words() -> SafeString:
    """Return the texts of app.js as JSON data (never run as a script), and the icons of badges."""
    return _tick_words(get_language())


@lru_cache(maxsize=16)
def _tick_words(_language: str | None) -> SafeString:
    texts = _tick_patterns()
    texts |= {
        "new_one": ngettext("{count} new – show", "{count} new – show", 1),
        "new_many": ngettext("{count} new – show", "{count} new – show", 2),
        "changed": _("The list has changed – show"),
        "close": _("Close"),
        "unsent": _("The server cannot be reached. Nothing was saved; try again."),
        "refused": _("That did not work. Nothing was saved; reload the page and try again."),
        "show": _("Show password"),
        "hide": _("Hide password"),
        "find": _("Search leads for “{query}”"),
        "find_only": _("No command; search leads for “{query}”"),
        "results": _("{count} results"),
        "other_zone": _(
            "Your device is in the zone of {device}, the organisation in that of {organisation}."
        ),
        "use_zone": _("Use {device}"),
        "restored_draft": _("Restored draft"),
        "discard_draft": _("discard"),
        "left_behind": _("Typed but not saved; its form is no longer here:"),
    }
    texts |= {f"icon_{status}": f"#i-{SLA_ICONS[status]}" for status in TICKING}
    symbols = format_html_join("", "{}", ((symbol(name),) for name in SLA_ICONS.values()))
    return format_html("{}<svg hidden>{}</svg>", json_script(texts, "relevo-words"), symbols)


def _tick_patterns() -> dict[str, str]:
    """Return the patterns of a running clock; the browser ticks with the very same ones."""
    return {
        "under": _("under 1 min"),
        "minutes": _("{minutes} min"),
        "hours": _("{hours} h"),
        "both": _("{hours} h {minutes} min"),
        "left_one": ngettext("{duration} left", "{duration} left", 1),
        "left": ngettext("{duration} left", "{duration} left", 2),
        "late": _("{duration} overdue"),
    }
