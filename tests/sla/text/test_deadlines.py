"""Hours, weeks and explanations in words."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from crm.lib import number_formats
from sla.calendars import hours_text
from sla.text import deadlines
from sla.views import calendar_overview
from sla.worktime.calendar import Window, WorkCalendar
from sla.worktime.explanation import explain

ZONE = "America/Mexico_City"
SPLIT = [Window(day, *span) for day in range(5) for span in ((540, 840), (900, 1080))]


@pytest.fixture(autouse=True)
def english() -> Any:
    with translation.override("en"):
        yield


def explained(work: WorkCalendar, at: str, duration: timedelta) -> list[str]:
    found = deadlines.explanation(explain(work, datetime.fromisoformat(at), duration), work.zone)
    return [line.text.replace("\u00a0", " ") for line in (*found.first, *found.folded, *found.last)]


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([], "closed"),
        ([(540, 1020)], "09:00–17:00"),
        ([(540, 840), (900, 1080)], "09:00–14:00, 15:00–18:00"),
        ([(1320, 1800)], "22:00–06:00 (next day)"),
        ([(0, 1440)], "00:00–24:00"),
    ],
)
def test_hours_in_words(spans: list[tuple[int, int]], said: str) -> None:
    assert deadlines.hours_words(spans) == said


def test_times_follow_the_region() -> None:
    with number_formats.override(number_formats.of("en-US")):
        assert deadlines.hours_words([(540, 1020)]) == "9:00\u00a0a.m.–5:00\u00a0p.m."
        assert deadlines.whole_day_words(date(2026, 11, 30)) == "Monday, November 30, 2026"


def test_days_with_the_same_hours_stand_together() -> None:
    week = WorkCalendar(ZONE, (*SPLIT, Window(5, 600, 780), Window(6, 600, 780))).weeks[0]
    assert (
        deadlines.week_words(week)
        == "Monday to Friday 09:00–14:00, 15:00–18:00; Saturday and Sunday 10:00–13:00"
    )


def test_lunch_and_night_are_explained() -> None:
    assert explained(
        WorkCalendar(ZONE, tuple(SPLIT)), "2026-11-30T13:30-06:00", timedelta(hours=4)
    ) == [
        "Monday 30 November, 13:30 to 14:00: the clock counts 30 min. 3 h 30 min left.",
        "Monday 30 November: closed from 14:00 to 15:00.",
        "Monday 30 November, 15:00 to 18:00: the clock counts 3 h. 30 min left.",
        "Monday 30 November, 18:00: closed until Tuesday 1 December, 09:00.",
        "Tuesday 1 December, 09:00 to 09:30: the clock counts 30 min. Nothing left.",
    ]


def test_hour_that_passes_twice_is_explained() -> None:
    work = WorkCalendar("America/Havana", (Window(6, 0, 120),))
    assert explained(work, "2024-11-03T00:00-04:00", timedelta(hours=3)) == [
        "Sunday 3 November, 00:00 to 02:00: the clock counts 3 h. The clocks change in between."
        " Nothing left."
    ]


def test_nothing_is_explained_where_it_is_due_at_once() -> None:
    assert explained(WorkCalendar(ZONE, tuple(SPLIT)), "2026-11-30T10:00-06:00", timedelta(0)) == []


def test_night_is_drawn_into_the_next_day() -> None:
    work = WorkCalendar(ZONE, (Window(6, 1320, 1800), Window(0, 600, 660)))
    days = calendar_overview.weeks(work, at=datetime.fromisoformat("2026-11-30T10:00-06:00"))[
        0
    ].days
    assert [(bar.start, bar.length, bar.is_tail) for bar in days[0].bars] == [
        (0, 360, True),
        (600, 60, False),
    ]
    assert [(bar.start, bar.length, bar.is_tail) for bar in days[6].bars] == [(1320, 120, False)]


def test_hours_that_overlap_say_so() -> None:
    with pytest.raises(hours_text.OverlappingHours) as refused:
        hours_text.read("9-14, 13-18")
    assert str(refused.value) == "“13-18” overlaps with other hours of the same day."
