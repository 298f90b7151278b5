"""A working calendar as plain data: a zone, weekly windows, what changes on a date, and the dates
that differ.

Pure: no Django, no clock. ``sla.worktime.arithmetic`` counts in it; clocks and handoffs carry it
along as JSON.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

Hours = tuple[int, int]
WeekHours = tuple[int, int, int]

MINUTES_A_DAY = 1440
_MINUTES_A_WEEK = 7 * MINUTES_A_DAY
# ZoneInfo reads these too, but they are the machine's own setting, or zones that count leap
# seconds.
_NOT_IANA = ("localtime", "posixrules", "Factory", "posix/", "right/")


class CalendarNeverOpen(ValueError):
    """The calendar has no windows, stays closed for two years on end, or never gives the time asked
    for.
    """


@dataclass(frozen=True, slots=True)
class Window:
    """Working hours that start on one weekday, in local wall time.

    ``weekday``: 0 is Monday. ``opens`` (0 to 1439) and ``closes`` are minutes from that day's
    midnight; ``closes`` is after ``opens`` by at most 1440 and may lie beyond 1440: the window then
    runs over midnight. Raises ValueError that names the field.
    """

    weekday: int
    opens: int
    closes: int

    def __post_init__(self) -> None:
        if type(self.weekday) is not int or not 0 <= self.weekday <= 6:
            raise ValueError(f"weekday must be from 0 (Monday) to 6 (Sunday), not {self.weekday!r}")
        check_hours(self.opens, self.closes)


class Week(NamedTuple):
    """Weekly hours in effect: ``since`` a local date (None: from the beginning), and the hours of
    Monday to Sunday.
    """

    since: date | None
    days: tuple[tuple[Hours, ...], ...]


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """When a team works: an IANA zone, weekly windows, and the dates that differ.

    ``holidays`` maps a local date to the ``(opens, closes)`` pairs (minutes, as in `Window`) that
    replace the windows starting on it; no pairs means that none starts. ``changes`` maps a local
    date to the windows that are the weekly ones from that date on. ``names`` says why a date of
    ``holidays`` differs; hours alone make two calendars equal. Immutable, hashable, picklable.
    Raises ValueError that names the field, and CalendarNeverOpen when there are no windows.
    """

    zone: str
    windows: tuple[Window, ...]
    holidays: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)
    changes: Mapping[date, tuple[Window, ...]] = field(default_factory=dict)
    names: Mapping[date, str] = field(default_factory=dict)
    weeks: tuple[Week, ...] = field(init=False, repr=False)
    _starts: tuple[date, ...] = field(init=False, repr=False)
    _key: tuple[Any, ...] = field(init=False, repr=False)
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _check_zone(self.zone)
        windows = _checked_windows("windows", self.windows)
        holidays = _by_date("holidays", self.holidays, _checked_pairs)
        changes = _by_date("changes", self.changes, _checked_windows)
        names = _by_date("names", self.names, _checked_name)
        key = (
            self.zone,
            _plain(windows),
            tuple(holidays.items()),
            tuple((day, _plain(each)) for day, each in changes.items()),
        )
        for name, value in (
            ("windows", windows),
            ("holidays", MappingProxyType(holidays)),
            ("changes", MappingProxyType(changes)),
            ("names", MappingProxyType(names)),
            ("weeks", (_week(None, windows), *(_week(day, each) for day, each in changes.items()))),
            ("_starts", tuple(changes)),
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
        return type(self), (
            self.zone,
            self.windows,
            dict(self.holidays),
            dict(self.changes),
            dict(self.names),
        )

    def week_of(self, day: date) -> Week:
        """The weekly hours in effect on the local date ``day``."""
        return self.weeks[bisect_right(self._starts, day)]

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """The (opens, closes) of the windows that start on the local date ``day``."""
        hours = self.holidays.get(day)
        return self.week_of(day).days[day.weekday()] if hours is None else hours

    @classmethod
    def always_open(cls, zone: str) -> Self:
        """A calendar of ``zone`` (IANA name) that is always open.

        Raises ValueError on a bad zone.
        """
        return cls(zone, tuple(Window(weekday, 0, MINUTES_A_DAY) for weekday in range(7)), {})

    def to_json(self) -> dict[str, Any]:
        """This calendar as plain lists, strings and numbers; `from_json` gives an equal calendar
        back.
        """
        stored: dict[str, Any] = {
            "zone": self.zone,
            "windows": _rows(self.windows),
            "holidays": {
                day.isoformat(): [list(pair) for pair in pairs]
                for day, pairs in self.holidays.items()
            },
        }
        if self.changes:
            stored["changes"] = {
                day.isoformat(): _rows(windows) for day, windows in self.changes.items()
            }
        if self.names:
            stored["names"] = {day.isoformat(): name for day, name in self.names.items()}
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The calendar that `to_json` wrote, now or before there were changes and names.

        Raises ValueError that names the field at fault.
        """
        needed = {"zone", "windows", "holidays"}
        if not isinstance(stored, Mapping) or not needed <= set(stored) <= needed | {
            "changes",
            "names",
        }:
            raise ValueError(
                "a stored calendar has the fields zone, windows, holidays, and may have changes and"
                " names"
            )
        changes = _by_text("changes", stored.get("changes", {}))
        return cls(
            stored["zone"],
            _read_windows("windows", stored["windows"]),
            _by_text("holidays", stored["holidays"]),
            {day: _read_windows(f"changes[{day}]", rows) for day, rows in changes.items()},
            _by_text("names", stored.get("names", {})),
        )


def check_hours(opens: int, closes: int) -> None:
    """Raises ValueError that names the field, where ``opens`` and ``closes`` (minutes) are no
    window.
    """
    if type(opens) is not int or not 0 <= opens < MINUTES_A_DAY:
        raise ValueError(f"opens must be a whole number of minutes from 0 to 1439, not {opens!r}")
    if type(closes) is not int or not opens < closes <= opens + MINUTES_A_DAY:
        raise ValueError(f"closes must be 1 to 1440 minutes after opens ({opens}), not {closes!r}")


def overlap(windows: Iterable[WeekHours]) -> int | None:
    """The weekday of the first (weekday, opens, closes) that begins before an earlier one has
    closed; None: all apart.

    Nights count into the next day, that of Sunday into Monday. Windows that touch are apart.
    """
    ordered = sorted(
        (day * MINUTES_A_DAY + opens, day * MINUTES_A_DAY + closes)
        for day, opens, closes in windows
    )
    # Monday comes once more after Sunday.
    around = [
        *ordered,
        *((opens + _MINUTES_A_WEEK, closes + _MINUTES_A_WEEK) for opens, closes in ordered[:1]),
    ]
    for (_, closes), (opens, _) in pairwise(around):
        if opens < closes:
            return opens % _MINUTES_A_WEEK // MINUTES_A_DAY
    return None


def _plain(windows: tuple[Window, ...]) -> tuple[tuple[int, int, int], ...]:
    return tuple((w.weekday, w.opens, w.closes) for w in windows)


def _rows(windows: tuple[Window, ...]) -> list[list[int]]:
    return [list(row) for row in _plain(windows)]


def _week(since: date | None, windows: tuple[Window, ...]) -> Week:
    return Week(
        since,
        tuple(tuple((w.opens, w.closes) for w in windows if w.weekday == day) for day in range(7)),
    )


def _check_zone(zone: str) -> None:
    try:
        if zone.startswith(_NOT_IANA):
            raise ValueError
        ZoneInfo(zone)
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        raise ValueError(f"zone must be the name of an IANA time zone, not {zone!r}") from None


def _checked_windows(name: str, windows: Any) -> tuple[Window, ...]:
    if not isinstance(windows, (tuple, list)) or not all(
        isinstance(window, Window) for window in windows
    ):
        raise ValueError(f"{name} must be a tuple of Window, not {windows!r}")
    if not windows:
        raise CalendarNeverOpen(f"{name} must not be empty: the calendar would never open")
    return tuple(windows)


def _checked_pairs(name: str, pairs: Any) -> tuple[Hours, ...]:
    try:
        checked = tuple((opens, closes) for opens, closes in pairs)
        for opens, closes in checked:
            check_hours(opens, closes)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be (opens, closes) pairs: {error}") from None
    return checked


def _checked_name(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text, not {value!r}")
    return value


def _by_date(name: str, given: Any, check: Callable[[str, Any], Any]) -> dict[date, Any]:
    """``given`` in the order of its dates, each value as ``check`` returns it; ValueError that
    names the date.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f"{name} must map dates, not {given!r}")
    checked = {}
    for day, value in given.items():
        if not isinstance(day, date) or isinstance(day, datetime):
            raise ValueError(f"{name} must have dates as keys, not {day!r}")
        checked[day] = check(f"{name}[{day}]", value)
    return dict(sorted(checked.items()))


def _read_windows(name: str, rows: Any) -> tuple[Window, ...]:
    if type(rows) is not list or not all(type(row) is list and len(row) == 3 for row in rows):
        raise ValueError(f"{name} must be a list of [weekday, opens, closes]")
    return tuple(Window(*row) for row in rows)


def _by_text(name: str, stored: Any) -> dict[date, Any]:
    if not isinstance(stored, Mapping):
        raise ValueError(f"{name} must map dates such as 2025-12-25")
    return {_date_of(name, text): value for text, value in stored.items()}


def _date_of(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        day = None
    # fromisoformat also reads week dates: two spellings of one date would hide each other.
    if day is None or day.isoformat() != text:
        raise ValueError(f"{name} must have dates such as 2025-12-25 as keys, not {text!r}")
    return day
