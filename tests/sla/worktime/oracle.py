"""Business time the slow way: every UTC minute is read on the local wall clock and looked up in the
windows.

Shares no arithmetic with ``sla.worktime.arithmetic``: it reads a calendar's zone, windows, changes
and holidays, and counts. Good for one span of days in which the zone's offsets are whole minutes.
Below it, the random cases to compare.
"""

import random
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo, _zoneinfo, available_timezones

from hypothesis import strategies as st

from sla.worktime.calendar import Window, WorkCalendar

NOTHING = timedelta(0)
INSTANT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class OutOfSpan(Exception):
    """The answer lies beyond the minutes that were counted."""


def reads_open(calendar: WorkCalendar, at: datetime) -> bool:
    """The rule itself, for one instant of any precision: does the local wall clock lie in
    a window?
    """
    local = at.astimezone(UTC).astimezone(ZoneInfo(calendar.zone))
    since_midnight = timedelta(
        hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
    )
    for days_before in (0, 1):
        for opens, closes in hours_of(calendar, local.date() - timedelta(days=days_before)):
            if opens * MINUTE <= since_midnight + timedelta(days=days_before) < closes * MINUTE:
                return True
    return False


def hours_of(calendar: WorkCalendar, day: date) -> list[tuple[int, int]]:
    """The (opens, closes) of the windows that start on the local date ``day``."""
    if day in calendar.holidays:
        return list(calendar.holidays[day])
    weekly = calendar.windows
    for since, windows in calendar.changes.items():  # in the order of their dates
        weekly = windows if since <= day else weekly
    return [(window.opens, window.closes) for window in weekly if window.weekday == day.weekday()]


@lru_cache(maxsize=64)
def wall_minutes(zone: str, first: datetime, days: int) -> list[int]:
    """For each UTC minute from ``first`` on: the minute that the wall clock shows, counted from
    year 1.
    """
    local = ZoneInfo(zone)
    shown = []
    for minute in range(days * 1440):
        wall = (first + minute * MINUTE).astimezone(local)
        assert wall.second == 0, "the oracle counts whole minutes"
        shown.append(wall.toordinal() * 1440 + wall.hour * 60 + wall.minute)
    return shown


def clock_changes(zone: str, first: datetime, days: int) -> list[datetime]:
    """The minutes of the span at which the wall clock jumps."""
    shown = wall_minutes(zone, first, days)
    return [first + i * MINUTE for i in range(1, len(shown)) if shown[i] != shown[i - 1] + 1]


class MinuteCount:
    """One calendar counted over the ``days`` from ``first`` (midnight UTC)."""

    def __init__(self, calendar: WorkCalendar, first: datetime, days: int) -> None:
        shown = wall_minutes(calendar.zone, first, days)
        open_readings = set()
        for ordinal in range(min(shown) // 1440 - 1, max(shown) // 1440 + 1):
            for opens, closes in hours_of(calendar, date.fromordinal(ordinal)):
                open_readings.update(range(ordinal * 1440 + opens, ordinal * 1440 + closes))
        self.first = first
        self.end = first + timedelta(days=days)
        self.open = bytes(reading in open_readings for reading in shown)
        self.counted = list(accumulate(self.open, initial=0))

    def is_open(self, at: datetime) -> bool:
        return bool(self.open[self._minute(at)])

    def next_open(self, at: datetime) -> datetime:
        return at if self.is_open(at) else self._find(1, at)

    def next_close(self, at: datetime) -> datetime:
        return self._find(0, self.next_open(at))

    def open_time_before(self, at: datetime) -> timedelta:
        minute = self._minute(at)
        begun = (at - self.first) % MINUTE if self.open[minute] else timedelta(0)
        return self.counted[minute] * MINUTE + begun

    def between(self, start: datetime, end: datetime) -> timedelta:
        return self.open_time_before(end) - self.open_time_before(start)

    def add(self, at: datetime, duration: timedelta) -> datetime:
        if not duration:
            return self.next_open(at)
        wanted = self.open_time_before(at) + duration
        minutes = -(-wanted // MINUTE)
        if minutes > self.counted[-1]:
            raise OutOfSpan
        # The end of the first minute by which enough was counted, less what it counted too much.
        return (
            self.first + bisect_left(self.counted, minutes) * MINUTE - (minutes * MINUTE - wanted)
        )

    def open_time_left(self, at: datetime) -> timedelta:
        return self.counted[-1] * MINUTE - self.open_time_before(at)

    def closings(self) -> list[datetime]:
        """Every minute of the span that is closed and follows an open one."""
        ends = [i for i in range(1, len(self.open)) if self.open[i - 1] and not self.open[i]]
        return [self.first + i * MINUTE for i in ends]

    def _minute(self, at: datetime) -> int:
        minute = (at - self.first) // MINUTE
        if not 0 <= minute < len(self.open):
            raise OutOfSpan
        return minute

    def _find(self, flag: int, at: datetime) -> datetime:
        found = self.open.find(flag, self._minute(at))
        if found < 0:
            raise OutOfSpan
        return self.first + found * MINUTE


DAYS = 40
CASES_PER_CALENDAR = 20
# Days around which to count: clock changes of every kind, and ordinary weeks.
MIDDLES = {
    "America/Santiago": [date(2024, 9, 8), date(2024, 4, 7), date(2022, 9, 11)],
    "America/Havana": [date(2024, 3, 10), date(2024, 11, 3)],
    "Australia/Lord_Howe": [date(2024, 10, 6), date(2024, 4, 7)],
    "Asia/Kathmandu": [date(1986, 1, 1), date(2025, 5, 1)],
    "America/Mexico_City": [date(2022, 4, 3), date(2022, 10, 30), date(2025, 1, 1)],
    "America/Bogota": [date(1992, 5, 3), date(2025, 3, 10)],
    "Europe/Madrid": [date(2024, 3, 31), date(2024, 10, 27)],
    "Africa/Casablanca": [date(2024, 3, 27), date(2025, 3, 15)],
    "Pacific/Apia": [date(2011, 12, 30), date(2012, 4, 1)],
    "America/St_Johns": [date(2006, 10, 29), date(2007, 3, 11), date(1988, 4, 3)],
    "UTC": [date(2024, 2, 29)],
}


class Case(NamedTuple):
    """What to ask, and what the count answers; ``close`` None: the stretch outlasts the span to
    ``end``.
    """

    calendar: WorkCalendar
    start: datetime
    other: datetime
    lasting: timedelta
    opens: bool
    opening: datetime
    close: datetime | None
    due: datetime
    elapsed: timedelta
    end: datetime
    near_change: bool


def random_cases(zone: str, number: int) -> Iterator[Case]:
    """The same ``number`` cases of ``zone`` on each run, on calendars of every kind."""
    rng = random.Random(f"relevo {zone}")
    while number > 0:
        middle = rng.choice(MIDDLES[zone])
        first = datetime(middle.year, middle.month, middle.day, tzinfo=UTC) - timedelta(
            days=DAYS // 2
        )
        changes = clock_changes(zone, first, DAYS)
        calendar = random_calendar(rng, zone, first, changes)
        count = MinuteCount(calendar, first, DAYS)
        ends = count.closings()
        for _ in range(min(CASES_PER_CALENDAR, number)):
            # Where the span ends before the answer, nothing was counted that could be compared.
            try:
                yield random_case(rng, calendar, count, changes, ends)
            except OutOfSpan:
                continue
            number -= 1


def random_case(
    rng: random.Random,
    calendar: WorkCalendar,
    count: MinuteCount,
    changes: list[datetime],
    ends: list[datetime],
) -> Case:
    start, other = (random_instant(rng, count, changes, ends) for _ in range(2))
    lasting = random_duration(rng, count, start, ends)
    try:
        close = count.next_close(start)
    except OutOfSpan:
        close = None
    return Case(
        calendar,
        start,
        other,
        lasting,
        opens=count.is_open(start),
        opening=count.next_open(start),
        close=close,
        due=count.add(start, lasting),
        elapsed=count.between(start, other),
        end=count.end,
        near_change=any(abs(start - change) <= 3 * HOUR for change in changes),
    )


def random_hours(rng: random.Random) -> tuple[int, int]:
    step = rng.choice([1, 15, 30, 60])
    opens = rng.choice([0, 60, 540, 1320, 1380, rng.randrange(0, 1440, step)])
    length = rng.choice([1, 30, 60, 480, 1440, rng.randint(1, 1440), rng.randint(1, 600)])
    return opens, opens + length


def random_calendar(
    rng: random.Random, zone: str, first: datetime, changes: list[datetime]
) -> WorkCalendar:
    days = [
        first.date() + timedelta(days=rng.randrange(DAYS)) for _ in range(rng.choice([0, 0, 2, 6]))
    ]
    if changes and rng.random() < 0.2:
        days.append(rng.choice(changes).astimezone(ZoneInfo(zone)).date())
    holidays = {
        day: tuple(random_hours(rng) for _ in range(rng.choice([0, 0, 1, 2]))) for day in days
    }
    turns = [
        first.date() + timedelta(days=rng.randrange(DAYS)) for _ in range(rng.choice([0, 0, 1, 3]))
    ]
    if changes and rng.random() < 0.2:
        turns.append(rng.choice(changes).astimezone(ZoneInfo(zone)).date())
    return WorkCalendar(
        zone, random_windows(rng), holidays, {day: random_windows(rng) for day in turns}
    )


def random_windows(rng: random.Random) -> tuple[Window, ...]:
    """Around the clock, an office, or anything."""
    kind = rng.random()
    if kind < 0.1:
        return WorkCalendar.always_open("UTC").windows
    if kind < 0.3:
        return tuple(Window(weekday, 540, 1020) for weekday in range(5))
    weekdays = [
        day for day in rng.sample(range(7), rng.choice([1, 3, 5, 6, 7, 7])) for _ in range(3)
    ]
    return tuple(
        Window(weekday, *random_hours(rng)) for weekday in weekdays[:: rng.choice([1, 2, 3, 3])]
    )


def random_instant(
    rng: random.Random, count: MinuteCount, changes: list[datetime], ends: list[datetime]
) -> datetime:
    kind = rng.random()
    if changes and kind < 0.5:
        distance = rng.choice(
            [NOTHING, HOUR, -HOUR, rng.uniform(-3, 3) * HOUR, rng.uniform(-48, 48) * HOUR]
        )
        instant = rng.choice(changes) + distance
    elif ends and kind < 0.7:
        instant = rng.choice(ends)
    else:
        instant = count.first + rng.random() * (count.end - count.first)
    return instant + rng.choice(
        [NOTHING, NOTHING, INSTANT, -INSTANT, rng.randrange(60_000_000) * INSTANT]
    )


def random_duration(
    rng: random.Random, count: MinuteCount, start: datetime, ends: list[datetime]
) -> timedelta:
    left = count.open_time_left(start)
    later = [end for end in ends[:: rng.choice([1, 3])] if end > start]
    kind = rng.random()
    if kind < 0.1:
        return NOTHING
    if kind < 0.3 and later:
        return count.between(start, rng.choice(later))
    if kind < 0.5:
        return min(rng.choice([INSTANT, MINUTE, HOUR, 4 * HOUR, 8 * HOUR, 40 * HOUR]), left)
    return rng.random() * left


# For the properties: every zone, three centuries.
ZONES = sorted(zone for zone in available_timezones() if zone not in ("localtime", "Factory"))
hours = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(lambda pair: (pair[0], sum(pair)))
windows = st.tuples(st.integers(0, 6), hours).map(lambda pair: Window(pair[0], *pair[1]))
instants = st.datetimes(datetime(1850, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC))
durations = st.integers(0, 10**13).map(lambda micros: micros * INSTANT)
gaps = st.integers(-(10**13), 10**13).map(lambda micros: micros * INSTANT)


@st.composite
def cases(draw: st.DrawFn) -> tuple[WorkCalendar, datetime]:
    """A calendar with holidays and changes of its hours around an instant, and the instant."""
    start = draw(instants)
    days = st.integers(-30, 30).map(lambda days: start.date() + timedelta(days=days))
    holidays = draw(st.dictionaries(days, st.lists(hours, max_size=2).map(tuple), max_size=5))
    weeks = st.lists(windows, min_size=1, max_size=12).map(tuple)
    changes = draw(st.dictionaries(days, weeks, max_size=2))
    return WorkCalendar(draw(st.sampled_from(ZONES)), draw(weeks), holidays, changes), start


def offset_changes(zone: str) -> list[datetime]:
    """When ``zone`` changes its offset, as the IANA data list it; only ZoneInfo's Python form
    tells.
    """
    stored = _zoneinfo.ZoneInfo.no_cache(zone)
    before = [stored._tti_before, *stored._ttinfos]
    pairs = zip(stored._trans_utc, before, before[1:], strict=False)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return [
        epoch + timedelta(seconds=at) for at, old, new in pairs if old and old.utcoff != new.utcoff
    ]
