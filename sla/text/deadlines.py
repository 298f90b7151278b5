"""Hours, weeks and explanations of deadlines in words."""

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
from crm.lib.number_formats import duration_words
from sla.worktime.calendar import MINUTES_A_DAY, Hours, Week
from sla.worktime.explanation import Stretch, Why

SHOWN_AT_ENDS = 10  # lines before and after what a long explanation folds away


def time_words(minutes: int) -> str:
    """Minutes since midnight as the region writes a time; midnight at the end of the day
    is 24:00.
    """
    if minutes == MINUTES_A_DAY:
        return "24:00"
    return number_formats.when(
        datetime(2000, 1, 1) + timedelta(minutes=minutes % MINUTES_A_DAY), "H:i"
    )


def hours_words(hours: Iterable[Hours]) -> str:
    """ "09:00–14:00, 15:00–18:00"; a window that ends on the next day says so; none is "closed"."""
    parts = []
    for opens, closes in hours:
        span = f"{time_words(opens)}–{time_words(closes)}"
        parts.append(
            _("%(hours)s (next day)") % {"hours": span} if closes > MINUTES_A_DAY else span
        )
    return ", ".join(parts) or pgettext("day", "closed")


def whole_day_words(day: date) -> str:
    """ "Monday 30 November 2026"."""
    return number_formats.when(day, pgettext("date format", "l j F Y"))


def week_words(week: Week) -> str:
    """A week on one line, days with the same hours together: "Monday to Friday 09:00–17:00"."""
    runs: list[tuple[int, int, tuple[Hours, ...]]] = []
    for day, hours in enumerate(week.days):
        if not hours:
            continue
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == hours:
            runs[-1] = (runs[-1][0], day, hours)
        else:
            runs.append((day, day, hours))
    return "; ".join(f"{_days(first, last)} {hours_words(hours)}" for first, last, hours in runs)


def _days(first: int, last: int) -> str:
    if first == last:
        return str(WEEKDAYS[first])
    pattern = _("%(first)s to %(last)s") if last - first > 1 else _("%(first)s and %(last)s")
    return pattern % {"first": WEEKDAYS[first], "last": WEEKDAYS[last]}


# -- Why it is due then


@dataclass(frozen=True)
class Line:
    """One sentence of an explanation; ``icon`` and ``tone`` of its mark in the list."""

    text: str
    icon: str
    tone: str = ""


@dataclass(frozen=True)
class Told:
    """An explanation: its first lines, what a long one folds away, its last lines."""

    first: list[Line]
    folded: list[Line]
    last: list[Line]


def explanation(steps: list[Stretch], zone: str) -> Told:
    """The lines between handing off and the deadline."""
    lines: list[Line] = []
    local = ZoneInfo(zone)
    week = steps[0].week_since if steps else None
    told_with_evening = False
    for step, following in zip_longest(steps, steps[1:]):
        if step.week_since != week and step.week_since is not None:
            text = _("From %(day)s on other weekly hours count.") % {
                "day": long_day(step.week_since)
            }
            lines.append(Line(text, "calendar-range"))
        week = step.week_since
        if told_with_evening:
            told_with_evening = False
        elif following is not None and _is_night(step, following):
            lines.append(_overnight(step, following, local))
            told_with_evening = True
        else:
            lines.append(_line(step, local))
    if len(lines) <= 2 * SHOWN_AT_ENDS + 2:
        return Told(lines, [], [])
    return Told(lines[:SHOWN_AT_ENDS], lines[SHOWN_AT_ENDS:-SHOWN_AT_ENDS], lines[-SHOWN_AT_ENDS:])


def _is_night(step: Stretch, following: Stretch) -> bool:
    """Whether two steps are the evening of one working day and the morning of the next."""
    same_week = step.week_since == following.week_since
    return step.why is Why.AFTER and following.why is Why.BEFORE and same_week


def _line(step: Stretch, zone: ZoneInfo) -> Line:
    since, until = step.since.astimezone(zone), step.until.astimezone(zone)
    words = {
        "day": long_day(since.date()),
        "since": _time(since),
        "until": _time(until),
        "name": step.name,
    }
    if step.why is Why.OPEN:
        return _counted(step, since, until, words)
    named = f" ({step.name})" if step.name else ""
    if step.why is Why.DAY_OFF:
        last = (until - timedelta(microseconds=1)).date()
        if last == since.date():
            return _sentence(_("%(day)s: no hours on this weekday.") % words, "moon")
        return _sentence(
            _("%(day)s to %(last)s: no hours on these days.") % {**words, "last": long_day(last)},
            "moon",
        )
    if step.why is Why.HOLIDAY:
        text = _("%(day)s: closed, %(name)s.") if step.name else _("%(day)s: closed on this date.")
        return _sentence(text % words, "calendar-off", "warn")
    texts = {
        Why.BEFORE: _("%(day)s%(named)s: opens at %(until)s."),
        Why.BREAK: _("%(day)s%(named)s: closed from %(since)s to %(until)s."),
        Why.AFTER: _("%(day)s%(named)s: closed from %(since)s on."),
    }
    return _sentence(
        texts[step.why] % {**words, "named": named}, "moon", "warn" if step.name else ""
    )


def _counted(step: Stretch, since: datetime, until: datetime, words: dict[str, str]) -> Line:
    parts = {**words, "counted": _length(step.counted)}
    if since.date() == until.date():
        text = _("%(day)s, %(since)s to %(until)s: the clock counts %(counted)s.") % parts
    else:
        parts["last"] = long_day(until.date())
        text = (
            _("%(day)s, %(since)s, to %(last)s, %(until)s: the clock counts %(counted)s.") % parts
        )
    if step.name:
        text += " " + _("Other hours on this date: %(name)s.") % words
    # Wall clocks that are put forward or back: the two times alone would not add up.
    if until.replace(tzinfo=None) - since.replace(tzinfo=None) != step.counted:
        text += " " + _("The clocks change in between.")
    text += " " + (
        _("%(left)s left.") % {"left": _length(step.left)} if step.left else _("Nothing left.")
    )
    return _sentence(text, "clock", "ok")


def _length(duration: timedelta) -> str:
    """A duration whose number stays with its unit at the end of a line."""
    return duration_words(duration.total_seconds()).replace(" ", "\u00a0")


def _sentence(text: str, icon: str, tone: str = "") -> Line:
    """A line that begins like a sentence: weekdays are small in Spanish."""
    return Line(text[:1].upper() + text[1:], icon, tone)


def _overnight(evening: Stretch, morning: Stretch, zone: ZoneInfo) -> Line:
    since, until = evening.since.astimezone(zone), morning.until.astimezone(zone)
    words = {"day": long_day(since.date()), "since": _time(since), "until": _time(until)}
    names = ", ".join(dict.fromkeys(name for name in (evening.name, morning.name) if name))
    text = _("%(day)s, %(since)s: closed until %(next)s, %(until)s.") % {
        **words,
        "next": long_day(until.date()),
    }
    return _sentence(f"{text} ({names})" if names else text, "moon", "warn" if names else "")


def _time(local: datetime) -> str:
    return number_formats.when(local, "H:i")


def moment_words(moment: datetime, zone: str) -> str:
    """ "Monday 30 November 2026, 10:00 (Mexico City)"."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{whole_day_words(local.date())}, {_time(local)} ({city(zone)})"
