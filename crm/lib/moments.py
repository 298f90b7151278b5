"""Moments, dates and cities as people read them, in the active language, region and zone."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from crm.lib import number_formats
from crm.lib.number_formats import duration_words

MINUTE = 60
HOUR = 60 * MINUTE
NEAR = {
    0: gettext_lazy("today {time}"),
    -1: gettext_lazy("yesterday {time}"),
    1: gettext_lazy("tomorrow {time}"),
}
# Zones whose city is written in another way than their IANA name.
CITIES = {
    "America/Asuncion": gettext_lazy("Asunción"),
    "America/Bogota": gettext_lazy("Bogotá"),
    "America/Cancun": gettext_lazy("Cancún"),
    "America/Havana": gettext_lazy("Havana"),
    "America/Mexico_City": gettext_lazy("Mexico City"),
    "America/New_York": gettext_lazy("New York"),
    "America/Panama": gettext_lazy("Panama"),
    "America/Sao_Paulo": gettext_lazy("São Paulo"),
}


class Reader(NamedTuple):
    """All about a person that decides how a moment reads."""

    zone: tzinfo
    language: str | None
    region: number_formats.Region | None


def reader() -> Reader:
    """Return the active reader. Texts of one moment share it: each look at what is active costs."""
    return Reader(timezone.get_current_timezone(), get_language(), number_formats.active())


def city(zone: str) -> str:
    """Return the city of an IANA zone, in the active language where its name differs."""
    name = CITIES.get(zone)
    if name:
        return str(name)
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def long_day(day: date) -> str:
    """Return a date as part of a sentence: "Monday 30 November"."""
    return number_formats.when(day, pgettext("date format", "l j F"))


def absolute_text(moment: datetime, zone: str | None = None, to: Reader | None = None) -> str:
    """Return "Mon 23 Nov 2026, 14:42 (Mexico City)" in ``zone``, by default the viewer's."""
    to = to or reader()
    minute = moment.replace(second=0, microsecond=0)
    return _absolute_text(minute, zone or str(to.zone), to.language, to.region)


# The moments of a list are shown again and again: half of what a row of the notices costs.
@lru_cache(maxsize=4096)
def _absolute_text(
    minute: datetime, zone: str, _language: str | None, _region: number_formats.Region | None
) -> str:
    """Return the text for all who read in the same language and region."""
    local = timezone.localtime(minute, ZoneInfo(zone))
    # A variable of its own, since xgettext finds no texts inside f-strings.
    text = number_formats.when(local, pgettext("date format", "D j M Y, H:i"))
    return f"{text} ({city(zone)})"


def relative_text(moment: datetime, now: datetime, to: Reader | None = None) -> str:
    """Return how long ago ``moment`` was, or how soon it comes.

    Beyond a day it is the weekday with the time, beyond six days the date.
    """
    to = to or reader()
    seconds = (now - moment).total_seconds()
    local = moment.astimezone(to.zone)
    today = now.astimezone(to.zone).date()
    days = (local.date() - today).days
    distance = abs(seconds)
    if distance < MINUTE:
        return _("just now")
    if distance < HOUR or (distance < 6 * HOUR and days == 0):
        return _length_text(seconds)
    minute = moment.replace(second=0, microsecond=0)
    is_this_year = local.year == today.year
    return _far_text(minute, days, is_this_year, str(to.zone), to.language, to.region)


# As above: the older moments of a list read the same all day.
@lru_cache(maxsize=4096)
def _far_text(
    minute: datetime,
    days: int,
    is_this_year: bool,
    zone: str,
    _language: str | None,
    _region: number_formats.Region | None,
) -> str:
    """Return the text of a moment that lies ``days`` from today, for all who read alike."""
    local = timezone.localtime(minute, ZoneInfo(zone))
    if days in NEAR:
        return str(NEAR[days]).format(time=number_formats.when(local, "H:i"))
    if abs(days) <= 6:
        return number_formats.when(local, "D H:i")
    if is_this_year:
        return number_formats.when(local, pgettext("date format", "j M"))
    return number_formats.when(local, pgettext("date format", "j M Y"))


def _length_text(seconds: float) -> str:
    """Return "12 min ago" or "in 3 h"; ``seconds`` is negative for the future."""
    unit = MINUTE
    if abs(seconds) >= HOUR:
        unit = HOUR
    length = duration_words(abs(seconds) // unit * unit)
    if seconds > 0:
        return _("{duration} ago").format(duration=length)
    return _("in {duration}").format(duration=length)


def ago_text(moment: datetime, now: datetime) -> str:
    """Return as :func:`relative_text`, with seconds within the last minute: "10 s ago"."""
    seconds = int((now - moment).total_seconds())
    if 0 < seconds < MINUTE:
        return _("{seconds} s ago").format(seconds=seconds)
    return relative_text(moment, now)


def opens_text(opens_at: datetime, zone: str, now: datetime) -> str:
    """Return when a waiting clock goes on, in ``zone``.

    It is the time today, the weekday and time within six days, else the date and time.
    """
    local = opens_at.astimezone(ZoneInfo(zone))
    today = now.astimezone(ZoneInfo(zone)).date()
    days = (local.date() - today).days
    pattern = pgettext("date format", "j M, H:i")
    if days == 0:
        pattern = "H:i"
    elif days <= 6:
        pattern = "D H:i"
    return number_formats.when(local, pattern)
