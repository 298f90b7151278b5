"""Charts drawn on the server as HTML and SVG: no script, no style attribute, both themes by CSS
classes.

Places are percentages and text has a fixed size, so nothing shrinks on a phone. Bars, funnel and
heat map are real tables; columns and lines are figures named by their finding, with "Show as table"
below. Every mark may carry the address of the list that it counts; in figures the accessible links
stand in that table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10
from zlib import crc32

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.lib import number_formats

NOTHING = format_html_join("", "{}", ())
TOP, BOTTOM, LEFT, RIGHT = (
    22,
    24,
    10,
    4,
)  # of a figure: pixels above and below, percent left and right


@dataclass(frozen=True)
class Mark:
    """One bar or column. ``value`` None: not recorded; ``text`` replaces the number, ``late``
    hatches it.
    """

    label: str
    value: float | None
    href: str = ""
    note: str = ""
    text: str = ""
    late: bool = False

    @property
    def shown(self) -> str:
        if self.text:
            return self.text
        return _("not recorded") if self.value is None else counted(self.value)


@dataclass(frozen=True)
class Cell:
    """One cell of a heat map: ``rate`` from 0 to 1, or None where nothing can be said, of ``count``
    cases.
    """

    rate: float | None
    count: int
    href: str = ""


@dataclass(frozen=True)
class Series:
    """One line. ``tone`` is c1, c2, c3 or fc (forecast); None leaves a point out; ``hrefs`` one per
    point.

    ``solid`` tells for each point whether enough cases stand behind it; the others are hollow.
    """

    name: str
    values: Sequence[float | None]
    tone: str = "c1"
    hrefs: Sequence[str] = ()
    solid: Sequence[bool] = ()


def counted(value: float) -> str:
    value = round(value, 1)  # number cuts off what is beyond its digits
    return number_formats.number(value, 0 if float(value).is_integer() else 1)


def percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.0%}"


def place(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def linked(text: object, href: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', href, text) if href else format_html("{}", text)


def joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def hatch(key: str) -> tuple[str, SafeString]:
    """The id and the definition of a hatch pattern, one per chart (``key``: the chart's name)."""
    name = f"hatch-{crc32(key.encode()):x}"
    return name, format_html(
        '<defs><pattern id="{}" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect class="hb" width="6" height="6"/>'
        '<line class="hl" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>',
        name,
    )


def filled(late: bool, pattern: str, tone: str) -> SafeString:
    """The attributes that paint a bar."""
    return (
        format_html('class="late" fill="url(#{})"', pattern)
        if late
        else format_html('class="{}"', tone)
    )


def ceiling(highest: float) -> float:
    """A round number at or above ``highest`` that four steps divide nicely."""
    if highest <= 4:
        return 4 if highest > 1 else 1
    scale = 10 ** floor(log10(highest))
    return next(step * scale for step in (1, 2, 4, 6, 8, 10) if step * scale >= highest)


# -- Tables that look like charts


def bars(
    caption: str,
    marks: Sequence[Mark],
    *,
    heads: tuple[str, str, str] = ("", "", ""),
    tone: str = "c1",
) -> SafeString:
    """Horizontal bars, longest 100 %.

    ``heads`` name the columns (label, number, note) for screen readers.
    """
    longest = max((mark.value or 0 for mark in marks), default=0) or 1
    name, pattern = hatch(caption)
    late = any(mark.late for mark in marks)

    def row(mark: Mark) -> SafeString:
        return format_html(
            '<tr><th scope="row">{}</th><td class="bar"><svg width="100%" height="20"'
            ' aria-hidden="true"><rect {} width="{}%" height="20" rx="3"/></svg></td><td'
            ' class="num"><{tag}>{}</{tag}></td><td class="sub">{}</td></tr>',
            mark.label,
            filled(mark.late, name, tone),
            place(100 * (mark.value or 0) / longest),
            linked(mark.shown, mark.href),
            mark.note,
            tag="span" if mark.value is None else "strong",
        )

    names = ((name,) for name in (heads[0], _("Bar"), *heads[1:]))
    store = format_html('<svg class="vh" width="0" height="0" aria-hidden="true">{}</svg>', pattern)
    return format_html(
        '{}<table class="bars"><caption'
        ' class="vh">{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
        store if late else NOTHING,
        caption,
        format_html_join("", '<th scope="col"><span class="vh">{}</span></th>', names),
        joined(row(mark) for mark in marks),
    )


def funnel(caption: str, steps: Sequence[Mark], *, heads: tuple[str, str] = ("", "")) -> SafeString:
    """Bars of one cohort by stage; each stage says its share of the stage before that was
    recorded.
    """
    marks, before = [], None
    for step in steps:
        note = step.note
        if not note and before and step.value is not None:
            note = _("{share} of previous").format(share=percent(step.value / before))
        marks.append(Mark(step.label, step.value, step.href, note, step.text, step.late))
        before = step.value if step.value is not None else before
    return bars(caption, marks, heads=(*heads, _("Share of the previous stage")))


def heat(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Cell]]],
    *,
    least: int = 10,
) -> SafeString:
    """Rates by two attributes.

    Cells with fewer than ``least`` cases are dashed and not coloured.
    """
    every = [cell for _label, cells in rows for cell in cells]
    highest = (
        max((c.rate for c in every if c.rate is not None and c.count >= least), default=0) or 1
    )

    def box(cell: Cell) -> SafeString:
        known = cell.rate is not None and cell.count >= least
        tone = (
            f"h{min(4, int(5 * cell.rate / highest))}"
            if known and cell.rate is not None
            else "h-na"
        )
        shown = linked(percent(cell.rate), cell.href) if cell.count else percent(cell.rate)
        form = '<td class="{}"><span>{}</span><small>n={}</small></td>'
        return format_html(form, tone, shown, counted(cell.count))

    return format_html(
        '<div class="scroll" tabindex="0" role="region" aria-label="{}"><table class="heat">'
        "<caption"
        ' class="vh">{}</caption><thead><tr><td></td>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>",
        caption,
        caption,
        format_html_join("", '<th scope="col">{}</th>', ((column,) for column in columns)),
        format_html_join(
            "",
            '<tr><th scope="row">{}</th>{}</tr>',
            ((label, joined(box(cell) for cell in cells)) for label, cells in rows),
        ),
    )


# -- Figures


def figure(label: str, drawing: SafeString, height: int, table: SafeString) -> SafeString:
    """A drawing that only eyes see, named by its finding, and the same numbers as a table for
    everybody.
    """
    return format_html(
        '<figure aria-label="{}"><svg class="ch" width="100%" height="{}"'
        ' aria-hidden="true">{}</svg>{}</figure>',
        label,
        height,
        drawing,
        folded(label, table),
    )


def folded(label: str, table: SafeString) -> SafeString:
    """ "Show as table", and the table."""
    return format_html(
        '<details class="dt"><summary>{}</summary>'
        '<div class="scroll" tabindex="0" role="region" aria-label="{}">{}</div></details>',
        _("Show as table"),
        label,
        table,
    )


def numbers(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> SafeString:
    return format_html(
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        joined(
            format_html(
                "<tr>{}</tr>", format_html_join("", "<td>{}</td>", ((cell,) for cell in row))
            )
            for row in rows
        ),
    )


def pressed(shape: SafeString, href: str) -> SafeString:
    """A shape that a pointer may press; the keyboard finds the same link in the table."""
    return format_html('<a href="{}" tabindex="-1">{}</a>', href, shape) if href else shape


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
    """Upright bars in fixed buckets.

    A dashed limit stands after ``limit_after``; later ones are hatched.

    ``table`` replaces the one below, which says no more than the bars.
    """
    width, (name, pattern) = 96 / max(len(marks), 1), hatch(label)
    tallest = max((mark.value or 0 for mark in marks), default=0) or 1
    parts = [pattern]
    for at, mark in enumerate(marks):
        late = mark.late or (limit_after is not None and at > limit_after)
        tall = (height - TOP - 18 - BOTTOM) * (mark.value or 0) / tallest
        parts.append(column(mark, at, width, tall, height - BOTTOM, filled(late, name, "c1")))
    if limit_after is not None:
        parts.append(limit(2 + (limit_after + 0.92) * width, height - BOTTOM, limit_text))
    table = table or numbers(heads, ((mark.label, linked(mark.shown, mark.href)) for mark in marks))
    return figure(label, joined(parts), height, table)


def column(
    mark: Mark, at: int, width: float, tall: float, foot: float, fill: SafeString
) -> SafeString:
    """The bar, its number above, its label below; every other label may step down on a narrow
    screen.
    """
    left, middle = 2 + at * width, place(2 + (at + 0.42) * width)
    shape = format_html(
        '<rect {} x="{}%" y="{}" width="{}%" height="{}" rx="3"/>'
        '<text class="v halo" x="{}%" y="{}" text-anchor="middle">{}</text>',
        fill,
        place(left),
        place(foot - tall),
        place(width * 0.84),
        place(tall),
        middle,
        place(foot - tall - 5),
        mark.shown,
    )
    form = '{}<text class="{}" x="{}%" y="{}" text-anchor="middle">{}</text>'
    return format_html(
        form, pressed(shape, mark.href), "alt" if at % 2 else "", middle, foot + 18, mark.label
    )


def limit(at: float, foot: float, text: str) -> SafeString:
    return format_html(
        '<line class="ref" x1="{x}%" x2="{x}%" y1="4" y2="{}"/><text class="v halo" x="{}%"'
        ' y="14">{}</text>',
        foot,
        place(at + 1),
        text,
        x=place(at),
    )


@dataclass(frozen=True)
class Axes:
    """Where a value lies in a figure: ``x`` in percent of the width, ``y`` in pixels."""

    points: int
    low: float
    high: float
    height: int

    def x(self, at: int) -> float:
        return LEFT + (100 - LEFT - RIGHT) * at / max(1, self.points - 1)

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
    """Lines over ``ticks``.

    ``reference`` is a dashed straight line: its name, first and last value.

    ``table`` replaces the one below, which says no more than the lines.
    """
    values = [value for each in series for value in each.values if value is not None]
    highest = max([*values, *(reference[1:] if reference else ())], default=1)
    axes = Axes(len(ticks), low, ceiling(highest) if high is None else high, height)
    parts = [grid(axes, shown)]
    if reference:
        first = next((value for value in values if value is not None), 0)
        parts.append(straight(axes, *reference, below=first >= reference[1]))
    parts += [curve(axes, each, shown) for each in series]
    parts.append(tick_labels(axes, ticks, tick_every))

    def cell(each: Series, at: int) -> object:
        value = each.values[at] if at < len(each.values) else None
        href = each.hrefs[at] if at < len(each.hrefs) else ""
        return "–" if value is None else linked(shown(value), href)

    rows = ([tick, *(cell(each, at) for each in series)] for at, tick in enumerate(ticks))
    table = table or numbers([head, *(each.name for each in series)], rows)
    return figure(label, joined(parts), height, table)


def tick_labels(axes: Axes, ticks: Sequence[str], every: int) -> SafeString:
    """Every n-th label, and the last one where it has room."""
    last = len(ticks) - 1
    return joined(
        format_html(
            '<text x="{}%" y="{}" text-anchor="middle">{}</text>',
            place(axes.x(at)),
            axes.height - 6,
            tick,
        )
        for at, tick in enumerate(ticks)
        if at % every == 0 or (at == last and 2 * (at % every) > every)
    )


def grid(axes: Axes, shown: Callable[[float], str]) -> SafeString:
    values = [axes.low + (axes.high - axes.low) * quarter / 4 for quarter in range(5)]
    steps = [(axes.y(value), shown(value)) for value in values]
    return format_html_join(
        "",
        '<line class="gl" x1="{}%" x2="100%" y1="{}" y2="{}"/><text x="{}%" y="{}"'
        ' text-anchor="end">{}</text>',
        ((LEFT, place(y), place(y), LEFT - 1.5, place(y + 4), text) for y, text in steps),
    )


def straight(
    axes: Axes, name: str, first: float, last: float, *, below: bool = False
) -> SafeString:
    """A dashed line; ``below``: its name stands under it, out of the way of a line that begins
    above.
    """
    flat, end = first == last, axes.points - 1
    return format_html(
        '<line class="ref" x1="{}%" y1="{}" x2="{}%" y2="{}"/><text class="v halo" x="{}%" y="{}"'
        " {}>{}</text>",
        LEFT,
        place(axes.y(first)),
        place(axes.x(end)),
        place(axes.y(last)),
        place(LEFT + 1 if flat else axes.x(end)),
        place(axes.y(first if flat else last) + (16 if flat and below else -6)),
        format_html('text-anchor="{}"', "start" if flat else "end"),
        name,
    )


def curve(axes: Axes, each: Series, shown: Callable[[float], str]) -> SafeString:
    """The line in an inner drawing stretched to the plot, its dots, and the value at its last
    point.
    """
    points = [(at, value) for at, value in enumerate(each.values) if value is not None]
    if not points:
        return NOTHING
    span = max(1, axes.points - 1)
    path = " ".join(f"{place(1000 * at / span)},{place(axes.y(value))}" for at, value in points)
    stretched = format_html(
        '<svg x="{}%" y="0" width="{}%" height="{height}" viewBox="0 0 1000 {height}"'
        ' preserveAspectRatio="none"><polyline class="ln {}" vector-effect="non-scaling-stroke"'
        ' points="{}"/></svg>',
        LEFT,
        100 - LEFT - RIGHT,
        each.tone,
        path,
        height=axes.height,
    )
    at, value = points[-1]
    text = format_html(
        '<text class="v halo" x="{}%" y="{}" text-anchor="{}">{}</text>',
        place(min(axes.x(at) + 1, 100)),
        place(max(axes.y(value) - 10, 11)),
        "end" if at > 0.8 * span else "middle",
        shown(value),
    )
    marked = points if each.hrefs or each.solid else points[-1:]
    return format_html(
        "{}{}{}", stretched, joined(dot(axes, each, *point) for point in marked), text
    )


def dot(axes: Axes, each: Series, at: int, value: float) -> SafeString:
    form = '<circle class="dot {}{}" cx="{}%" cy="{}" r="4"/>'
    solid = " full" if at < len(each.solid) and each.solid[at] else ""
    circle = format_html(form, each.tone, solid, place(axes.x(at)), place(axes.y(value)))
    return pressed(circle, each.hrefs[at] if at < len(each.hrefs) else "")
