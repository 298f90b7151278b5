"""Numbers, dates and times as a region writes them, apart from the language of the text.

The habits of a region come from the Unicode CLDR (package Babel). A region is active for one
request, like Django's language and zone (crm.middleware.Viewer). Without one the language decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from math import ceil

from babel import Locale
from django.utils import numberformat
from django.utils.dateformat import format as draw
from django.utils.formats import get_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from crm.lib import countries
from crm.lib.numbers import typed
from crm.lib.text import fold

SPANISH_COUNTRIES = "MX AR BO CL CO CR CU DO EC ES GT HN NI PA PE PR PY SV UY VE"
TAGS = [f"es-{country}" for country in SPANISH_COUNTRIES.split()]
TAGS += ["pt-BR", "en-US", "en-GB"]
SAMPLE = datetime(2026, 12, 31, 14, 30)


@dataclass(frozen=True)
class Region:
    """The signs of numbers, the order of dates, and whether the day has twice twelve hours."""

    decimal: str
    group: str
    month_first: bool = False
    twelve_hours: bool = False


_active: ContextVar[Region | None] = ContextVar("relevo_region", default=None)


@lru_cache(maxsize=64)
def of(tag: str) -> Region:
    """Return the habits of the region ``tag``, one of TAGS."""
    locale = Locale.parse(tag, sep="-")
    day = str(locale.date_formats["short"].pattern)
    hours = str(locale.time_formats["short"].pattern)
    month_first = day.lower().index("m") < day.lower().index("d")
    return Region(*_signs(locale), month_first, twelve_hours="a" in hours)


def _signs(locale: Locale) -> tuple[str, str]:
    """Return the decimal sign and the grouping sign."""
    signs = locale.number_symbols.get("latn", locale.number_symbols)
    return str(signs["decimal"]), str(signs["group"])


def resolve(tag: str, country: str, language: str = "") -> Region | None:
    """Return the person's region ``tag``, else that of the organisation's ``country``.

    The latter only has its signs of numbers; dates have the day first and 24 hours. Where people of
    the country speak ``language``, English in the United States, they read all of its habits.
    """
    if tag in TAGS:
        return of(tag)
    home = at_home(country)
    if not home:
        return None
    region = of(home)
    if language == "en" and home.startswith("en-"):
        return region
    return Region(region.decimal, region.group)


def at_home(country: str) -> str:
    """Return the region of an organisation's country; empty where it is none of TAGS."""
    return next((tag for tag in TAGS if tag[3:] == country), "")


@contextmanager
def override(region: Region | None) -> Iterator[None]:
    """Activate ``region`` inside the block."""
    token = _active.set(region)
    try:
        yield
    finally:
        _active.reset(token)


def active() -> Region | None:
    """Return the region of this request. It is part of the key of every cache of texts."""
    return _active.get()


def decimal_sign() -> str:
    """Return the decimal sign of the active region, else of the active language."""
    region = _active.get()
    if region is None:
        return str(get_format("DECIMAL_SEPARATOR"))
    return region.decimal


def which_of(either: typed.TwoReadings) -> str:
    """Return the question with both readings of a typed number: "1000 or 1?"."""
    sign = decimal_sign()
    values = {
        "grouped": typed.write(either.grouped, sign),
        "fraction": typed.write(either.fraction, sign),
    }
    return _("%(grouped)s or %(fraction)s? Write one of the two.") % values


def number(value: float | Decimal | str, digits: int | None = None) -> str:
    """Return ``value`` with grouped thousands, and with a minus where it is negative.

    It is cut off after ``digits`` digits behind the decimal sign, not rounded.
    """
    region = _active.get()
    if region is None:
        # Outside a request, as in a command: by the active language.
        text = number_format(value, digits, use_l10n=True, force_grouping=True)
    else:
        text = numberformat.format(
            value, region.decimal, digits, 3, region.group, force_grouping=True, use_l10n=True
        )
    # A hyphen is short and breaks the line; beside a range ("between -0.1 and 27") it misleads.
    return text.replace("-", typed.MINUS)


def when(moment: date, pattern: str) -> str:
    """Return ``moment`` by a pattern of Django ("D j M Y, H:i"), as the region orders it."""
    region = _active.get()
    if region and region.month_first:
        # Django's letters for names of months. The longer pattern first, which holds the other.
        for month in "MbF":
            pattern = pattern.replace(f"j {month} Y", f"{month} j, Y")
            pattern = pattern.replace(f"j {month}", f"{month} j")
            for weekday in "Dl":
                pattern = pattern.replace(f"{weekday} {month} j", f"{weekday}, {month} j")
        pattern = pattern.replace("d/m/Y", "m/d/Y")
    if region and region.twelve_hours:
        pattern = pattern.replace("H:i", "g:i\u00a0a")
    return draw(moment, pattern)


@lru_cache(maxsize=64)
def _example(tag: str) -> str:
    """Return a number and a date as the region writes them."""
    with override(of(tag)):
        return f"{number(Decimal('1234.5'), 2)} · {when(SAMPLE, 'd/m/Y')}"


def choices() -> list[tuple[str, str]]:
    """Return tag and label of all regions by the country's name in the active language.

    A label reads "Colombia · 1.234,50 · 31/12/2026 · 2:30 p.m.".
    """
    labels = []
    for tag in TAGS:
        country = countries.name(tag[3:])
        with override(of(tag)):
            labels.append((tag, f"{country} · {_example(tag)} · {when(SAMPLE, 'H:i')}"))
    return sorted(labels, key=lambda pair: fold(pair[1]))


def duration_words(seconds: float, *, days: bool = False, at_most: bool = False) -> str:
    """Return ``seconds`` as text, rounded down to minutes: "12 min", "2 h 05 min".

    From 10 hours on it has whole hours. Business time never becomes days, because a working day has
    no fixed length. With ``days``, for calendar time, 24 hours make a day: "3 d 4 h", and from 10
    days on it has whole days. With ``at_most`` it is rounded up, from 1 minute on, for sentences
    such as "nine of ten took at most …".
    """
    minutes = int(max(seconds, 0)) // 60
    if at_most:
        minutes = _rounded_up(seconds)
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
    if minutes:
        return _("{minutes} min").format(minutes=minutes)
    return _("under 1 min")


def _rounded_up(seconds: float) -> int:
    """Return whole minutes, at least 1; from 10 hours on whole hours in minutes."""
    minutes = max(ceil(seconds / 60), 1)
    if minutes >= 600:
        minutes = 60 * ceil(minutes / 60)
    return minutes


def left_words(seconds: float) -> str:
    """Return the time that is left: "12 min left". In Spanish the verb agrees with it."""
    text = ngettext("{duration} left", "{duration} left", _verb_count(seconds))
    return text.format(duration=duration_words(seconds))


def about_left_words(seconds: float) -> str:
    """Return an estimate of the time that is left: "about 12 min left"."""
    if seconds < 60:
        return _("less than a minute left")
    text = ngettext("about {duration} left", "about {duration} left", _verb_count(seconds))
    return text.format(duration=duration_words(seconds))


def _verb_count(seconds: float) -> int:
    """Return 1 where :func:`duration_words` names one minute or one hour, or less; else 2."""
    minutes = int(max(seconds, 0)) // 60
    if minutes in (0, 1, 60):
        return 1
    return 2


def limit_words(seconds: int) -> str:
    """Return the length of a commitment: "2 business hours", "30 business minutes"."""
    if seconds % 3600 == 0:
        count = seconds // 3600
        text = ngettext("{count} business hour", "{count} business hours", count)
        return text.format(count=count)
    if seconds < 3600:
        count = seconds // 60
        text = ngettext("{count} business minute", "{count} business minutes", count)
        return text.format(count=count)
    return _("{duration} of business time").format(duration=duration_words(seconds))


def day_words(day: date) -> str:
    """Return a calendar date: "2 Mar 2026"."""
    return when(day, pgettext("date format", "j M Y"))


def share(rate: float | None) -> str:
    """Return a rate as a percentage: "89%", with one decimal near both ends; a dash for None.

    Only a rate of 0 reads "0%", and only a rate of 1 reads "100%".
    """
    if rate is None:
        return "–"
    percent: float = round(100 * rate)
    # Of a small rate a whole percent hides too much, and near 100 it hides the last cases.
    if 0 < rate < 1 and not 20 <= 100 * rate < 99.5:
        percent = min(max(round(100 * rate, 1), 0.1), 99.9)
    digits = 1
    if percent == int(percent):
        digits = 0
    # It is rounded here, since number() cuts off further digits.
    return f"{number(percent, digits)}%"
