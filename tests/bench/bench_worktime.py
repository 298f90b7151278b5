"""What business time costs, beside the package businesstimedelta and beside a loop over minutes.

Each question is asked of an office that is open from Monday to Friday, 9 to 17, and all three must
agree on the answer. CPU of one call; "first" is a calendar that nobody has asked yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

import businesstimedelta
import pytz

from sla.worktime import arithmetic, weeks
from sla.worktime.calendar import Window, WorkCalendar

ZONE = "America/Bogota"  # without clock changes: with them businesstimedelta would not agree
OFFICE = WorkCalendar(ZONE, tuple(Window(weekday, 540, 1020) for weekday in range(5)))
START = datetime(2025, 3, 5, 15, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SPANS = (("a week", timedelta(days=7), 100e-6), ("a year", timedelta(days=365), 5e-3))
ROW = "{:<30} {:>11} {:>11} {:>20} {:>20}  {}"


@dataclass(frozen=True)
class Measured:
    """Seconds of CPU of one call: ours, ours the first time, and the two others."""

    name: str
    ours: float
    first: float
    package: float
    loop: float
    allowed: float

    @property
    def over(self) -> bool:
        return max(self.ours, self.first) > self.allowed


def cpu(
    ask: Callable[[], Any], *, before: Callable[[], Any] | None = None, seconds: float = 0.3
) -> float:
    """CPU of one call, the least of several, for about ``seconds`` in all and at least twice."""
    taken: list[float] = []
    while len(taken) < 2 or (sum(taken) < seconds and len(taken) < 2000):
        if before:
            before()
        begun = time.process_time()
        ask()
        taken.append(time.process_time() - begun)
    return min(taken)


def loop_between(start: datetime, end: datetime) -> timedelta:
    """Every minute looked up on the wall clock."""
    zone, moment, counted = ZoneInfo(ZONE), start, 0
    while moment < end:
        local = moment.astimezone(zone)
        counted += local.weekday() < 5 and 9 <= local.hour < 17
        moment += MINUTE
    return counted * MINUTE


def loop_add(start: datetime, duration: timedelta) -> datetime:
    """On and on, a minute at a time, until enough are counted."""
    zone, moment, left = ZoneInfo(ZONE), start, duration // MINUTE
    while left:
        local = moment.astimezone(zone)
        left -= local.weekday() < 5 and 9 <= local.hour < 17
        moment += MINUTE
    return moment


def package_rules() -> Any:
    day = businesstimedelta.WorkDayRule(
        start_time=clock_time(9),
        end_time=clock_time(17),
        working_days=[0, 1, 2, 3, 4],
        tz=pytz.timezone(ZONE),
    )
    return businesstimedelta.Rules([day])


def measured() -> Iterator[Measured]:
    """Each question, measured after the three answers were found equal."""
    rules = package_rules()
    for name, span, allowed in SPANS:
        end = START + span
        length = arithmetic.between(OFFICE, START, end)
        hours = length / timedelta(hours=1)
        asks: dict[str, tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any]]] = {
            f"open time within {name}": (
                lambda end=end: arithmetic.between(OFFICE, START, end),
                lambda end=end: rules.difference(START, end).timedelta,
                lambda end=end: loop_between(START, end),
            ),
            f"deadline {name} ahead": (
                lambda length=length: arithmetic.add(OFFICE, START, length),
                lambda hours=hours: START + businesstimedelta.BusinessTimeDelta(rules, hours=hours),
                lambda length=length: loop_add(START, length),
            ),
        }
        for question, (ours, package, loop) in asks.items():
            assert ours() == package() == loop(), question
            yield Measured(
                question,
                ours=cpu(ours),
                first=cpu(ours, before=weeks.open_week.cache_clear),
                package=cpu(package),
                loop=cpu(loop),
                allowed=allowed,
            )


def report() -> list[Measured]:
    """Print the table; its rows."""
    print(
        ROW.format(
            "business time",
            "µs",
            "first µs",
            "businesstimedelta",
            "loop over minutes",
            "over budget",
        )
    )
    rows = []
    for row in measured():
        rows.append(row)
        others = (
            f"{other * 1e6:,.0f} µs ({other / row.ours:,.0f}×)" for other in (row.package, row.loop)
        )
        over = f"> {row.allowed * 1e6:,.0f} µs" if row.over else ""
        print(
            ROW.format(
                row.name, f"{row.ours * 1e6:,.1f}", f"{row.first * 1e6:,.0f}", *others, over
            ),
            flush=True,
        )
    return rows


if __name__ == "__main__":
    report()
