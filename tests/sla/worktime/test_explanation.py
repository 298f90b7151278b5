"""Why a deadline falls where it falls."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given

from sla.worktime.arithmetic import add, between
from sla.worktime.calendar import CalendarNeverOpen, Window, WorkCalendar
from sla.worktime.explanation import Why, explain
from tests.sla.worktime import oracle
from tests.sla.worktime.oracle import HOUR, MINUTE, NOTHING, cases, durations

at = datetime.fromisoformat
ZONE = "America/Mexico_City"
OFFICE = tuple(Window(weekday, 540, 1020) for weekday in range(5))
LUNCH = tuple(
    Window(weekday, *hours) for weekday in range(5) for hours in ((540, 840), (900, 1080))
)
CHRISTMAS = {date(2026, 12, 24): ((540, 780),), date(2026, 12, 25): ()}
NAMES = {date(2026, 12, 24): "Nochebuena", date(2026, 12, 25): "Navidad"}


def explained(
    work: WorkCalendar, start: str, duration: timedelta
) -> list[tuple[str, str, str, timedelta, str]]:
    """The steps as (why, since, until, counted, name), times as the calendar's wall clock shows
    them.
    """
    zone = ZoneInfo(work.zone)
    return [
        (
            step.why.value,
            step.since.astimezone(zone).strftime("%a %d %H:%M"),
            step.until.astimezone(zone).strftime("%a %d %H:%M"),
            step.counted,
            step.name,
        )
        for step in explain(work, at(start), duration)
    ]


def test_saturday_afternoon_waits_for_monday():
    """Frappe CRM answers 16:00 of the same Saturday."""
    assert explained(WorkCalendar(ZONE, OFFICE), "2026-11-28T15:00-06:00", HOUR) == [
        ("day_off", "Sat 28 15:00", "Mon 30 00:00", NOTHING, ""),
        ("before", "Mon 30 00:00", "Mon 30 09:00", NOTHING, ""),
        ("open", "Mon 30 09:00", "Mon 30 10:00", HOUR, ""),
    ]


def test_holidays_and_shortened_days_are_named():
    work = WorkCalendar(ZONE, OFFICE, CHRISTMAS, names=NAMES)
    assert explained(work, "2026-12-24T12:00-06:00", 2 * HOUR) == [
        ("open", "Thu 24 12:00", "Thu 24 13:00", HOUR, "Nochebuena"),
        ("after", "Thu 24 13:00", "Fri 25 00:00", NOTHING, "Nochebuena"),
        ("holiday", "Fri 25 00:00", "Sat 26 00:00", NOTHING, "Navidad"),
        ("day_off", "Sat 26 00:00", "Mon 28 00:00", NOTHING, ""),
        ("before", "Mon 28 00:00", "Mon 28 09:00", NOTHING, ""),
        ("open", "Mon 28 09:00", "Mon 28 10:00", HOUR, ""),
    ]


def test_lunch_is_a_break():
    assert explained(WorkCalendar(ZONE, LUNCH), "2026-11-30T13:30-06:00", HOUR) == [
        ("open", "Mon 30 13:30", "Mon 30 14:00", 30 * MINUTE, ""),
        ("break", "Mon 30 14:00", "Mon 30 15:00", NOTHING, ""),
        ("open", "Mon 30 15:00", "Mon 30 15:30", 30 * MINUTE, ""),
    ]


def test_what_is_left_runs_down_to_nothing():
    steps = explain(WorkCalendar(ZONE, LUNCH), at("2026-11-30T13:30-06:00"), 3 * HOUR)
    assert [step.left for step in steps] == [150 * MINUTE, 150 * MINUTE, NOTHING]


def test_night_and_end_of_a_utc_week_are_one_stretch():
    # UTC weeks end on Wednesdays at 18:00 of Mexico City.
    work = WorkCalendar(ZONE, (Window(2, 960, 1800),))
    assert explained(work, "2026-11-25T15:00-06:00", 12 * HOUR) == [
        ("before", "Wed 25 15:00", "Wed 25 16:00", NOTHING, ""),
        ("open", "Wed 25 16:00", "Thu 26 04:00", 12 * HOUR, ""),
    ]


def test_steps_tell_which_weekly_hours_they_are_of():
    work = WorkCalendar(
        ZONE, OFFICE, {}, {date(2027, 1, 1): tuple(Window(day, 600, 840) for day in range(5))}
    )
    steps = explain(work, at("2026-12-31T16:00-06:00"), 2 * HOUR)
    assert [(step.why, step.week_since) for step in steps] == [
        (Why.OPEN, None),
        (Why.AFTER, None),
        (Why.BEFORE, date(2027, 1, 1)),
        (Why.OPEN, date(2027, 1, 1)),
    ]


def test_nothing_to_explain_where_it_is_due_at_once():
    assert explain(WorkCalendar(ZONE, OFFICE), at("2026-11-30T10:00-06:00"), NOTHING) == []


def test_hour_that_passes_twice_counts_twice():
    first_hours = WorkCalendar("America/Havana", (Window(6, 0, 120),))
    assert explained(first_hours, "2024-11-02T23:00-04:00", 3 * HOUR) == [
        ("day_off", "Sat 02 23:00", "Sun 03 00:00", NOTHING, ""),
        ("open", "Sun 03 00:00", "Sun 03 02:00", 3 * HOUR, ""),
    ]


@pytest.mark.properties
@given(cases(), durations)
def test_steps_follow_each_other_and_add_up(case, lasting):
    work, start = case
    lasting = min(lasting, 300 * HOUR)
    try:
        due = add(work, start, lasting)
        # A minute a week: whoever reads that far is not helped by an explanation.
        assume(due - start < timedelta(days=400))
    except CalendarNeverOpen:
        assume(False)
    steps = explain(work, start, lasting)
    ends = [start, *(step.until for step in steps)]
    assert [step.since for step in steps] == ends[:-1]
    assert ends[-1] == due
    assert sum((step.counted for step in steps), NOTHING) == lasting
    left = lasting
    for step in steps:
        assert step.since < step.until
        assert step.counted == between(work, step.since, step.until)
        assert step.counted == (step.until - step.since if step.why is Why.OPEN else NOTHING)
        left -= step.counted
        assert step.left == left
        assert oracle.reads_open(work, step.since) is (step.why is Why.OPEN)
