"""Business time: which instants a working calendar counts, and where a deadline falls.

Pure: plain data in and out, no Django, no clock. Instants are aware datetimes, answered in UTC;
durations are ``timedelta`` of open time, exact to the microsecond.

Domain rules kept here:

* An instant is open when its *local wall clock reading* lies in a window. So an hour that the wall
  clock
  repeats counts each time it passes, and an hour that it skips does not exist.
* Windows are half-open, ``[opens, closes)``: the closing instant itself is closed. Overlapping and
  touching
  windows are one.
* A window belongs to the date on which it starts, also when it runs over midnight; a holiday
  replaces the
  windows that start on its date.
* A duration that is used up exactly at closing is due at closing.
* Weekly windows may change on a date: a window that started before it runs on over that midnight.

How: time is cut into UTC weeks. The open stretches of a week are worked out once per calendar, in
integer microseconds since 1970, and remembered with their running sum; every answer is a bisection
in one week and a sum over the weeks between.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sla.worktime.calendar import MINUTES_A_DAY, CalendarNeverOpen, Hours, Window, WorkCalendar

__all__ = [
    "ALWAYS_OPEN",
    "MINUTES_A_DAY",
    "CalendarNeverOpen",
    "Step",
    "Why",
    "Window",
    "WorkCalendar",
    "add",
    "between",
    "explain",
    "is_open",
    "next_close",
    "next_open",
]

ALWAYS_OPEN = WorkCalendar.always_open

# Nothing loops for ever: two years without an opening is a mistake in the calendar, and no promise
# between
# people runs for a hundred years.
HORIZON = timedelta(weeks=105)
REACH = timedelta(days=36525)

_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_DAY = MINUTES_A_DAY * _MINUTE
_WEEK = 7 * _DAY
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
# A week needs local dates on both sides of it, so the outermost weeks of years 1 to 9999 are left
# out.
_FIRST_WEEK = (date(1, 1, 15).toordinal() - _EPOCH_DAY) // 7
_LAST_WEEK = (date(9999, 12, 15).toordinal() - _EPOCH_DAY) // 7


class Why(StrEnum):
    """What a stretch of time is to a calendar: it counts, or why not."""

    OPEN = "open"
    HOLIDAY = "holiday"  # a date on which no window starts
    DAY_OFF = "day_off"  # a weekday without hours
    BEFORE = "before"  # before the first window of the date
    BREAK = "break"  # between two of its windows
    AFTER = "after"  # after its last one


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of the way to a deadline, from ``since`` to before ``until`` (UTC), all of it for
    one reason.

    ``counted``: open time in it; ``left``: what of the duration is still to come after it. ``on``:
    the local date at its start. ``name``: why that date differs from its week, where it does;
    ``week_since``: from when on the weekly hours of that date are in effect (None: from the
    beginning).
    """

    why: Why
    since: datetime
    until: datetime
    counted: timedelta
    left: timedelta
    on: date
    name: str
    week_since: date | None


def is_open(calendar: WorkCalendar, at: datetime) -> bool:
    """Whether ``calendar`` is open at the aware instant ``at``.

    Raises ValueError on a naive one.
    """
    moment = _micros(at, "at")
    week = _week(calendar, moment // _WEEK)
    stretch = bisect_right(week.closes, moment)
    return stretch < len(week.opens) and week.opens[stretch] <= moment


def next_open(calendar: WorkCalendar, at: datetime) -> datetime:
    """The first open instant from ``at`` on, in UTC: ``at`` itself when it is open.

    Raises ValueError on a naive ``at`` and CalendarNeverOpen when nothing opens within two years.
    """
    return _instant(_opening(calendar, _micros(at, "at")))


def next_close(calendar: WorkCalendar, at: datetime) -> datetime | None:
    """The instant, in UTC, at which the open stretch around ``at``, or else the next one, ends.

    Windows that touch are one stretch. None when that stretch lasts longer than two years (24x7).
    Raises ValueError on a naive ``at`` and CalendarNeverOpen when nothing opens within two years.
    """
    moment = opening = _opening(calendar, _micros(at, "at"))
    for week in _weeks_from(calendar, opening):
        stretch = bisect_right(week.closes, moment)
        if stretch == len(week.opens) or week.opens[stretch] > moment:
            return _instant(moment)
        moment = week.closes[stretch]
        # A stretch that ends with its week may go on in the next one, which the next turn sees.
        if moment % _WEEK:
            return _instant(moment)
        if moment - opening > HORIZON // _MICROSECOND:
            break
    return None


def add(calendar: WorkCalendar, at: datetime, duration: timedelta) -> datetime:
    """The deadline, in UTC: the first instant by which ``duration`` of open time has passed since
    ``at``.

    Due exactly at closing stays at closing. A zero duration is due at the next open instant. Raises
    ValueError on a naive ``at`` or a negative duration, and CalendarNeverOpen when nothing opens
    within two years, or when the deadline would lie more than a hundred years away.
    """
    moment = _micros(at, "at")
    if duration < timedelta(0):
        raise ValueError(f"duration must not be negative, not {duration!r}")
    if not duration:
        return _instant(_opening(calendar, moment))
    if duration > REACH:
        raise CalendarNeverOpen(f"{duration} of open time lie more than a hundred years ahead")
    wanted = duration // _MICROSECOND + _worked(_week(calendar, moment // _WEEK), moment)
    for week in _weeks_from(calendar, moment):
        if wanted <= week.total:
            stretch = bisect_left(week.worked, wanted)
            return _instant(week.closes[stretch] - (week.worked[stretch] - wanted))
        wanted -= week.total
    raise CalendarNeverOpen(
        f"{duration} of open time after {at} lie more than a hundred years ahead"
    )


def between(calendar: WorkCalendar, start: datetime, end: datetime) -> timedelta:
    """Open time from ``start`` to ``end``; negative when ``end`` is the earlier one.

    Raises ValueError on a naive instant, or when the two lie more than a hundred years apart.
    """
    since, until = _micros(start, "start"), _micros(end, "end")
    if until < since:
        return -between(calendar, end, start)
    if until - since > REACH // _MICROSECOND:
        raise ValueError(f"start {start} and end {end} lie more than a hundred years apart")
    first, last = since // _WEEK, until // _WEEK
    whole = sum(_week(calendar, number).total for number in range(first, last))
    worked = whole + _worked(_week(calendar, last), until) - _worked(_week(calendar, first), since)
    return timedelta(microseconds=worked)


def explain(calendar: WorkCalendar, at: datetime, duration: timedelta) -> list[Step]:
    """Why ``duration`` from ``at`` on is due when `add` says: the stretches between, each with its
    reason.

    They follow each other without a gap from ``at`` to the deadline, and what they counted adds up
    to ``duration``. Empty where the deadline is ``at`` itself. Raises as `add`; as long as the way
    is (some lines for each day).
    """
    start, end = _micros(at, "at"), _micros(add(calendar, at, duration), "at")
    zone, left = ZoneInfo(calendar.zone), duration
    steps = []
    for since, until, why, on in _reasons(calendar, zone, start, end):
        counted = _instant(until) - _instant(since) if why is Why.OPEN else timedelta(0)
        left -= counted
        name = calendar.names.get(on, "")
        steps.append(
            Step(
                why,
                _instant(since),
                _instant(until),
                counted,
                left,
                on,
                name,
                calendar.week_of(on).since,
            )
        )
    return steps


def _reasons(
    calendar: WorkCalendar, zone: ZoneInfo, start: int, end: int
) -> list[tuple[int, int, Why, date]]:
    """(since, until, why, local date) from ``start`` to ``end``, cut where the reason changes."""
    found: list[tuple[int, int, Why, date]] = []
    moment = start
    for opens, closes in [*_stretches(calendar, start, end), (end, end)]:
        for piece in _closed(calendar, zone, moment, opens):
            same = found and found[-1][2] is piece[2]
            # One line for a weekend, and for a date that a clock change or the end of a UTC week
            # cuts.
            if same and (piece[2] is Why.DAY_OFF or found[-1][3] == piece[3]):
                piece = (found[-1][0], *piece[1:3], found.pop()[3])
            found.append(piece)
        if opens < closes:
            found.append((opens, closes, Why.OPEN, _local(zone, opens)))
        moment = closes
    return found


def _stretches(calendar: WorkCalendar, start: int, end: int) -> list[Hours]:
    """The open stretches from ``start`` to ``end``, whole across the ends of weeks."""
    found: list[Hours] = []
    for number in range(start // _WEEK, end // _WEEK + 1):
        week = _week(calendar, number)
        for opens, closes in zip(week.opens, week.closes, strict=True):
            opens, closes = max(opens, start), min(closes, end)
            if found and found[-1][1] == opens < closes:
                found[-1] = (found[-1][0], closes)
            elif opens < closes:
                found.append((opens, closes))
    return found


def _closed(
    calendar: WorkCalendar, zone: ZoneInfo, start: int, end: int
) -> Iterator[tuple[int, int, Why, date]]:
    """A closed stretch cut at local midnights, each piece with its reason."""
    for number in range(start // _WEEK, end // _WEEK + 1):
        for since, until, offset in _offsets(zone, number):
            moment, last = max(since, start), min(until, end)
            while moment < last:
                day, reading = divmod(moment + offset, _DAY)
                stop = min((day + 1) * _DAY - offset, last)
                on = date.fromordinal(day + _EPOCH_DAY)
                yield moment, stop, _why_closed(calendar, on, reading), on
                moment = stop


def _why_closed(calendar: WorkCalendar, on: date, reading: int) -> Why:
    """Why nothing is open at ``reading`` (wall microseconds since midnight) of the local date
    ``on``.
    """
    hours = calendar.hours_on(on)
    if not hours:
        return Why.HOLIDAY if on in calendar.holidays else Why.DAY_OFF
    if reading < min(opens for opens, _ in hours) * _MINUTE:
        return Why.BEFORE
    return Why.AFTER if reading >= max(closes for _, closes in hours) * _MINUTE else Why.BREAK


def _local(zone: ZoneInfo, moment: int) -> date:
    return _instant(moment).astimezone(zone).date()


class _Week(NamedTuple):
    """One UTC week: its open stretches, and the open time from the week's start to the close of
    each.
    """

    opens: list[int]
    closes: list[int]
    worked: list[int]
    total: int


@lru_cache(maxsize=8192)
def _week(calendar: WorkCalendar, number: int) -> _Week:
    """The open stretches of week ``number`` (0 starts on 1970-01-01 UTC), cut at both ends of the
    week.
    """
    windows = _wall_windows(calendar, _EPOCH_DAY + 7 * number)
    pieces = []
    for since, until, offset in _offsets(ZoneInfo(calendar.zone), number):
        for opens, closes in windows:
            start, end = max(opens - offset, since), min(closes - offset, until)
            if start < end:
                pieces.append((start, end))
    week = _Week([], [], [], 0)
    total = 0
    for start, end in sorted(pieces):
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


def _wall_windows(calendar: WorkCalendar, first_day: int) -> list[Hours]:
    """Every window that can touch the UTC week from ordinal ``first_day``, in wall microseconds
    since 1970.

    A window lasts into the next date, and local dates run up to a day beside UTC: so two days
    before the week, and one after it.
    """
    found = []
    for ordinal in range(first_day - 2, first_day + 8):
        hours = calendar.hours_on(date.fromordinal(ordinal))
        midnight = (ordinal - _EPOCH_DAY) * _DAY
        found += [
            (midnight + opens * _MINUTE, midnight + closes * _MINUTE) for opens, closes in hours
        ]
    return found


def _offsets(zone: ZoneInfo, number: int) -> list[tuple[int, int, int]]:
    """Week ``number`` cut where ``zone`` changes its offset: (since, until, offset), all in
    microseconds.
    """
    # ZoneInfo does not tell its changes. The closest two in the IANA data lie four days apart, so a
    # look at
    # each day finds them all (a test keeps watch), and a bisection gives the second.
    spans = []
    since = seen = number * _WEEK
    offset = _offset(zone, since)
    for day in range(since + _DAY, since + _WEEK + _DAY, _DAY):
        if (later := _offset(zone, day)) != offset:
            change = seen + _SECOND * bisect_left(
                range(seen, day, _SECOND), True, key=lambda moment: _offset(zone, moment) == later
            )
            spans.append((since, change, offset))
            since, offset = change, later
        seen = day
    # A change in the week's last second bisects to the very end and leaves nothing after it.
    return [*spans, (since, seen, offset)]


def _offset(zone: ZoneInfo, moment: int) -> int:
    """Wall clock of ``zone`` minus UTC at ``moment``, in microseconds."""
    utc = _instant(moment)
    # From the two readings, not from utcoffset(): that one is asked of a wall time, which can be
    # ambiguous.
    return (utc.astimezone(zone).replace(tzinfo=UTC) - utc) // _MICROSECOND


def _weeks_from(calendar: WorkCalendar, moment: int) -> Iterator[_Week]:
    """The weeks from that of ``moment`` on, for a hundred years; CalendarNeverOpen after two closed
    years.
    """
    first = moment // _WEEK
    closed = 0
    for number in range(first, min(first + REACH // timedelta(weeks=1), _LAST_WEEK) + 1):
        week = _week(calendar, number)
        closed = 0 if week.total else closed + 1
        if closed > HORIZON // timedelta(weeks=1):
            raise CalendarNeverOpen(
                f"the calendar is closed for two years before {_instant(number * _WEEK)}"
            )
        yield week


def _opening(calendar: WorkCalendar, moment: int) -> int:
    """The first open instant from ``moment`` on, both in microseconds since 1970."""
    for week in _weeks_from(calendar, moment):
        stretch = bisect_right(week.closes, moment)
        if stretch < len(week.opens):
            return max(moment, week.opens[stretch])
    raise CalendarNeverOpen(f"the calendar does not open after {_instant(moment)}")


def _worked(week: _Week, moment: int) -> int:
    """Open time from the start of ``week`` to ``moment`` inside it, in microseconds."""
    stretch = bisect_right(week.closes, moment)
    if stretch == len(week.opens):
        return week.total
    before = week.worked[stretch - 1] if stretch else 0
    return before + max(moment - week.opens[stretch], 0)


def _micros(at: datetime, name: str) -> int:
    """``at`` in microseconds since 1970; ValueError that says ``name`` when it is naive or out of
    range.
    """
    if not isinstance(at, datetime) or at.utcoffset() is None:
        raise ValueError(f"{name} must be an aware datetime, not {at!r}")
    moment = (at - _EPOCH) // _MICROSECOND
    if not _FIRST_WEEK <= moment // _WEEK <= _LAST_WEEK:
        raise ValueError(f"{name} must not lie at the very ends of the years 1 to 9999, not {at!r}")
    return moment


def _instant(moment: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)
