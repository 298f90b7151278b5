"""How a region writes numbers, dates and times, apart from the language of the words (CLDR, package Babel).

Active for one request, like Django's language and zone (crm.middleware.Viewer). Without one, the language decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from django.utils import numberformat
from django.utils.dateformat import format as draw
from django.utils.formats import number_format

from crm.lib import countries
from crm.lib.text import fold

TAGS = [
    *("es-MX", "es-AR", "es-BO", "es-CL", "es-CO", "es-CR", "es-CU", "es-DO", "es-EC", "es-ES", "es-GT", "es-HN"),
    *("es-NI", "es-PA", "es-PE", "es-PR", "es-PY", "es-SV", "es-UY", "es-VE", "pt-BR", "en-US", "en-GB"),
]
SAMPLE = datetime(2026, 12, 31, 14, 30)


@dataclass(frozen=True)
class Region:
    """Signs of numbers, order of dates, and whether the day has twice twelve hours."""

    decimal: str
    group: str
    month_first: bool = False
    twelve_hours: bool = False


_active: ContextVar[Region | None] = ContextVar("relevo_region", default=None)


@lru_cache(maxsize=64)
def of(tag: str) -> Region:
    """The habits of the region ``tag`` (one of TAGS)."""
    locale = Locale.parse(tag, sep="-")
    day = str(locale.date_formats["short"].pattern)
    hours = str(locale.time_formats["short"].pattern)
    month_first = day.lower().index("m") < day.lower().index("d")
    return Region(*_signs(locale), month_first, twelve_hours="a" in hours)


def _signs(locale: Locale) -> tuple[str, str]:
    signs = locale.number_symbols.get("latn", locale.number_symbols)
    return str(signs["decimal"]), str(signs["group"])


def resolve(tag: str, country: str) -> Region | None:
    """The person's own region; else the numbers of the organisation's country, day before month, 24 hours."""
    if tag in TAGS:
        return of(tag)
    tag = at_home(country)
    return Region(of(tag).decimal, of(tag).group) if tag else None


def at_home(country: str) -> str:
    """The region of an organisation's country; empty where it is none of TAGS."""
    return next((tag for tag in TAGS if tag[3:] == country), "")


@contextmanager
def override(region: Region | None) -> Iterator[None]:
    """Numbers, dates and times by ``region`` inside the block."""
    token = _active.set(region)
    try:
        yield
    finally:
        _active.reset(token)


def active() -> Region | None:
    """The region of this request; what depends on it must not be kept without it."""
    return _active.get()


def number(value: float | Decimal | str, digits: int | None = None) -> str:
    """``value`` with grouped thousands; ``digits`` after the decimal sign are cut off, not rounded."""
    region = _active.get()
    if region is None:
        return number_format(value, digits, use_l10n=True, force_grouping=True)
    return numberformat.format(value, region.decimal, digits, 3, region.group, force_grouping=True, use_l10n=True)


def when(moment: date, pattern: str) -> str:
    """``moment`` by Django's ``pattern`` ("D j M Y, H:i"), turned to the order and hours of the region."""
    region = _active.get()
    if region and region.month_first:
        for month in "MbF":
            pattern = pattern.replace(f"j {month} Y", f"{month} j, Y").replace(f"j {month}", f"{month} j")
        pattern = pattern.replace("d/m/Y", "m/d/Y")
    if region and region.twelve_hours:
        pattern = pattern.replace("H:i", "g:i\u00a0a")
    return draw(moment, pattern)


@lru_cache(maxsize=64)
def _example(tag: str) -> str:
    with override(of(tag)):
        return f"{number(Decimal('1234.5'), 2)} · {when(SAMPLE, 'd/m/Y')}"


def choices() -> list[tuple[str, str]]:
    """(tag, "Colombia · 1.234,50 · 31/12/2026 · 2:30 p.m.") by the country's name in the active language."""
    found = []
    for tag in TAGS:
        with override(of(tag)):
            found.append((tag, f"{countries.name(tag[3:])} · {_example(tag)} · {when(SAMPLE, 'H:i')}"))
    return sorted(found, key=lambda pair: fold(pair[1]))
