"""When the next attempt is due, and when its owner is reminded. Plain data, no queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sla.worktime import arithmetic
from sla.worktime.calendar import WorkCalendar

SOONEST = timedelta(hours=1)
# A step on a day without an end of work is due in its last minute; at midnight it were tomorrow's.
LAST_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class When:
    """``due_at``: when a step is to be done. ``remind_at``: None where a clock warns."""

    due_at: datetime
    remind_at: datetime | None


def at_moment(calendar: WorkCalendar, moment: datetime) -> When:
    """Return a step at ``moment``, with its reminder then, or when work begins again."""
    return When(moment, arithmetic.next_open(calendar, moment))


def on_day(calendar: WorkCalendar, day: date) -> When:
    """Return a step on ``day``: due as its work ends, reminded of as it begins.

    On a day without work it is the next one with work.
    """
    midnight = datetime.combine(day, time(), tzinfo=ZoneInfo(calendar.zone))
    opens = arithmetic.next_open(calendar, midnight)
    next_midnight = datetime.combine(
        opens.astimezone(ZoneInfo(calendar.zone)).date() + timedelta(days=1),
        time(),
        tzinfo=ZoneInfo(calendar.zone),
    )
    due_at = opens
    # A day may have several windows; a calendar that never closes has the last minute of the day.
    while due_at < next_midnight:
        closes = arithmetic.next_close(calendar, due_at)
        if closes is None or closes >= next_midnight:
            due_at = next_midnight - LAST_MINUTE
            break
        due_at = closes
        if arithmetic.next_open(calendar, closes) >= next_midnight:
            break
    return When(due_at, opens)


def next_attempt(
    calendar: WorkCalendar,
    *,
    accepted_at: datetime,
    at: datetime,
    left: int,
    window: timedelta,
    day: timedelta,
) -> When:
    """Return when to try again after an attempt at ``at``.

    The ``left`` attempts are spread evenly over what is left of ``window`` (open time) since
    ``accepted_at``, but none comes sooner than in an hour, unless the text agrees on more of them.
    Once the window is over, the next one is a working ``day`` later.
    """
    rest = window - arithmetic.between(calendar, accepted_at, at)
    gap = day
    if rest > timedelta(0):
        # Who begins at the end of the window has no even share left.
        gap = max(rest / left, min(SOONEST, window / (left + 1)))
    return at_moment(calendar, arithmetic.add(calendar, at, gap))
