"""Charts that are drawings: columns and lines, each with the same numbers as a table below.

Each mark is a link named by its label and number. The first mark of a drawing stands in the order
of the keyboard, the arrows move from mark to mark (tips.js); without JavaScript the table has all
links. What only helps the eye is hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.alignment.charts.marks import (
    NOTHING,
    Mark,
    Series,
    ceiling,
    counted,
    filled,
    hatch,
    joined,
    linked,
    place,
)

T = TypeVar("T")
# The margins of a figure: pixels above and below, percent of the width at the sides.
TOP = 22
BOTTOM = 24
LEFT = 10
RIGHT = 4
COLUMN_SHARE = 0.84  # of the width of a bucket; the rest is the gap to the next


def figure(label: str, drawing: SafeString, height: int, table: SafeString) -> SafeString:
    """Return a drawing named by its finding (``label``), and its numbers as a folded table."""
    return format_html(
        '<figure aria-label="{}"><svg class="ch" width="100%" height="{}">{}</svg>{}</figure>',
        label,
        height,
        drawing,
        folded(label, table),
    )


def folded(label: str, table: SafeString) -> SafeString:
    """Return a table behind a line that says "Show as table"."""
    return format_html(
        '<details class="dt"><summary>{}</summary>'
        '<div class="scroll" tabindex="0" role="region" aria-label="{}">{}</div></details>',
        _("Show as table"),
        label,
        table,
    )


def numbers(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> SafeString:
    """Return a plain table."""
    cells = (format_html_join("", "<td>{}</td>", ((cell,) for cell in row)) for row in rows)
    return format_html(
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        format_html_join("", "<tr>{}</tr>", ((row,) for row in cells)),
    )


def unseen(parts: Iterable[SafeString]) -> SafeString:
    """Return ``parts`` hidden from screen readers, for which the table has the same."""
    return format_html('<g aria-hidden="true">{}</g>', joined(parts))


def pressed(shape: SafeString, href: str, tip: str, *, is_first: bool) -> SafeString:
    """Return a mark with its ``tip``; with ``href`` it can be pressed and focused."""
    if not href:
        return format_html('<g class="mk"><title>{}</title>{}</g>', tip, shape)
    tabindex = "-1"
    if is_first:
        tabindex = "0"
    return format_html(
        '<a class="mk" href="{}" tabindex="{}"><title>{}</title>{}</a>', href, tabindex, tip, shape
    )


# -- Columns


def columns(
    label: str,
    marks: Sequence[Mark],
    *,
    heads: tuple[str, str],
    limit_after: int | None = None,
    limit_text: str = "",
    height: int = 200,
    table: SafeString | None = None,
) -> SafeString:
    """Return upright bars in buckets of equal width.

    A dashed limit stands after the bar with the index ``limit_after``; later bars are hatched.
    ``table`` replaces the usual table below the drawing.
    """
    width = 96 / max(len(marks), 1)
    name, pattern = hatch(label)
    # At least 1, because all the bars may be 0.
    tallest = max((mark.value or 0 for mark in marks), default=0) or 1
    foot = height - BOTTOM
    room = foot - TOP - 18  # the number above a bar needs 18 pixels
    parts = [pattern]
    for index, mark in enumerate(marks):
        late = mark.late or (limit_after is not None and index > limit_after)
        tall = room * (mark.value or 0) / tallest
        parts.append(_column(mark, index, width, tall, foot, filled(late, name, "c1")))
    if limit_after is not None:
        limit = _limit(2 + (limit_after + 0.92) * width, foot, limit_text)
        parts.append(unseen([limit]))
    if not table:
        table = numbers(heads, ((mark.label, linked(mark.shown, mark.href)) for mark in marks))
    return figure(label, joined(parts), height, table)


def _column(
    mark: Mark, index: int, width: float, tall: float, foot: float, paint: SafeString
) -> SafeString:
    """Return one bar with its number above and its label below.

    Every other label has a class of its own, so that it can step down on a narrow screen.
    """
    left = 2 + index * width
    middle = place(left + COLUMN_SHARE / 2 * width)
    shape = format_html(
        '<rect {} x="{}%" y="{}" width="{}%" height="{}" rx="3"/>'
        '<text class="v halo" x="{}%" y="{}" text-anchor="middle">{}</text>',
        paint,
        place(left),
        place(foot - tall),
        place(width * COLUMN_SHARE),
        place(tall),
        middle,
        place(foot - tall - 5),
        mark.drawn,
    )
    css = ""
    if index % 2:
        css = "alt"
    return format_html(
        '{}<text class="{}" x="{}%" y="{}" text-anchor="middle" aria-hidden="true">{}</text>',
        pressed(shape, mark.href, mark.tip, is_first=index == 0),
        css,
        middle,
        foot + 18,
        mark.label,
    )


def _limit(x: float, foot: float, text: str) -> SafeString:
    """Return a dashed upright line at ``x`` percent, with its text on the side that has room."""
    text_x = x + 1
    anchor = "start"
    if x > 60:
        text_x = x - 1
        anchor = "end"
    return format_html(
        '<line class="ref" x1="{x}%" x2="{x}%" y1="4" y2="{}"/><text class="v halo" x="{}%"'
        ' y="14" text-anchor="{}">{}</text>',
        foot,
        place(text_x),
        anchor,
        text,
        x=place(x),
    )


# -- Lines


@dataclass(frozen=True)
class Axes:
    """Where a value lies in a figure: ``x`` in percent of the width, ``y`` in pixels."""

    points: int
    low: float
    high: float
    height: int

    @property
    def span(self) -> int:
        """Return the number of steps from the first point to the last, at least 1."""
        return max(1, self.points - 1)

    def x(self, index: int) -> float:
        return LEFT + (100 - LEFT - RIGHT) * index / self.span

    def y(self, value: float) -> float:
        span = (self.high - self.low) or 1
        return TOP + (self.height - TOP - BOTTOM) * (1 - (value - self.low) / span)


def line(
    label: str,
    ticks: Sequence[str],
    series: Sequence[Series],
    *,
    head: str,
    low: float = 0,
    high: float | None = None,
    shown: Callable[[float], str] = counted,
    reference: tuple[str, float, float] | None = None,
    tick_every: int = 1,
    height: int = 200,
    table: SafeString | None = None,
) -> SafeString:
    """Return lines over ``ticks``.

    ``reference`` is a dashed straight line: its name, first and last value. ``table`` replaces the
    usual table below the drawing.
    """
    values = [value for each in series for value in each.values if value is not None]
    if high is None:
        ends = reference[1:] if reference else ()
        high = ceiling(max([*values, *ends], default=1))
    axes = Axes(len(ticks), low, high, height)
    drawn = [_grid(axes, shown)]
    if reference:
        first = next(iter(values), 0)
        drawn.append(_straight(axes, *reference, below=first >= reference[1]))
    drawn += [_curve(axes, each, shown) for each in series]
    drawn.append(_tick_labels(axes, ticks, tick_every))
    dots = [_dots(axes, each, ticks, shown) for each in series]
    if not table:
        table = _table_of_lines(ticks, series, head, shown)
    return figure(label, joined([unseen(drawn), *dots]), height, table)


def _table_of_lines(
    ticks: Sequence[str], series: Sequence[Series], head: str, shown: Callable[[float], str]
) -> SafeString:
    """Return a table with one row per tick and one column per line."""

    def cell(each: Series, index: int) -> object:
        value = _item(each.values, index)
        if value is None:
            return "–"
        return linked(shown(value), _item(each.hrefs, index) or "")

    rows = ([tick, *(cell(each, index) for each in series)] for index, tick in enumerate(ticks))
    return numbers([head, *(each.name for each in series)], rows)


def _item(items: Sequence[T], index: int) -> T | None:
    """Return ``items[index]``, or None past its end."""
    if index < len(items):
        return items[index]
    return None


def _tick_labels(axes: Axes, ticks: Sequence[str], every: int) -> SafeString:
    """Return every n-th label, and the last one where it has room."""
    last = len(ticks) - 1
    parts = []
    for index, tick in enumerate(ticks):
        past = index % every
        if past == 0 or (index == last and 10 * past >= 9 * every):
            parts.append(
                format_html(
                    '<text x="{}%" y="{}" text-anchor="middle">{}</text>',
                    place(axes.x(index)),
                    axes.height - 6,
                    tick,
                )
            )
    return joined(parts)


def _grid(axes: Axes, shown: Callable[[float], str]) -> SafeString:
    """Return five horizontal lines with their values."""
    values = [axes.low + (axes.high - axes.low) * quarter / 4 for quarter in range(5)]
    steps = [(axes.y(value), shown(value)) for value in values]
    return format_html_join(
        "",
        '<line class="gl" x1="{}%" x2="100%" y1="{}" y2="{}"/><text x="{}%" y="{}"'
        ' text-anchor="end">{}</text>',
        ((LEFT, place(y), place(y), LEFT - 1.5, place(y + 4), text) for y, text in steps),
    )


def _straight(
    axes: Axes, name: str, first: float, last: float, *, below: bool = False
) -> SafeString:
    """Return a dashed straight line from ``first`` to ``last`` with its name.

    The name of a level line stands at its beginning, ``below`` it where a curve begins above; at
    its end where the only point stands at the beginning.
    """
    end = place(100 - RIGHT)
    text_x = end
    text_y = axes.y(last) - 6
    anchor = "end"
    if first == last:
        under = axes.y(first) + 16
        # Just above the axis its labels need the room.
        if below and under < axes.height - BOTTOM:
            text_y = under
        if axes.points > 1:
            text_x = place(LEFT + 1)
            anchor = "start"
    return format_html(
        '<line class="ref" x1="{}%" y1="{}" x2="{}%" y2="{}"/><text class="v halo" x="{}%" y="{}"'
        " {}>{}</text>",
        LEFT,
        place(axes.y(first)),
        end,
        place(axes.y(last)),
        text_x,
        place(text_y),
        format_html('text-anchor="{}"', anchor),
        name,
    )


def _curve(axes: Axes, each: Series, shown: Callable[[float], str]) -> SafeString:
    """Return a line and the value at its last point."""
    points = _points(each)
    if not points:
        return NOTHING
    line = _polyline(axes, each.tone, points)
    return joined([line, _last_value(axes, *points[-1], shown)])


def _points(each: Series) -> list[tuple[int, float]]:
    """Return index and value of the points of a line."""
    return [(index, value) for index, value in enumerate(each.values) if value is not None]


def _dots(
    axes: Axes, each: Series, ticks: Sequence[str], shown: Callable[[float], str]
) -> SafeString:
    """Return the dots of a line.

    A dot carries a link or says whether there are enough cases; a plain line needs the last one.
    """
    marked = _points(each)
    if not each.hrefs and not each.solid:
        marked = marked[-1:]
    dots = []
    for number, (index, value) in enumerate(marked):
        tip = _item(each.tips, index) or f"{ticks[index]}: {shown(value)}"
        href = _item(each.hrefs, index) or ""
        dot = _dot(axes, each, index, value)
        dots.append(pressed(dot, href, tip, is_first=number == 0))
    return joined(dots)


def _polyline(axes: Axes, tone: str, points: Sequence[tuple[int, float]]) -> SafeString:
    """Return the line in an inner drawing that is stretched to the plot."""
    # The points of a polyline cannot be percentages, and the width is known to the browser only.
    path = " ".join(
        f"{place(1000 * index / axes.span)},{place(axes.y(value))}" for index, value in points
    )
    return format_html(
        '<svg x="{}%" y="0" width="{}%" height="{height}" viewBox="0 0 1000 {height}"'
        ' preserveAspectRatio="none"><polyline class="ln {}" vector-effect="non-scaling-stroke"'
        ' points="{}"/></svg>',
        LEFT,
        100 - LEFT - RIGHT,
        tone,
        path,
        height=axes.height,
    )


def _last_value(axes: Axes, index: int, value: float, shown: Callable[[float], str]) -> SafeString:
    anchor = "middle"
    # A text in the middle of its point would leave the drawing at its right edge, and stand over
    # the values of the axis at its left one.
    if index > 0.8 * axes.span:
        anchor = "end"
    elif index == 0:
        anchor = "start"
    return format_html(
        '<text class="v halo" x="{}%" y="{}" text-anchor="{}">{}</text>',
        place(min(axes.x(index) + 1, 100)),
        place(max(axes.y(value) - 10, 11)),
        anchor,
        shown(value),
    )


def _dot(axes: Axes, each: Series, index: int, value: float) -> SafeString:
    solid = ""
    if _item(each.solid, index):
        solid = " full"
    # The larger circle is not painted: a dot of 8 pixels is hard to hit.
    return format_html(
        '<circle class="aim" cx="{x}%" cy="{y}" r="12"/>'
        '<circle class="dot {}{}" cx="{x}%" cy="{y}" r="4"/>',
        each.tone,
        solid,
        x=place(axes.x(index)),
        y=place(axes.y(value)),
    )
