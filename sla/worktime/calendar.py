"""A working calendar as plain data.

It has a zone, weekly windows, the weekly windows of later dates, and the dates that differ. Pure:
no Django, no clock. ``sla.worktime.arithmetic`` counts in it; clocks and handoffs store it as JSON.
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
# ZoneInfo reads these too, but they are the machine's own setting, or zones with leap seconds.
_NOT_IANA = ("localtime", "posixrules", "Factory", "posix/", "right/")
_STORED_FIELDS = {"zone", "windows", "holidays"}
_OPTIONAL_FIELDS = {"changes", "names"}


class CalendarNeverOpen(ValueError):
    """The calendar has no windows, is closed for two years, or never gives the wanted time."""


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
    """Weekly hours, and the local date from which they are in effect (None: from the beginning).

    ``days``: the hours of Monday to Sunday.
    """

    since: date | None
    days: tuple[tuple[Hours, ...], ...]


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """When a team works: an IANA zone, weekly windows, and the dates that differ.

    ``holidays`` maps a local date to the ``(opens, closes)`` pairs (minutes, as in `Window`) that
    replace the windows starting on it; no pairs means that none starts. ``changes`` maps a local
    date to the windows that are the weekly ones from that date on. ``names`` says why a date of
    ``holidays`` differs; names make no difference between two calendars. Immutable, hashable,
    picklable. Raises ValueError that names the field, and CalendarNeverOpen without windows.
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
        weeks = [_week(None, windows)]
        weeks += [_week(since, later) for since, later in changes.items()]
        plain_changes = tuple((since, _plain(later)) for since, later in changes.items())
        key = (self.zone, _plain(windows), tuple(holidays.items()), plain_changes)
        attributes = {
            "windows": windows,
            "holidays": MappingProxyType(holidays),
            "changes": MappingProxyType(changes),
            "names": MappingProxyType(names),
            "weeks": tuple(weeks),
            "_starts": tuple(changes),
            "_key": key,
            "_hash": hash(key),
        }
        # A frozen dataclass refuses plain assignment, also from its own __post_init__.
        for name, value in attributes.items():
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WorkCalendar):
            return NotImplemented
        return self._key == other._key

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        # Rebuilt, not copied: hashes of strings differ between processes.
        fields = (
            self.zone,
            self.windows,
            dict(self.holidays),
            dict(self.changes),
            dict(self.names),
        )
        return type(self), fields

    def week_of(self, day: date) -> Week:
        """Return the weekly hours in effect on the local date ``day``."""
        return self.weeks[bisect_right(self._starts, day)]

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """Return the (opens, closes) of the windows that start on the local date ``day``."""
        hours = self.holidays.get(day)
        if hours is None:
            return self.week_of(day).days[day.weekday()]
        return hours

    @classmethod
    def always_open(cls, zone: str) -> Self:
        """Return a calendar of ``zone`` (IANA name) that is always open.

        Raises ValueError on a bad zone.
        """
        windows = tuple(Window(weekday, 0, MINUTES_A_DAY) for weekday in range(7))
        return cls(zone, windows, {})

    def to_json(self) -> dict[str, Any]:
        """Return this calendar as lists, strings and numbers, for `from_json`."""
        holidays = {}
        for day, pairs in self.holidays.items():
            holidays[day.isoformat()] = [list(pair) for pair in pairs]
        stored: dict[str, Any] = {
            "zone": self.zone,
            "windows": _rows(self.windows),
            "holidays": holidays,
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
        """Return the calendar that `to_json` wrote, also before there were changes and names.

        Raises ValueError that names the field at fault.
        """
        if not isinstance(stored, Mapping) or not _has_fields(stored):
            raise ValueError(
                "a stored calendar has the fields zone, windows, holidays, and may have changes and"
                " names"
            )
        changes = {}
        for day, rows in _by_text("changes", stored.get("changes", {})).items():
            changes[day] = _read_windows(f"changes[{day}]", rows)
        return cls(
            stored["zone"],
            _read_windows("windows", stored["windows"]),
            _by_text("holidays", stored["holidays"]),
            changes,
            _by_text("names", stored.get("names", {})),
        )


def check_hours(opens: int, closes: int) -> None:
    """Raise ValueError, with the field, where ``opens`` and ``closes`` (minutes) are no window."""
    if type(opens) is not int or not 0 <= opens < MINUTES_A_DAY:
        raise ValueError(f"opens must be a whole number of minutes from 0 to 1439, not {opens!r}")
    if type(closes) is not int or not opens < closes <= opens + MINUTES_A_DAY:
        raise ValueError(f"closes must be 1 to 1440 minutes after opens ({opens}), not {closes!r}")


def overlap(windows: Iterable[WeekHours]) -> int | None:
    """Return the weekday of the first window that begins before an earlier one has closed.

    ``windows``: (weekday, opens, closes). None where all are apart; windows that touch are apart.
    Nights count into the next day, that of Sunday into Monday.
    """
    ordered = []
    for weekday, opens, closes in windows:
        midnight = weekday * MINUTES_A_DAY
        ordered.append((midnight + opens, midnight + closes))
    ordered.sort()
    if ordered:
        # The first window of the next week is compared with the last one of this week.
        opens, closes = ordered[0]
        ordered.append((opens + _MINUTES_A_WEEK, closes + _MINUTES_A_WEEK))
    for (_, closes), (opens, _) in pairwise(ordered):
        if opens < closes:
            return opens % _MINUTES_A_WEEK // MINUTES_A_DAY
    return None


def _has_fields(stored: Mapping[str, Any]) -> bool:
    return _STORED_FIELDS <= set(stored) <= _STORED_FIELDS | _OPTIONAL_FIELDS


def _plain(windows: tuple[Window, ...]) -> tuple[WeekHours, ...]:
    return tuple((window.weekday, window.opens, window.closes) for window in windows)


def _rows(windows: tuple[Window, ...]) -> list[list[int]]:
    return [list(row) for row in _plain(windows)]


def _week(since: date | None, windows: tuple[Window, ...]) -> Week:
    days: list[list[Hours]] = [[] for _ in range(7)]
    for window in windows:
        days[window.weekday].append((window.opens, window.closes))
    return Week(since, tuple(tuple(hours) for hours in days))


def _check_zone(zone: str) -> None:
    try:
        if zone.startswith(_NOT_IANA):
            raise ValueError
        ZoneInfo(zone)
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        raise ValueError(f"zone must be the name of an IANA time zone, not {zone!r}") from None


def _checked_windows(name: str, windows: Any) -> tuple[Window, ...]:
    is_list = isinstance(windows, (tuple, list))
    if not is_list or not all(isinstance(window, Window) for window in windows):
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


def _by_date(name: str, values: Any, check: Callable[[str, Any], Any]) -> dict[date, Any]:
    """Return ``values`` in the order of their dates, each as ``check`` returns it.

    Raises ValueError that names the date.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"{name} must map dates, not {values!r}")
    checked = {}
    for day, value in values.items():
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
