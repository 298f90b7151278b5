"""Business time: which instants a working calendar counts, and where a deadline falls.

Pure: plain data in and out, no Django, no clock. Instants are aware datetimes, answered in UTC;
durations are ``timedelta`` of open time, exact to the microsecond.

Rules:

* An instant is open when its *local wall clock reading* lies in a window. So an hour that the wall
  clock repeats counts each time it passes, and an hour that it skips does not exist.
* Windows are half-open, ``[opens, closes)``: the closing instant itself is closed. Overlapping and
  touching windows are one.
* A window belongs to the date on which it starts, also when it runs over midnight; a holiday
  replaces the windows that start on its date.
* A duration that is used up exactly at closing is due at closing.
* Weekly windows may change on a date: a window that started before it runs on over that midnight.
"""

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from functools import lru_cache

from sla.worktime.calendar import CalendarNeverOpen, WorkCalendar
from sla.worktime.instants import MICROSECOND, WEEK, to_instant, to_micros
from sla.worktime.weeks import HORIZON, REACH, open_week, opening, weeks_from, worked

REACH_MICROS = REACH // MICROSECOND


def is_open(calendar: WorkCalendar, at: datetime) -> bool:
    """Return whether ``calendar`` is open at the aware instant ``at``.

    Raises ValueError on a naive one.
    """
    moment = to_micros(at, "at")
    week = open_week(calendar, moment // WEEK)
    stretch = bisect_right(week.closes, moment)
    return stretch < len(week.opens) and week.opens[stretch] <= moment


def next_open(calendar: WorkCalendar, at: datetime) -> datetime:
    """Return the first open instant from ``at`` on, in UTC: ``at`` itself when it is open.

    Raises ValueError on a naive ``at``, and CalendarNeverOpen when nothing opens within two years.
    """
    return to_instant(opening(calendar, to_micros(at, "at")))


def next_close(calendar: WorkCalendar, at: datetime) -> datetime | None:
    """Return the instant, in UTC, at which the open stretch around ``at``, or the next one, ends.

    Windows that touch are one stretch. None when that stretch lasts longer than two years (24x7).
    Raises ValueError on a naive ``at``, and CalendarNeverOpen when nothing opens within two years.
    """
    return _next_close(calendar, to_micros(at, "at"))


# A page asks for its own moment once for each clock: half of what the row's clock costs.
@lru_cache(maxsize=256)
def _next_close(calendar: WorkCalendar, at: int) -> datetime | None:
    begin = opening(calendar, at)
    moment = begin
    for week in weeks_from(calendar, begin):
        stretch = bisect_right(week.closes, moment)
        if stretch == len(week.opens) or week.opens[stretch] > moment:
            return to_instant(moment)
        moment = week.closes[stretch]
        # A stretch that ends with its week may go on in the next one, which the next turn sees.
        if moment % WEEK:
            return to_instant(moment)
        if moment - begin > HORIZON // MICROSECOND:
            break
    return None


def add(calendar: WorkCalendar, at: datetime, duration: timedelta) -> datetime:
    """Return the deadline, in UTC: the first instant when ``duration`` of open time has passed.

    Due exactly at closing stays at closing. A zero duration is due at the next open instant. Raises
    ValueError on a naive ``at`` or a negative duration, and CalendarNeverOpen when nothing opens
    within two years, or when the deadline would lie more than a hundred years away.
    """
    moment = to_micros(at, "at")
    if duration < timedelta(0):
        raise ValueError(f"duration must not be negative, not {duration!r}")
    if not duration:
        return to_instant(opening(calendar, moment))
    if duration > REACH:
        raise CalendarNeverOpen(f"{duration} of open time lie more than a hundred years ahead")
    wanted = duration // MICROSECOND + worked(open_week(calendar, moment // WEEK), moment)
    for week in weeks_from(calendar, moment):
        if wanted <= week.total:
            stretch = bisect_left(week.worked, wanted)
            return to_instant(week.closes[stretch] - (week.worked[stretch] - wanted))
        wanted -= week.total
    raise CalendarNeverOpen(
        f"{duration} of open time after {at} lie more than a hundred years ahead"
    )


def between(calendar: WorkCalendar, start: datetime, end: datetime) -> timedelta:
    """Return the open time from ``start`` to ``end``; negative when ``end`` is the earlier one.

    Raises ValueError on a naive instant, or when the two lie more than a hundred years apart.
    """
    since = to_micros(start, "start")
    until = to_micros(end, "end")
    if until < since:
        return -between(calendar, end, start)
    if until - since > REACH_MICROS:
        raise ValueError(f"start {start} and end {end} lie more than a hundred years apart")
    first = since // WEEK
    last = until // WEEK
    before = worked(open_week(calendar, first), since)
    after = worked(open_week(calendar, last), until)
    for number in range(first, last):
        after += open_week(calendar, number).total
    return timedelta(microseconds=after - before)
