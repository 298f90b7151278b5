"""The open stretches of a working calendar, worked out for one UTC week at a time. Pure.

Every answer about business time is a bisection in one week and a sum over the weeks between. A week
is worked out once per calendar and cached, with the running sum of its open time. Moments and
lengths are microseconds, moments since 1970.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sla.worktime.calendar import CalendarNeverOpen, Hours, WorkCalendar
from sla.worktime.instants import (
    DAY,
    EPOCH_DAY,
    LAST_WEEK,
    MICROSECOND,
    MINUTE,
    SECOND,
    WEEK,
    to_instant,
)

# Limits, so that no loop runs for ever: a calendar that stays closed for two years is a mistake,
# and no commitment between people runs for a hundred years.
HORIZON = timedelta(weeks=105)
REACH = timedelta(days=36525)
_HORIZON_WEEKS = HORIZON // timedelta(weeks=1)
_REACH_WEEKS = REACH // timedelta(weeks=1)


class OpenWeek(NamedTuple):
    """One UTC week.

    ``opens`` and ``closes``: its open stretches; ``worked``: the open time from the start of the
    week to the close of each; ``total``: all its open time.
    """

    opens: list[int]
    closes: list[int]
    worked: list[int]
    total: int


@lru_cache(maxsize=8192)
def open_week(calendar: WorkCalendar, number: int) -> OpenWeek:
    """Return the open stretches of week ``number`` (0 starts on 1970-01-01), cut at its ends."""
    week = OpenWeek([], [], [], 0)
    total = 0
    for start, end in sorted(_pieces(calendar, number)):
        if week.closes and start <= week.closes[-1]:
            # Touches or overlaps the stretch before: one stretch.
            extra = max(end - week.closes[-1], 0)
            week.closes[-1] += extra
            week.worked[-1] += extra
        else:
            extra = end - start
            week.opens.append(start)
            week.closes.append(end)
            week.worked.append(total + extra)
        total += extra
    return week._replace(total=total)


def _pieces(calendar: WorkCalendar, number: int) -> list[tuple[int, int]]:
    """Return the windows in week ``number`` as (start, end), cut where the offset changes."""
    windows = _wall_windows(calendar, EPOCH_DAY + 7 * number)
    pieces = []
    for since, until, offset in offsets(ZoneInfo(calendar.zone), number):
        for opens, closes in windows:
            start = max(opens - offset, since)
            end = min(closes - offset, until)
            if start < end:
                pieces.append((start, end))
    return pieces


def _wall_windows(calendar: WorkCalendar, first_day: int) -> list[Hours]:
    """Return every window that can touch the UTC week from ordinal ``first_day``.

    In wall microseconds since 1970. A window lasts into the next date, and local dates run up to a
    day beside UTC: so two days before the week, and one after it.
    """
    windows = []
    for ordinal in range(first_day - 2, first_day + 8):
        midnight = (ordinal - EPOCH_DAY) * DAY
        for opens, closes in calendar.hours_on(date.fromordinal(ordinal)):
            windows.append((midnight + opens * MINUTE, midnight + closes * MINUTE))
    return windows


def offsets(zone: ZoneInfo, number: int) -> list[tuple[int, int, int]]:
    """Return week ``number`` cut where ``zone`` changes its offset, as (since, until, offset)."""
    # ZoneInfo does not list its changes. The closest two in the IANA data lie four days apart (a
    # test checks it), so one look at each day finds them all, and a bisection gives the second.
    spans = []
    since = number * WEEK
    seen = since
    offset = _offset(zone, since)
    for day in range(since + DAY, since + WEEK + DAY, DAY):
        later = _offset(zone, day)
        if later != offset:
            change = _change(zone, seen, day, later)
            spans.append((since, change, offset))
            since = change
            offset = later
        seen = day
    # A change in the week's last second bisects to the very end and leaves nothing after it.
    return [*spans, (since, seen, offset)]


def _change(zone: ZoneInfo, after: int, before: int, offset: int) -> int:
    """Return the second, between two moments, from which ``zone`` has ``offset``."""
    seconds = range(after, before, SECOND)
    position = bisect_left(seconds, True, key=lambda moment: _offset(zone, moment) == offset)
    return after + SECOND * position


def _offset(zone: ZoneInfo, moment: int) -> int:
    """Return the wall clock of ``zone`` minus UTC at ``moment``."""
    utc = to_instant(moment)
    # From the two readings, not from utcoffset(): that takes a wall time, which can be ambiguous.
    return (utc.astimezone(zone).replace(tzinfo=UTC) - utc) // MICROSECOND


def weeks_from(calendar: WorkCalendar, moment: int) -> Iterator[OpenWeek]:
    """Yield the weeks from that of ``moment`` on, for a hundred years.

    Raises CalendarNeverOpen after two closed years.
    """
    first = moment // WEEK
    closed = 0
    for number in range(first, min(first + _REACH_WEEKS, LAST_WEEK) + 1):
        week = open_week(calendar, number)
        closed = 0 if week.total else closed + 1
        if closed > _HORIZON_WEEKS:
            last = to_instant(number * WEEK)
            raise CalendarNeverOpen(f"the calendar is closed for two years before {last}")
        yield week


def opening(calendar: WorkCalendar, moment: int) -> int:
    """Return the first open moment from ``moment`` on. Raises CalendarNeverOpen."""
    for week in weeks_from(calendar, moment):
        stretch = bisect_right(week.closes, moment)
        if stretch < len(week.opens):
            return max(moment, week.opens[stretch])
    raise CalendarNeverOpen(f"the calendar does not open after {to_instant(moment)}")


def worked(week: OpenWeek, moment: int) -> int:
    """Return the open time from the start of ``week`` to ``moment`` inside it."""
    stretch = bisect_right(week.closes, moment)
    if stretch == len(week.opens):
        return week.total
    before = week.worked[stretch - 1] if stretch else 0
    return before + max(moment - week.opens[stretch], 0)
