"""Arithmetic of the ladder: when each step is due, and what follows one that an outage held up."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sla.clocks.escalation_times import LadderStep, Run, following, planned_at, read
from sla.worktime.arithmetic import add
from sla.worktime.calendar import Window, WorkCalendar
from tests.factories import OFFICE, ZONE, when

CALENDAR = WorkCalendar(ZONE, tuple(Window(*hours) for hours in OFFICE), {})
KINDS = [("warn", -30), ("breach", 0), ("tell_lead", 30), ("requeue", 60), ("tell_director", 120)]
LADDER = read(
    {"level": n, "kind": kind, "offset_minutes": m} for n, (kind, m) in enumerate(KINDS, start=1)
)
WARN, BREACH, TELL_LEAD, REQUEUE, TELL_DIRECTOR = LADDER


def run(start: str) -> Run:
    """A clock of two hours."""
    limit = timedelta(minutes=120)
    return Run(CALENDAR, when(start), add(CALENDAR, when(start), limit), limit)


def test_ladder_is_read_lowest_level_first() -> None:
    shuffled = [
        {"level": 2, "kind": "breach", "offset_minutes": 0},
        {"level": 1, "kind": "warn", "offset_minutes": -30},
    ]
    assert read(shuffled) == [
        LadderStep(1, "warn", timedelta(minutes=-30)),
        LadderStep(2, "breach", timedelta(0)),
    ]


def test_steps_inside_one_day() -> None:
    clock = run("2026-03-02 10:00")
    assert [planned_at(clock, step) for step in LADDER] == [
        when("2026-03-02 11:30"),
        when("2026-03-02 12:00"),
        when("2026-03-02 12:30"),
        when("2026-03-02 13:00"),
        when("2026-03-02 14:00"),
    ]


def test_steps_over_a_weekend_count_business_time() -> None:
    clock = run("2026-03-06 16:00")
    assert [planned_at(clock, step) for step in LADDER] == [
        when("2026-03-09 09:30"),
        when("2026-03-09 10:00"),
        when("2026-03-09 10:30"),
        when("2026-03-09 11:00"),
        when("2026-03-09 12:00"),
    ]


def test_deadline_at_closing_stays_at_closing_and_the_rest_follows_after_the_weekend() -> None:
    clock = run("2026-03-06 15:00")
    assert [planned_at(clock, step) for step in LADDER] == [
        when("2026-03-06 16:30"),
        when("2026-03-06 17:00"),
        when("2026-03-09 09:30"),
        when("2026-03-09 10:00"),
        when("2026-03-09 11:00"),
    ]


def test_warning_longer_than_the_window_is_due_at_the_start() -> None:
    assert planned_at(
        run("2026-03-02 10:00"), LadderStep(1, "warn", timedelta(minutes=-200))
    ) == when("2026-03-02 10:00")


def climb(start: str, fired: LadderStep, planned: str, at: str) -> tuple[str, datetime] | None:
    found = following(run(start), LADDER, fired, planned=when(planned), at=when(at))
    return found and (found[0].kind, found[1])


@pytest.mark.parametrize(
    ("fired", "planned", "kind", "next_at"),
    [
        (WARN, "2026-03-02 11:30", "breach", "2026-03-02 12:00"),
        (BREACH, "2026-03-02 12:00", "tell_lead", "2026-03-02 12:30"),
        (TELL_LEAD, "2026-03-02 12:30", "requeue", "2026-03-02 13:00"),
        (REQUEUE, "2026-03-02 13:00", "tell_director", "2026-03-02 14:00"),
    ],
)
def test_step_on_time_is_followed_at_its_planned_time(
    fired: LadderStep, planned: str, kind: str, next_at: str
) -> None:
    assert climb("2026-03-02 10:00", fired, planned, planned) == (kind, when(next_at))


def test_step_sixty_seconds_late_counts_as_on_time() -> None:
    found = climb("2026-03-02 10:00", BREACH, "2026-03-02 12:00", "2026-03-02 12:01")
    assert found == ("tell_lead", when("2026-03-02 12:30"))


def test_step_held_up_by_an_outage_is_followed_from_when_it_fired() -> None:
    found = climb("2026-03-02 10:00", BREACH, "2026-03-02 12:00", "2026-03-02 14:10")
    assert found == ("tell_lead", when("2026-03-02 14:40"))


def test_step_after_one_that_an_outage_moved_keeps_its_distance() -> None:
    """The lead was told at 14:40, on the moved time: the requeue is 30 minutes later, not overdue
    since 13:00.
    """
    found = climb("2026-03-02 10:00", TELL_LEAD, "2026-03-02 14:40", "2026-03-02 14:40:05")
    assert found == ("requeue", when("2026-03-02 15:10"))


def test_distance_after_an_outage_is_business_time() -> None:
    found = climb("2026-03-06 10:00", BREACH, "2026-03-06 12:00", "2026-03-06 16:50")
    assert found == ("tell_lead", when("2026-03-09 09:20"))


def test_step_fired_outside_office_hours_after_an_outage_is_followed_after_opening() -> None:
    found = climb("2026-03-06 10:00", BREACH, "2026-03-06 12:00", "2026-03-07 11:00")
    assert found == ("tell_lead", when("2026-03-09 09:30"))


def test_late_warning_never_moves_the_deadline() -> None:
    found = climb("2026-03-02 10:00", WARN, "2026-03-02 11:30", "2026-03-02 11:50")
    assert found == ("breach", when("2026-03-02 12:00"))


def test_nothing_follows_the_top() -> None:
    assert climb("2026-03-02 10:00", TELL_DIRECTOR, "2026-03-02 14:00", "2026-03-02 14:00") is None


def test_two_steps_of_the_same_offset_follow_at_once() -> None:
    ladder = [BREACH, LadderStep(3, "tell_lead", timedelta(0))]
    clock = run("2026-03-06 15:00")
    found = following(clock, ladder, BREACH, planned=clock.due_at, at=clock.due_at)
    assert found == (ladder[1], when("2026-03-06 17:00"))


def test_two_steps_of_the_same_later_offset_follow_at_once_on_a_moved_time() -> None:
    ladder = [TELL_LEAD, LadderStep(4, "tell_director", timedelta(minutes=30))]
    moved = when("2026-03-06 17:00")
    found = following(run("2026-03-06 10:00"), ladder, TELL_LEAD, planned=moved, at=moved)
    assert found == (ladder[1], moved)
