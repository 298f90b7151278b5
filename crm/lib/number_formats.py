"""How a region writes numbers, dates and times, apart from the language of the words (CLDR, package
Babel).

Active for one request, like Django's language and zone (crm.middleware.Viewer). Without one, the
language decides.
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
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from crm.lib import countries
from crm.lib.text import fold

TAGS = [
    *(
        "es-MX",
        "es-AR",
        "es-BO",
        "es-CL",
        "es-CO",
        "es-CR",
        "es-CU",
        "es-DO",
        "es-EC",
        "es-ES",
        "es-GT",
        "es-HN",
    ),
    *(
        "es-NI",
        "es-PA",
        "es-PE",
        "es-PR",
        "es-PY",
        "es-SV",
        "es-UY",
        "es-VE",
        "pt-BR",
        "en-US",
        "en-GB",
    ),
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
    """The person's own region; else the numbers of the organisation's country, day before month, 24
    hours.
    """
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
    """``value`` with grouped thousands; ``digits`` after the decimal sign are cut off, not
    rounded.
    """
    region = _active.get()
    if region is None:
        return number_format(value, digits, use_l10n=True, force_grouping=True)
    return numberformat.format(
        value, region.decimal, digits, 3, region.group, force_grouping=True, use_l10n=True
    )


def when(moment: date, pattern: str) -> str:
    """``moment`` by Django's ``pattern`` ("D j M Y, H:i"), turned to the order and hours of the
    region.
    """
    region = _active.get()
    if region and region.month_first:
        for month in "MbF":
            pattern = pattern.replace(f"j {month} Y", f"{month} j, Y").replace(
                f"j {month}", f"{month} j"
            )
        pattern = pattern.replace("d/m/Y", "m/d/Y")
    if region and region.twelve_hours:
        pattern = pattern.replace("H:i", "g:i\u00a0a")
    return draw(moment, pattern)


@lru_cache(maxsize=64)
def _example(tag: str) -> str:
    with override(of(tag)):
        return f"{number(Decimal('1234.5'), 2)} · {when(SAMPLE, 'd/m/Y')}"


def choices() -> list[tuple[str, str]]:
    """(tag, "Colombia · 1.234,50 · 31/12/2026 · 2:30 p.m.") by the country's name in the active
    language.
    """
    found = []
    for tag in TAGS:
        with override(of(tag)):
            found.append(
                (tag, f"{countries.name(tag[3:])} · {_example(tag)} · {when(SAMPLE, 'H:i')}")
            )
    return sorted(found, key=lambda pair: fold(pair[1]))


def duration_words(seconds: float, *, days: bool = False) -> str:
    """``seconds`` rounded down to whole minutes in words: "12 min", "2 h 05 min", from 10 h on
    whole hours.

    Business time never becomes days, because a working day has no fixed length; with ``days``
    (calendar time) 24 hours make one: "3 d 4 h", from 10 days on whole days.
    """
    minutes = int(max(seconds, 0)) // 60
    hours, minutes = divmod(minutes, 60)
    if days and hours >= 24:
        count, hours = divmod(hours, 24)
        if hours and count < 10:
            return _("{days} d {hours} h").format(days=count, hours=hours)
        return _("{days} d").format(days=count)
    if hours >= 10 or (hours and not minutes):
        return _("{hours} h").format(hours=hours)
    if hours:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=f"{minutes:02}")
    return _("{minutes} min").format(minutes=minutes) if minutes else _("under 1 min")


def limit_words(seconds: int) -> str:
    """The length of a commitment: "2 business hours", "30 business minutes"."""
    if seconds % 3600 == 0:
        count = seconds // 3600
        return ngettext("{count} business hour", "{count} business hours", count).format(
            count=count
        )
    if seconds < 3600:
        count = seconds // 60
        return ngettext("{count} business minute", "{count} business minutes", count).format(
            count=count
        )
    return _("{duration} of business time").format(duration=duration_words(seconds))


def day_words(day: date) -> str:
    """A calendar date: "2 Mar 2026"."""
    return when(day, pgettext("date format", "j M Y"))


def share(rate: float | None) -> str:
    """A rate as a percentage: "89%", with one decimal near the ends; nothing to divide by reads as
    a dash.

    Only none reads as 0 % and only all as 100 %.
    """
    if rate is None:
        return "–"
    percent: float = round(100 * rate)
    if 0 < rate < 1 and not 20 <= 100 * rate < 99.5:
        percent = min(max(round(100 * rate, 1), 0.1), 99.9)
    # rounded above: number cuts off what is beyond its digits
    return f"{number(percent, 0 if percent == int(percent) else 1)}%"
