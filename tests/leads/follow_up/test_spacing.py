"""When the next attempt is due, and when its owner is reminded."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.follow_up import spacing
from sla.agreements import default_terms
from sla.worktime import arithmetic
from sla.worktime.calendar import Window, WorkCalendar
from tests.factories import ZONE, when
from tests.sla.worktime.oracle import reads_open

OFFICE = WorkCalendar(ZONE, [Window(day, 9 * 60, 17 * 60) for day in range(5)], {})
SHOP = WorkCalendar(
    ZONE,
    [Window(day, *hours) for day in range(5) for hours in ((9 * 60, 13 * 60), (15 * 60, 19 * 60))],
    {date(2026, 3, 4): []},
)
DAY = timedelta(hours=8)
MONDAY_NOON = when("2026-03-02 12:00")


def test_six_attempts_are_spread_evenly_over_ten_working_days() -> None:
    made = [MONDAY_NOON]
    for left in (5, 4, 3, 2, 1):
        planned = spacing.next_attempt(
            OFFICE,
            accepted_at=MONDAY_NOON,
            at=made[-1],
            left=left,
            window=10 * DAY,
            day=DAY,
        )
        made.append(planned.due_at)
    assert made == [when(f"2026-03-{day} 12:00") for day in ("02", "04", "06", "10", "12", "16")]


def test_attempts_after_the_window_follow_one_working_day_after_another() -> None:
    late = when("2026-03-20 12:00")
    planned = spacing.next_attempt(
        OFFICE, accepted_at=MONDAY_NOON, at=late, left=3, window=10 * DAY, day=DAY
    )
    assert planned.due_at == when("2026-03-23 12:00")


@pytest.mark.parametrize(
    ("calendar", "day", "remind_at", "due_at"),
    [
        (OFFICE, "2026-03-03", "2026-03-03 09:00", "2026-03-03 17:00"),
        (OFFICE, "2026-03-07", "2026-03-09 09:00", "2026-03-09 17:00"),
        (SHOP, "2026-03-03", "2026-03-03 09:00", "2026-03-03 19:00"),
        (SHOP, "2026-03-04", "2026-03-05 09:00", "2026-03-05 19:00"),
        (WorkCalendar.always_open(ZONE), "2026-03-03", "2026-03-03 00:00", "2026-03-03 23:59"),
    ],
    ids=["a working day", "a Saturday", "two windows", "a holiday", "always open"],
)
def test_step_on_a_day_is_due_as_its_work_ends(
    calendar: WorkCalendar, day: str, remind_at: str, due_at: str
) -> None:
    planned = spacing.on_day(calendar, date.fromisoformat(day))
    assert (planned.remind_at, planned.due_at) == (when(remind_at), when(due_at))


@pytest.mark.parametrize(
    ("at", "remind_at"),
    [("2026-03-02 12:00", "2026-03-02 12:00"), ("2026-03-02 17:00", "2026-03-03 09:00")],
)
def test_reminder_keeps_working_hours(at: str, remind_at: str) -> None:
    moment: datetime = when(at)
    assert spacing.at_moment(OFFICE, moment) == spacing.When(moment, when(remind_at))


# -- Any calendar, any term


WEEKS = (
    [Window(day, 9 * 60, 17 * 60) for day in range(5)],
    [Window(day, *hours) for day in range(6) for hours in ((9 * 60, 13 * 60), (15 * 60, 19 * 60))],
    [Window(day, 22 * 60, 30 * 60) for day in range(5)],  # over midnight
)
ZONES = ("America/Mexico_City", "America/Santiago", "Europe/Madrid", "Asia/Kolkata")
FIRST = date(2026, 3, 1)
CALENDARS = st.builds(
    lambda zone, week, off: WorkCalendar(
        zone, week, {FIRST + timedelta(days=number): [] for number in off}
    ),
    st.sampled_from(ZONES),
    st.sampled_from(WEEKS),
    st.sets(st.integers(0, 60), max_size=15),
)
ACCEPTED = st.integers(0, 30 * 24 * 60).map(
    lambda minutes: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
COUNTS = st.integers(2, 9)
TINY = timedelta(milliseconds=1)  # divided times are rounded
NOTHING = timedelta(0)
FEW = settings(max_examples=30, deadline=None, derandomize=True, database=None)


def day_of(calendar: WorkCalendar) -> timedelta:
    return timedelta(minutes=default_terms.day_minutes(calendar))


@given(
    calendar=CALENDARS,
    accepted_at=ACCEPTED,
    count=COUNTS,
    days=st.integers(1, 20),
    begun=st.integers(0, 10),
)
@FEW
def test_agreed_attempts_are_spread_evenly_to_the_end_of_the_window(
    calendar: WorkCalendar, accepted_at: datetime, count: int, days: int, begun: int
) -> None:
    """The first comes somewhere in the window, by tenths; each of the rest when it is due."""
    day = day_of(calendar)
    window = days * day
    made = [arithmetic.add(calendar, accepted_at, begun * window / 10)]
    for left in range(count - 1, 0, -1):
        planned = spacing.next_attempt(
            calendar, accepted_at=accepted_at, at=made[-1], left=left, window=window, day=day
        )
        assert planned.remind_at is not None
        assert reads_open(calendar, planned.remind_at)
        assert arithmetic.between(calendar, planned.due_at, planned.remind_at) == NOTHING
        made.append(planned.due_at)
    gaps = [arithmetic.between(calendar, *pair) for pair in pairwise(made)]
    even = (window - arithmetic.between(calendar, accepted_at, made[0])) / (count - 1)
    if even >= spacing.SOONEST:
        assert all(abs(gap - even) <= count * TINY for gap in gaps)
        assert made[-1] <= arithmetic.add(calendar, accepted_at, window + count * TINY)
    else:
        assert min(gaps) >= min(spacing.SOONEST, window / count) - TINY


@given(calendar=CALENDARS, accepted_at=ACCEPTED, left=COUNTS, late=st.integers(0, 9))
@FEW
def test_after_the_window_each_attempt_is_a_working_day_after_the_last(
    calendar: WorkCalendar, accepted_at: datetime, left: int, late: int
) -> None:
    day = day_of(calendar)
    at = arithmetic.add(calendar, accepted_at, (10 + late) * day)
    planned = spacing.next_attempt(
        calendar, accepted_at=accepted_at, at=at, left=left, window=10 * day, day=day
    )
    assert arithmetic.between(calendar, at, planned.due_at) == day


def test_who_begins_at_the_end_of_the_window_is_not_hurried() -> None:
    at = when("2026-03-16 11:59")  # a minute before the end
    planned = spacing.next_attempt(
        OFFICE, accepted_at=MONDAY_NOON, at=at, left=5, window=10 * DAY, day=DAY
    )
    assert planned.due_at == when("2026-03-16 12:59")


def test_more_attempts_than_hours_keep_what_the_text_says() -> None:
    planned = spacing.next_attempt(
        OFFICE,
        accepted_at=MONDAY_NOON,
        at=MONDAY_NOON,
        left=5,
        window=timedelta(hours=2),
        day=DAY,
    )
    assert planned.due_at == when("2026-03-02 12:24")
