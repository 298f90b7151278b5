"""Weekly hours that change on a date, extra openings and shortened days."""

import json
import pickle
from datetime import date, datetime, timedelta

import pytest

from sla.worktime.arithmetic import add, between, is_open, next_close, next_open
from sla.worktime.calendar import CalendarNeverOpen, Window, WorkCalendar
from tests.sla.worktime.oracle import HOUR, MINUTE

at = datetime.fromisoformat
ZONE = "America/Mexico_City"
OFFICE = tuple(Window(weekday, 540, 1020) for weekday in range(5))
SHORT = tuple(Window(weekday, 600, 840) for weekday in range(5))
NIGHT = (Window(3, 1320, 1800),)
NEW_YEAR = date(2027, 1, 1)  # a Friday


def turning(before=OFFICE, after=SHORT, on=NEW_YEAR, holidays=None) -> WorkCalendar:
    return WorkCalendar(ZONE, before, holidays or {}, {on: after})


def test_hours_of_a_later_date_count_from_that_date_on():
    work = turning()
    assert next_open(work, at("2026-12-31T00:00-06:00")) == at("2026-12-31T09:00-06:00")
    assert next_close(work, at("2026-12-31T09:00-06:00")) == at("2026-12-31T17:00-06:00")
    assert next_open(work, at("2026-12-31T17:00-06:00")) == at("2027-01-01T10:00-06:00")
    assert (
        between(work, at("2026-12-28T00:00-06:00"), at("2027-01-09T00:00-06:00"))
        == (4 * 8 + 6 * 4) * HOUR
    )


def test_deadline_crosses_the_change_of_hours():
    assert add(turning(), at("2026-12-31T16:00-06:00"), 3 * HOUR) == at("2027-01-01T12:00-06:00")


def test_each_change_counts_until_the_next():
    twice = WorkCalendar(ZONE, OFFICE, {}, {date(2027, 2, 1): OFFICE, NEW_YEAR: SHORT})
    opened = [
        next_open(twice, at(f"{day}T00:00-06:00")).astimezone(at("2027-01-01T00:00-06:00").tzinfo)
        for day in ("2026-12-31", "2027-01-29", "2027-02-01")
    ]
    assert [moment.hour for moment in opened] == [9, 10, 9]


def test_night_that_began_before_the_change_runs_on():
    work = turning(before=NIGHT, after=SHORT)
    assert next_close(work, at("2026-12-31T23:00-06:00")) == at("2027-01-01T06:00-06:00")
    assert next_open(work, at("2027-01-01T06:00-06:00")) == at("2027-01-01T10:00-06:00")


def test_holiday_stands_above_the_hours_of_a_later_date():
    work = turning(holidays={NEW_YEAR: ()})
    assert next_open(work, at("2026-12-31T17:00-06:00")) == at("2027-01-04T10:00-06:00")


def test_a_saturday_that_is_open_counts():
    work = WorkCalendar(ZONE, OFFICE, {date(2026, 11, 28): ((600, 780),)})
    assert add(work, at("2026-11-27T16:30-06:00"), 2 * HOUR) == at("2026-11-28T11:30-06:00")
    assert not is_open(work, at("2026-12-05T11:00-06:00"))


def test_a_shortened_day_closes_early():
    work = WorkCalendar(ZONE, OFFICE, {date(2026, 12, 24): ((540, 660), (720, 780))})
    assert add(work, at("2026-12-24T10:30-06:00"), HOUR) == at("2026-12-24T12:30-06:00")
    assert add(work, at("2026-12-24T12:30-06:00"), HOUR) == at("2026-12-25T09:30-06:00")


def test_json_keeps_changes_and_names():
    work = WorkCalendar(
        ZONE, OFFICE, {date(2026, 12, 25): ()}, {NEW_YEAR: SHORT}, {date(2026, 12, 25): "Navidad"}
    )
    stored = work.to_json()
    assert (stored["changes"], stored["names"]) == (
        {"2027-01-01": [[0, 600, 840], [1, 600, 840], [2, 600, 840], [3, 600, 840], [4, 600, 840]]},
        {"2026-12-25": "Navidad"},
    )
    again = WorkCalendar.from_json(json.loads(json.dumps(stored)))
    assert (again, again.names, again.to_json()) == (work, work.names, stored)
    assert pickle.loads(pickle.dumps(work)).to_json() == stored


def test_json_of_before_is_read():
    """What clocks carry that were started before calendars had changes and names."""
    old = {
        "zone": ZONE,
        "windows": [[0, 540, 1020]],
        "holidays": {"2026-12-25": [], "2026-12-24": [[540, 780]]},
    }
    read = WorkCalendar.from_json(old)
    assert (read.changes, read.names, read.to_json()) == (
        {},
        {},
        old | {"holidays": dict(sorted(old["holidays"].items()))},
    )


def test_names_do_not_make_two_calendars():
    named = WorkCalendar(ZONE, OFFICE, {NEW_YEAR: ()}, names={NEW_YEAR: "Año Nuevo"})
    assert named == WorkCalendar(ZONE, OFFICE, {NEW_YEAR: ()})


def test_change_to_hours_that_holidays_close_for_ever_never_opens():
    shut = {NEW_YEAR + timedelta(days=number): () for number in range(3 * 366)}
    with pytest.raises(CalendarNeverOpen):
        add(turning(holidays=shut), at("2026-12-31T16:59-06:00"), 2 * MINUTE)
