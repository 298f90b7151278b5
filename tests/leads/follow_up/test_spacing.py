"""When the next attempt is due, and when its owner is reminded."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from leads.follow_up import spacing
from sla.worktime.calendar import Window, WorkCalendar
from tests.factories import ZONE, when

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
        (WorkCalendar.always_open(ZONE), "2026-03-03", "2026-03-03 00:00", "2026-03-04 00:00"),
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
