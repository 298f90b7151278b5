"""Moving moments by whole weeks in local time."""

from __future__ import annotations

from datetime import datetime

import pytest

from crm.demo.recording.moments import Shift, change_at, paths_in

MEXICO = Shift(3, "America/Mexico_City")
NEW_YORK = Shift(3, "America/New_York")  # clocks change on 8 March 2026


@pytest.mark.parametrize(
    ("shift", "text", "moved"),
    [
        (MEXICO, "2026-02-20", "2026-03-13"),
        (MEXICO, "2026-02-20T15:30:00+00:00", "2026-03-13T15:30:00+00:00"),
        (MEXICO, "2026-02-20 15:30:00.25+00", "2026-03-13T15:30:00.250000+00:00"),
        (NEW_YORK, "2026-02-20T14:00:00+00:00", "2026-03-13T13:00:00+00:00"),  # nine o'clock twice
        (NEW_YORK, "2026-02-20T09:00:00-05:00", "2026-03-13T13:00:00+00:00"),
        (Shift(-3, "America/New_York"), "2026-03-13T13:00:00+00:00", "2026-02-20T14:00:00+00:00"),
        (Shift(52, "America/New_York"), "2026-02-20T14:00:00+00:00", "2027-02-19T14:00:00+00:00"),
    ],
)
def test_moment_moves_in_local_time(shift: Shift, text: str, moved: str) -> None:
    assert shift.text(text) == moved


def test_both_ends_of_a_range_move() -> None:
    during = '["2026-02-20 16:00:00+00","2026-02-27 16:00:00+00")'
    assert MEXICO.text(during) == '["2026-03-13T16:00:00+00:00","2026-03-20T16:00:00+00:00")'


@pytest.mark.parametrize(
    "text", ["", "80,000 MXN", "+52 55 4000 1012", "2026", "10:15", "handoff:12:new"]
)
def test_what_is_no_moment_stays(text: str) -> None:
    assert (MEXICO.text(text), list(paths_in(text, "x"))) == (text, [])


def test_time_that_clocks_skip_is_still_a_moment() -> None:
    """2:30 on 8 March does not exist in New York: an hour later on the wall, and never before its
    neighbours.
    """
    before, skipped, after = (
        datetime.fromisoformat(NEW_YORK.text(f"2026-02-15T{time}-05:00"))
        for time in ("01:59", "02:30", "03:31")
    )
    assert before < skipped < after


def test_moment_is_found_wherever_it_stands() -> None:
    payload = {
        "due_at": "2026-03-02T16:00:00+00:00",
        "log": [{"on": "2026-03-02", "points": 3}],
        "pairs": [["sent_form", "2026-03-02"]],
        "days": {"2026-12-25": "Navidad"},
        "team": "Ventas",
    }
    found = {"x.due_at", "x.log.*.on", "x.pairs.*.*", "x.days.<key>"}
    assert set(paths_in(payload, "x")) == found


def test_only_the_named_place_changes() -> None:
    payload = {"log": [{"on": "2026-02-20"}, {"off": "2026-02-20"}], "other": "2026-02-20"}
    moved = {"log": [{"on": "2026-03-13"}, {"off": "2026-02-20"}], "other": "2026-02-20"}
    assert change_at(payload, ["log", "*", "on"], MEXICO.text) == moved
    assert change_at({"log": None}, ["log", "*", "on"], MEXICO.text) == {"log": None}
