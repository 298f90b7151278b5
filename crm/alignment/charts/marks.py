"""The data of a chart, and the small pieces of HTML and SVG that all charts share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10
from zlib import crc32

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.lib import number_formats

# An empty safe text; mark_safe is kept to a few files, where a test watches it.
NOTHING = format_html_join("", "{}", ())


@dataclass(frozen=True)
class Mark:
    """One bar or column.

    ``value`` is None where it was not recorded. ``text`` replaces the number, ``late`` hatches the
    bar, ``href`` is the list that the number counts.
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
        if self.value is None:
            return _("not recorded")
        return counted(self.value)

    @property
    def drawn(self) -> str:
        """Return the number as there is room for it above a column."""
        if self.text or self.value is None:
            return self.shown
        return short(self.value)

    @property
    def tip(self) -> str:
        """Return what a pointer or the keyboard reads on the mark."""
        parts = [f"{self.label}: {self.shown}"]
        # A note with a link is HTML, and its text stands beside the bar.
        if self.note and not isinstance(self.note, SafeString):
            parts.append(self.note)
        return " · ".join(parts)


@dataclass(frozen=True)
class Series:
    """One line of a figure.

    ``values`` has one value per tick, None where the line has no point. ``tone`` is the CSS class
    c1, c2, c3 or fc (forecast). ``hrefs``, ``solid`` and ``tips`` have one item per point; a point
    that is not solid has too few cases and is drawn hollow.
    """

    name: str
    values: Sequence[float | None]
    tone: str = "c1"
    hrefs: Sequence[str] = ()
    solid: Sequence[bool] = ()
    tips: Sequence[str] = ()


def counted(value: float) -> str:
    """Return ``value`` with at most one decimal, in the number format of the reader's region."""
    value = round(value, 1)  # number_formats.number cuts off further digits instead of rounding
    if float(value).is_integer():
        return number_formats.number(value, 0)
    return number_formats.number(value, 1)


def short(value: float) -> str:
    """Return ``value`` in at most four signs: from 1,000 on in thousands, as in "1.2k"."""
    if value < 1000:
        return counted(value)
    thousands = value / 1000
    if thousands >= 10:
        thousands = round(thousands)
    return f"{counted(thousands)}k"


def place(value: float) -> str:
    """Return a coordinate with at most two decimals, as SVG writes it in every language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def linked(text: object, href: str) -> SafeString:
    """Return ``text``, as a link where ``href`` is not empty."""
    if not href:
        return format_html("{}", text)
    return format_html('<a href="{}">{}</a>', href, text)


def joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def hatch(key: str) -> tuple[str, SafeString]:
    """Return the id and the definition of a hatch pattern; ``key`` is the name of the chart."""
    # Ids must differ between the charts of a page. hash() would change with each process.
    name = f"hatch-{crc32(key.encode()):x}"
    definition = format_html(
        '<defs><pattern id="{}" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect class="hb" width="6" height="6"/>'
        '<line class="hl" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>',
        name,
    )
    return name, definition


def filled(late: bool, pattern: str, tone: str) -> SafeString:
    """Return the attributes that paint a bar: hatched with ``pattern`` if ``late``, else plain."""
    if late:
        return format_html('class="late" fill="url(#{})"', pattern)
    return format_html('class="{}"', tone)


def ceiling(highest: float) -> float:
    """Return a round number at or above ``highest`` whose quarters are round, too."""
    if highest <= 1:
        return 1
    if highest <= 4:
        return 4
    scale = 10 ** floor(log10(highest))
    return next(step * scale for step in (1, 2, 4, 6, 8, 10) if step * scale >= highest)
