"""A working calendar as plain data: what it refuses, and that JSON, copies and pickles keep it."""

import copy
import json
import pickle
from dataclasses import replace
from datetime import date

import pytest

from sla.worktime.calendar import Window, WorkCalendar, overlap

WORKDAY = (Window(0, 540, 1020),)
OFFICE = tuple(Window(weekday, 540, 1020) for weekday in range(5))
CHRISTMAS = {date(2025, 12, 25): (), date(2025, 12, 24): ((540, 780), (1380, 1500))}
STORED = WorkCalendar("America/Santiago", OFFICE, CHRISTMAS)


@pytest.mark.parametrize(
    "zone",
    ["", "Nowhere/Town", "America", "../UTC", "localtime", "right/UTC", "\0", "\ud800", None, 5],
)
def test_zone_that_is_not_iana_is_refused(zone):
    with pytest.raises(ValueError, match=r"^zone must be"):
        WorkCalendar(zone, WORKDAY, {})


def test_json_round_trip_is_exact():
    assert STORED.to_json() == {
        "zone": "America/Santiago",
        "windows": [[0, 540, 1020], [1, 540, 1020], [2, 540, 1020], [3, 540, 1020], [4, 540, 1020]],
        "holidays": {"2025-12-24": [[540, 780], [1380, 1500]], "2025-12-25": []},
    }
    again = WorkCalendar.from_json(json.loads(json.dumps(STORED.to_json())))
    assert again == STORED
    assert hash(again) == hash(STORED)
    assert again.to_json() == STORED.to_json()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"zone": "Nowhere"}, "zone"),
        ({"windows": {}}, "windows"),
        ({"windows": []}, "windows"),
        ({"windows": [[0, 540]]}, "windows"),
        ({"windows": [[0, 540, "1020"]]}, "closes"),
        ({"holidays": []}, "holidays"),
        ({"holidays": {"20251225": []}}, "holidays"),
        ({"holidays": {"2025-02-30": []}}, "holidays"),
        ({"holidays": {"2025-12-25": [[540]]}}, "holidays"),
        ({"holidays": {"2025-12-25": 7}}, "holidays"),
        ({"changes": []}, "changes"),
        ({"changes": {"2026-1-1": [[0, 540, 1020]]}}, "changes"),
        ({"changes": {"2026-01-01": []}}, r"changes\[2026-01-01\]"),
        ({"changes": {"2026-01-01": [[0, 540]]}}, r"changes\[2026-01-01\]"),
        ({"names": {"2025-12-25": None}}, r"names\[2025-12-25\]"),
        ({"extra": 1}, "fields"),
    ],
)
def test_bad_json_is_refused_by_field(change, field):
    with pytest.raises(ValueError, match=field):
        WorkCalendar.from_json(STORED.to_json() | change)


@pytest.mark.parametrize(
    "stored", [{"zone": "UTC", "windows": [[0, 540, 1020]]}, {}, [], None, "UTC"]
)
def test_json_without_its_fields_is_refused(stored):
    with pytest.raises(ValueError, match="has the fields"):
        WorkCalendar.from_json(stored)


def test_calendar_survives_pickle_and_copy():
    assert pickle.loads(pickle.dumps(STORED)) == copy.deepcopy(STORED) == STORED


@pytest.mark.parametrize(
    "change",
    [
        {"zone": "America/Bogota"},
        {"windows": WORKDAY},
        {"holidays": {}},
        {"changes": {date(2026, 1, 1): WORKDAY}},
    ],
)
def test_calendars_differ_by_any_field(change):
    assert replace(STORED, **change) != STORED


def test_calendar_does_not_follow_later_changes_of_what_it_was_made_from():
    holidays = {date(2025, 3, 10): ()}
    shut = WorkCalendar("America/Bogota", OFFICE, holidays)
    holidays.clear()
    assert shut.holidays == {date(2025, 3, 10): ()}
    with pytest.raises(TypeError):
        shut.holidays[date(2025, 3, 11)] = ()


@pytest.mark.parametrize(
    ("windows", "weekday"),
    [
        ([(0, 540, 1020), (0, 1020, 1080), (1, 0, 60)], None),
        ([(0, 540, 1020), (0, 1000, 1080)], 0),
        ([(4, 1320, 1800), (5, 300, 600)], 5),
        ([(4, 1320, 1800), (5, 360, 600)], None),
        ([(6, 1320, 1800), (0, 300, 600)], 0),
        ([(2, 0, 1440), (3, 0, 1440)], None),
        ([(6, 600, 2040)], None),
        ([], None),
    ],
)
def test_overlap_names_the_day_that_begins_too_early(windows, weekday):
    assert overlap(windows) == weekday
