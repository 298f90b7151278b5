"""How many MQLs are due, by working days. Pure: plain data in and out.

A version of an agreement promises so many a month. What it promises for some days is the share that
these days have of the working days of their month, in the version's own calendar.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from sla.worktime.calendar import WorkCalendar

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Promise:
    """``a_month`` MQLs, promised by one version for the dates ``first`` to ``last``, included."""

    a_month: Fraction
    calendar: WorkCalendar
    first: date
    last: date


def due(promises: Iterable[Promise], until: date) -> Fraction:
    """Return how many MQLs ``promises`` together ask for by the end of ``until``."""
    return sum((_due_of(promise, until) for promise in promises), Fraction(0))


def working_days(calendar: WorkCalendar, first: date, last: date) -> int:
    """Return the number of dates from ``first`` to ``last`` on which ``calendar`` opens."""
    length = (last - first).days + 1
    days = (first + number * DAY for number in range(length))
    return sum(1 for day in days if calendar.hours_on(day))


def _due_of(promise: Promise, until: date) -> Fraction:
    last = min(promise.last, until)
    total = Fraction(0)
    for first_of_month, last_of_month in _months(promise.first, last):
        in_month = working_days(promise.calendar, first_of_month, last_of_month)
        # A month without working days has no target.
        if not in_month:
            continue
        begins = max(promise.first, first_of_month)
        ends = min(last, last_of_month)
        worked = working_days(promise.calendar, begins, ends)
        total += promise.a_month * Fraction(worked, in_month)
    return total


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Return the first and the last date of each month from ``first`` to ``last``."""
    begins = first.replace(day=1)
    while begins <= last:
        length = monthrange(begins.year, begins.month)[1]
        ends = begins.replace(day=length)
        yield begins, ends
        begins = ends + DAY
