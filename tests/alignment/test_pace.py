"""How many MQLs are due: shares of months in working days, and versions that follow each other."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from crm.alignment.numbers.pace import Promise, due, working_days
from sla.worktime.calendar import Window, WorkCalendar

ZONE = "America/Mexico_City"


def weekdays(*days: int, **differing: object) -> WorkCalendar:
    """A calendar open from 9 to 18 on ``days``, 0 for Monday."""
    windows = tuple(Window(day, 540, 1080) for day in days)
    return WorkCalendar(ZONE, windows, **differing)  # type: ignore[arg-type]


FIVE = weekdays(0, 1, 2, 3, 4)
SIX = weekdays(0, 1, 2, 3, 4, 5)
# In November 2026: 21 weekdays, 20 of them without Monday 16.
HOLIDAY = weekdays(0, 1, 2, 3, 4, holidays={date(2026, 11, 16): ()})
SATURDAY = weekdays(0, 1, 2, 3, 4, holidays={date(2026, 11, 7): ((540, 720),)})
CLOSED = weekdays(0, holidays={date(2026, 11, day): () for day in (2, 9, 16, 23, 30)})
FOUR_LATER = weekdays(
    0, 1, 2, 3, 4, changes={date(2026, 11, 16): tuple(Window(d, 540, 1080) for d in range(4))}
)


def on(text: str) -> date:
    return date.fromisoformat(text)


def promised(a_month: int, first: str, last: str, calendar: WorkCalendar = FIVE) -> Promise:
    return Promise(Fraction(a_month), calendar, on(first), on(last))


@pytest.mark.parametrize(
    ("calendar", "first", "last", "days"),
    [
        (FIVE, "2026-11-01", "2026-11-30", 21),
        (FIVE, "2026-11-07", "2026-11-08", 0),
        (FIVE, "2026-11-09", "2026-11-08", 0),
        (SIX, "2026-11-01", "2026-11-30", 25),
        (HOLIDAY, "2026-11-01", "2026-11-30", 20),
        (SATURDAY, "2026-11-01", "2026-11-30", 22),
        (FOUR_LATER, "2026-11-01", "2026-11-30", 19),
        (CLOSED, "2026-11-01", "2026-11-30", 0),
    ],
)
def test_working_days_are_those_on_which_the_calendar_opens(
    calendar: WorkCalendar, first: str, last: str, days: int
) -> None:
    assert working_days(calendar, on(first), on(last)) == days


CASES = {
    "whole month": ([promised(60, "2026-11-01", "2026-11-30")], "2026-11-30", Fraction(60)),
    "up to a day": ([promised(63, "2026-11-01", "2026-11-30")], "2026-11-13", Fraction(30)),
    "a weekend adds nothing": (
        [promised(63, "2026-11-01", "2026-11-30")],
        "2026-11-15",
        Fraction(30),
    ),
    "before the first day": ([promised(60, "2026-11-02", "2026-11-30")], "2026-11-01", Fraction(0)),
    "holiday": (
        [promised(60, "2026-11-01", "2026-11-30", HOLIDAY)],
        "2026-11-16",
        Fraction(60 * 10, 20),
    ),
    "two months have their own days": (
        [promised(21, "2026-10-15", "2026-11-13")],
        "2026-12-31",
        Fraction(21 * 12, 22) + Fraction(21 * 10, 21),
    ),
    "over the turn of the year": (
        [promised(23, "2026-12-31", "2027-01-01")],
        "2027-01-31",
        Fraction(23, 23) + Fraction(23, 21),
    ),
    "versions that follow each other": (
        [promised(42, "2026-11-01", "2026-11-15"), promised(84, "2026-11-16", "2026-11-30")],
        "2026-11-30",
        Fraction(42 * 10, 21) + Fraction(84 * 11, 21),
    ),
    "the later version is not due yet": (
        [promised(42, "2026-11-01", "2026-11-15"), promised(84, "2026-11-16", "2026-11-30")],
        "2026-11-15",
        Fraction(20),
    ),
    "versions with calendars of their own": (
        [
            promised(20, "2026-11-01", "2026-11-15", HOLIDAY),
            promised(25, "2026-11-16", "2026-11-30", SIX),
        ],
        "2026-11-30",
        Fraction(10) + Fraction(13),
    ),
    "two agreements side by side": (
        [promised(42, "2026-11-01", "2026-11-30"), promised(21, "2026-11-01", "2026-11-30")],
        "2026-11-13",
        Fraction(30),
    ),
    "a month in which nobody works": (
        [promised(60, "2026-11-01", "2026-11-30", CLOSED)],
        "2026-11-30",
        Fraction(0),
    ),
    "nothing promised": ([], "2026-11-30", Fraction(0)),
}


@pytest.mark.parametrize("name", CASES)
def test_due(name: str) -> None:
    promises, until, expected = CASES[name]
    assert due(promises, on(until)) == expected
