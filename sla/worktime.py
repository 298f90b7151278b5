"""Business time: which instants a working calendar counts, and where a deadline falls.

Pure: plain data in and out, no Django, no clock. Instants are aware datetimes, answered in UTC; durations are
``timedelta`` of open time, exact to the microsecond.

Domain rules kept here:

* An instant is open when its *local wall clock reading* lies in a window. So an hour that the wall clock
  repeats counts each time it passes, and an hour that it skips does not exist.
* Windows are half-open, ``[opens, closes)``: the closing instant itself is closed. Overlapping and touching
  windows are one.
* A window belongs to the date on which it starts, also when it runs over midnight; a holiday replaces the
  windows that start on its date.
* A duration that is used up exactly at closing is due at closing.

How: time is cut into UTC weeks. The open stretches of a week are worked out once per calendar, in integer
microseconds since 1970, and remembered with their running sum; every answer is a bisection in one week and a
sum over the weeks between.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

Hours = tuple[int, int]

MINUTES_A_DAY = 1440
# Nothing loops for ever: two years without an opening is a mistake in the calendar, and no promise between
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
# A week needs local dates on both sides of it, so the outermost weeks of years 1 to 9999 are left out.
_FIRST_WEEK = (date(1, 1, 15).toordinal() - _EPOCH_DAY) // 7
_LAST_WEEK = (date(9999, 12, 15).toordinal() - _EPOCH_DAY) // 7
# ZoneInfo reads these too, but they are the machine's own setting, or zones that count leap seconds.
_NOT_IANA = ("localtime", "posixrules", "Factory", "posix/", "right/")


class CalendarNeverOpen(ValueError):
    """The calendar has no windows, stays closed for two years on end, or never gives the time asked for."""


@dataclass(frozen=True, slots=True)
class Window:
    """Working hours that start on one weekday, in local wall time.

    ``weekday``: 0 is Monday. ``opens`` (0 to 1439) and ``closes`` are minutes from that day's midnight;
    ``closes`` is after ``opens`` by at most 1440 and may lie beyond 1440: the window then runs over midnight.
    Raises ValueError that names the field.
    """

    weekday: int
    opens: int
    closes: int

    def __post_init__(self) -> None:
        if type(self.weekday) is not int or not 0 <= self.weekday <= 6:
            raise ValueError(f"weekday must be from 0 (Monday) to 6 (Sunday), not {self.weekday!r}")
        _check_hours(self.opens, self.closes)


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """When a team works: an IANA zone, weekly windows, and the dates that differ.

    ``holidays`` maps a local date to the ``(opens, closes)`` pairs (minutes, as in `Window`) that replace the
    windows starting on it; no pairs means that none starts. Immutable, hashable, picklable; equal by content.
    Raises ValueError that names the field, and CalendarNeverOpen when there are no windows.
    """

    zone: str
    windows: tuple[Window, ...]
    holidays: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)
    _key: tuple[Any, ...] = field(init=False, repr=False)
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _check_zone(self.zone)
        windows = _checked_windows(self.windows)
        holidays = _checked_holidays(self.holidays)
        key = (self.zone, tuple((w.weekday, w.opens, w.closes) for w in windows), tuple(holidays.items()))
        for name, value in (
            ("windows", windows),
            ("holidays", MappingProxyType(holidays)),
            ("_key", key),
            ("_hash", hash(key)),
        ):
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, WorkCalendar) else NotImplemented

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        # Rebuilt, not copied: hashes of strings differ between processes.
        return type(self), (self.zone, self.windows, dict(self.holidays))

    @classmethod
    def always_open(cls, zone: str) -> Self:
        """A calendar of ``zone`` (IANA name) that is always open. Raises ValueError on a bad zone."""
        return cls(zone, tuple(Window(weekday, 0, MINUTES_A_DAY) for weekday in range(7)), {})

    def to_json(self) -> dict[str, Any]:
        """This calendar as plain lists, strings and numbers; `from_json` gives an equal calendar back."""
        return {
            "zone": self.zone,
            "windows": [[w.weekday, w.opens, w.closes] for w in self.windows],
            "holidays": {day.isoformat(): [list(pair) for pair in pairs] for day, pairs in self.holidays.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The calendar that `to_json` wrote. Raises ValueError that names the field at fault."""
        if not isinstance(stored, Mapping) or set(stored) != {"zone", "windows", "holidays"}:
            raise ValueError("a stored calendar has exactly the fields zone, windows and holidays")
        windows = stored["windows"]
        if type(windows) is not list or not all(type(row) is list and len(row) == 3 for row in windows):
            raise ValueError("windows must be a list of [weekday, opens, closes]")
        if not isinstance(stored["holidays"], Mapping):
            raise ValueError("holidays must map dates to lists of [opens, closes]")
        holidays = {_date_of(text): pairs for text, pairs in stored["holidays"].items()}
        return cls(stored["zone"], tuple(Window(*row) for row in windows), holidays)


ALWAYS_OPEN = WorkCalendar.always_open


def is_open(calendar: WorkCalendar, at: datetime) -> bool:
    """Whether ``calendar`` is open at the aware instant ``at``. Raises ValueError on a naive one."""
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
    """The deadline, in UTC: the first instant by which ``duration`` of open time has passed since ``at``.

    Due exactly at closing stays at closing. A zero duration is due at the next open instant.
    Raises ValueError on a naive ``at`` or a negative duration, and CalendarNeverOpen when nothing opens
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
    raise CalendarNeverOpen(f"{duration} of open time after {at} lie more than a hundred years ahead")


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


class _Week(NamedTuple):
    """One UTC week: its open stretches, and the open time from the week's start to the close of each."""

    opens: list[int]
    closes: list[int]
    worked: list[int]
    total: int


@lru_cache(maxsize=8192)
def _week(calendar: WorkCalendar, number: int) -> _Week:
    """The open stretches of week ``number`` (0 starts on 1970-01-01 UTC), cut at both ends of the week."""
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
    """Every window that can touch the UTC week from ordinal ``first_day``, in wall microseconds since 1970.

    A window lasts into the next date, and local dates run up to a day beside UTC: so two days before the
    week, and one after it.
    """
    found = []
    for ordinal in range(first_day - 2, first_day + 8):
        day = date.fromordinal(ordinal)
        hours = calendar.holidays.get(day)
        if hours is None:
            weekday = day.weekday()
            hours = tuple((w.opens, w.closes) for w in calendar.windows if w.weekday == weekday)
        midnight = (ordinal - _EPOCH_DAY) * _DAY
        found += [(midnight + opens * _MINUTE, midnight + closes * _MINUTE) for opens, closes in hours]
    return found


def _offsets(zone: ZoneInfo, number: int) -> list[tuple[int, int, int]]:
    """Week ``number`` cut where ``zone`` changes its offset: (since, until, offset), all in microseconds."""
    # ZoneInfo does not tell its changes. The closest two in the IANA data lie four days apart, so a look at
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
    # From the two readings, not from utcoffset(): that one is asked of a wall time, which can be ambiguous.
    return (utc.astimezone(zone).replace(tzinfo=UTC) - utc) // _MICROSECOND


def _weeks_from(calendar: WorkCalendar, moment: int) -> Iterator[_Week]:
    """The weeks from that of ``moment`` on, for a hundred years; CalendarNeverOpen after two closed years."""
    first = moment // _WEEK
    closed = 0
    for number in range(first, min(first + REACH // timedelta(weeks=1), _LAST_WEEK) + 1):
        week = _week(calendar, number)
        closed = 0 if week.total else closed + 1
        if closed > HORIZON // timedelta(weeks=1):
            raise CalendarNeverOpen(f"the calendar is closed for two years before {_instant(number * _WEEK)}")
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
    """``at`` in microseconds since 1970; ValueError that says ``name`` when it is naive or out of range."""
    if not isinstance(at, datetime) or at.utcoffset() is None:
        raise ValueError(f"{name} must be an aware datetime, not {at!r}")
    moment = (at - _EPOCH) // _MICROSECOND
    if not _FIRST_WEEK <= moment // _WEEK <= _LAST_WEEK:
        raise ValueError(f"{name} must not lie at the very ends of the years 1 to 9999, not {at!r}")
    return moment


def _instant(moment: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)


def _check_hours(opens: int, closes: int) -> None:
    if type(opens) is not int or not 0 <= opens < MINUTES_A_DAY:
        raise ValueError(f"opens must be a whole number of minutes from 0 to 1439, not {opens!r}")
    if type(closes) is not int or not opens < closes <= opens + MINUTES_A_DAY:
        raise ValueError(f"closes must be 1 to 1440 minutes after opens ({opens}), not {closes!r}")


def _check_zone(zone: str) -> None:
    try:
        if zone.startswith(_NOT_IANA):
            raise ValueError
        ZoneInfo(zone)
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        raise ValueError(f"zone must be the name of an IANA time zone, not {zone!r}") from None


def _checked_windows(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    if not isinstance(windows, (tuple, list)) or not all(isinstance(window, Window) for window in windows):
        raise ValueError(f"windows must be a tuple of Window, not {windows!r}")
    if not windows:
        raise CalendarNeverOpen("windows must not be empty: the calendar would never open")
    return tuple(windows)


def _checked_holidays(holidays: Mapping[date, tuple[Hours, ...]]) -> dict[date, tuple[Hours, ...]]:
    """``holidays`` in the order of their dates, with tuples throughout; ValueError that names the date."""
    if not isinstance(holidays, Mapping):
        raise ValueError(f"holidays must map dates to (opens, closes) pairs, not {holidays!r}")
    checked = {}
    for day, pairs in holidays.items():
        if not isinstance(day, date) or isinstance(day, datetime):
            raise ValueError(f"holidays must have dates as keys, not {day!r}")
        try:
            checked[day] = tuple((opens, closes) for opens, closes in pairs)
            for opens, closes in checked[day]:
                _check_hours(opens, closes)
        except (TypeError, ValueError) as error:
            raise ValueError(f"holidays[{day}] must be (opens, closes) pairs: {error}") from None
    return dict(sorted(checked.items()))


def _date_of(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        day = None
    # fromisoformat also reads week dates: two spellings of one date would hide each other.
    if day is None or day.isoformat() != text:
        raise ValueError(f"holidays must have dates such as 2025-12-25 as keys, not {text!r}")
    return day
