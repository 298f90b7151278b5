"""Hours, weeks and explanations of deadlines as text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.lib import number_formats
from crm.lib.moments import city, long_day
from crm.lib.number_formats import duration_words, left_words
from sla.worktime.calendar import MINUTES_A_DAY, Hours, Week
from sla.worktime.explanation import Stretch, Why

SHOWN_AT_ENDS = 10  # lines before and after what a long explanation folds away
MICROSECOND = timedelta(microseconds=1)


def time_words(minutes: int) -> str:
    """Return minutes since midnight as the region writes a time; the end of the day is 24:00."""
    if minutes == MINUTES_A_DAY:
        return "24:00"
    # Any date: only the time of day is written.
    since_midnight = timedelta(minutes=minutes % MINUTES_A_DAY)
    moment = datetime(2000, 1, 1) + since_midnight
    return number_formats.when(moment, "H:i")


def hours_words(hours: Iterable[Hours]) -> str:
    """Return the hours of a day: "09:00–14:00, 15:00–18:00", or "closed".

    A window that ends on the next day has a note.
    """
    parts = []
    for opens, closes in hours:
        text = f"{time_words(opens)}–{time_words(closes)}"
        if closes > MINUTES_A_DAY:
            text = _("%(hours)s (next day)") % {"hours": text}
        parts.append(text)
    return ", ".join(parts) or pgettext("day", "closed")


def whole_day_words(day: date) -> str:
    """Return a date with its weekday and year: "Monday 30 November 2026"."""
    return number_formats.when(day, pgettext("date format", "l j F Y"))


def week_words(week: Week) -> str:
    """Return a week on one line, days with the same hours together.

    "Monday to Friday 09:00–17:00".
    """
    runs: list[tuple[int, int, tuple[Hours, ...]]] = []
    for day, hours in enumerate(week.days):
        if not hours:
            continue
        if runs and runs[-1][1:] == (day - 1, hours):
            runs[-1] = (runs[-1][0], day, hours)
        else:
            runs.append((day, day, hours))
    return "; ".join(f"{_days(first, last)} {hours_words(hours)}" for first, last, hours in runs)


def _days(first: int, last: int) -> str:
    if first == last:
        return str(WEEKDAYS[first])
    pattern = _("%(first)s to %(last)s")
    if last - first == 1:
        pattern = _("%(first)s and %(last)s")
    return pattern % {
        "first": WEEKDAYS[first],
        "last": WEEKDAYS[last],
    }


@dataclass(frozen=True)
class ExplanationLine:
    """One sentence of an explanation; ``icon`` and ``tone`` of its mark in the list."""

    text: str
    icon: str
    tone: str = ""


@dataclass(frozen=True)
class Explanation:
    """An explanation: its first lines, what a long one folds away, its last lines."""

    first: list[ExplanationLine]
    folded: list[ExplanationLine]
    last: list[ExplanationLine]


def explanation(stretches: list[Stretch], zone: str) -> Explanation:
    """Return the lines from handing off to the deadline."""
    lines = _lines(stretches, ZoneInfo(zone))
    # Folding one or two lines away would save nothing: the fold has a line of its own.
    if len(lines) <= 2 * SHOWN_AT_ENDS + 2:
        return Explanation(lines, [], [])
    return Explanation(
        first=lines[:SHOWN_AT_ENDS],
        folded=lines[SHOWN_AT_ENDS:-SHOWN_AT_ENDS],
        last=lines[-SHOWN_AT_ENDS:],
    )


def _lines(stretches: list[Stretch], zone: ZoneInfo) -> list[ExplanationLine]:
    lines: list[ExplanationLine] = []
    week = stretches[0].week_since if stretches else None
    # An evening and the morning after it are one line: the morning is then skipped.
    is_in_line_before = False
    for stretch, following in zip_longest(stretches, stretches[1:]):
        if stretch.week_since != week and stretch.week_since is not None:
            text = _("From %(day)s on other weekly hours count.")
            day = long_day(stretch.week_since)
            lines.append(ExplanationLine(text % {"day": day}, "calendar-range"))
        week = stretch.week_since
        if is_in_line_before:
            is_in_line_before = False
        elif following is not None and _is_night(stretch, following):
            lines.append(_night_line(stretch, following, zone))
            is_in_line_before = True
        else:
            lines.append(_line(stretch, zone))
    return lines


def _is_night(stretch: Stretch, following: Stretch) -> bool:
    """Return whether two stretches are the evening of a working day and the next morning."""
    if stretch.week_since != following.week_since:
        return False
    return stretch.why is Why.AFTER and following.why is Why.BEFORE


def _line(stretch: Stretch, zone: ZoneInfo) -> ExplanationLine:
    if stretch.why is Why.OPEN:
        return _open_line(stretch, zone)
    if stretch.why is Why.DAY_OFF:
        return _day_off_line(stretch, zone)
    since = stretch.since.astimezone(zone)
    until = stretch.until.astimezone(zone)
    named = ""
    if stretch.name:
        named = f" ({stretch.name})"
    values = {
        "day": long_day(since.date()),
        "since": _time(since),
        "until": _time(until),
        "name": stretch.name,
        "named": named,
    }
    if stretch.why is Why.HOLIDAY:
        text = _("%(day)s: closed, %(name)s.")
        if not stretch.name:
            text = _("%(day)s: closed on this date.")
        return _sentence(text % values, "calendar-off", "warn")
    texts = {
        Why.BEFORE: _("%(day)s%(named)s: opens at %(until)s."),
        Why.BREAK: _("%(day)s%(named)s: closed from %(since)s to %(until)s."),
        Why.AFTER: _("%(day)s%(named)s: closed from %(since)s on."),
    }
    text = texts[stretch.why] % values
    return _sentence(text, "moon", _closed_tone(stretch.name))


def _closed_tone(name: str) -> str:
    """Return the tone of a closed stretch: dates with a name of their own stand out."""
    return "warn" if name else ""


def _day_off_line(stretch: Stretch, zone: ZoneInfo) -> ExplanationLine:
    first = stretch.since.astimezone(zone).date()
    # It ends at midnight, which belongs to the date after the last one.
    end = stretch.until.astimezone(zone) - MICROSECOND
    last = end.date()
    if last == first:
        text = _("%(day)s: no hours on this weekday.")
    else:
        text = _("%(day)s to %(last)s: no hours on these days.")
    days = {
        "day": long_day(first),
        "last": long_day(last),
    }
    return _sentence(text % days, "moon")


def _open_line(stretch: Stretch, zone: ZoneInfo) -> ExplanationLine:
    since = stretch.since.astimezone(zone)
    until = stretch.until.astimezone(zone)
    if since.date() == until.date():
        text = _("%(day)s, %(since)s to %(until)s: the clock counts %(counted)s.")
    else:
        text = _("%(day)s, %(since)s, to %(last)s, %(until)s: the clock counts %(counted)s.")
    times = {
        "day": long_day(since.date()),
        "last": long_day(until.date()),
        "since": _time(since),
        "until": _time(until),
        "counted": _length(stretch.counted),
    }
    sentences = [text % times]
    if stretch.name:
        other_hours = _("Other hours on this date: %(name)s.")
        sentences.append(other_hours % {"name": stretch.name})
    # Where the clocks are put forward or back, the two times alone would not add up.
    on_the_wall = until.replace(tzinfo=None) - since.replace(tzinfo=None)
    if on_the_wall != stretch.counted:
        sentences.append(_("The clocks change in between."))
    left = _("Nothing left.")
    if stretch.left:
        left = f"{left_words(stretch.left.total_seconds())}.".replace(" ", "\u00a0")
    sentences.append(left)
    return _sentence(" ".join(sentences), "clock", "ok")


def _length(duration: timedelta) -> str:
    """Return a duration whose number stays with its unit at the end of a line."""
    return duration_words(duration.total_seconds()).replace(" ", "\u00a0")


def _sentence(text: str, icon: str, tone: str = "") -> ExplanationLine:
    """Return a line with a capital letter: weekdays have a small one in Spanish."""
    first, rest = text[:1], text[1:]
    return ExplanationLine(first.upper() + rest, icon, tone)


def _night_line(
    evening: Stretch,
    morning: Stretch,
    zone: ZoneInfo,
) -> ExplanationLine:
    since = evening.since.astimezone(zone)
    until = morning.until.astimezone(zone)
    text = _("%(day)s, %(since)s: closed until %(next)s, %(until)s.") % {
        "day": long_day(since.date()),
        "since": _time(since),
        "next": long_day(until.date()),
        "until": _time(until),
    }
    # Both dates may have the same name.
    distinct = dict.fromkeys((evening.name, morning.name))
    names = ", ".join(name for name in distinct if name)
    if names:
        text = f"{text} ({names})"
    return _sentence(text, "moon", _closed_tone(names))


def _time(local: datetime) -> str:
    return number_formats.when(local, "H:i")


def moment_words(moment: datetime, zone: str) -> str:
    """Return an instant in ``zone``: "Monday 30 November 2026, 10:00 (Mexico City)"."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{whole_day_words(local.date())}, {_time(local)} ({city(zone)})"
