"""The dates of a calendar that differ: put, moved, removed, copied from a list, settled."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crm.audit.models import Entry
from sla.calendars import special_days, work_calendars
from sla.calendars.special_days import HolidayMatch
from sla.models import Calendar
from tests.factories import SIGNED_AT, Cast

EVE, CHRISTMAS, SATURDAY = date(2026, 12, 24), date(2026, 12, 25), date(2026, 11, 28)


def days(calendar: Calendar) -> dict[str, Any]:
    found = Calendar.objects.get(pk=calendar.pk).holidays.all()
    return {day.on.isoformat(): (day.name, work_calendars.hours_of(day)) for day in found}


def put(cast: Cast, on: date, name: str, hours: Any = (), **more: Any) -> None:
    special_days.set_day(cast.calendar, on, name, hours, by=cast.root, at=SIGNED_AT, **more)


def last() -> tuple[str, dict[str, Any]]:
    entry = Entry.objects.latest("pk")
    return entry.verb, entry.payload


def test_a_signed_calendar_takes_days_that_differ(cast: Cast) -> None:
    put(cast, CHRISTMAS, "Navidad")
    put(cast, EVE, "Nochebuena", [(540, 660), (720, 780)])
    put(cast, SATURDAY, "Inventario", [(600, 780)])
    assert days(cast.calendar) == {
        "2026-11-28": ("Inventario", ((600, 780),)),
        "2026-12-24": ("Nochebuena", ((540, 660), (720, 780))),
        "2026-12-25": ("Navidad", ()),
    }
    stored = Calendar.objects.get(pk=cast.calendar.pk)
    assert work_calendars.plain(stored).holidays[EVE] == ((540, 660), (720, 780))
    assert work_calendars.holidays_of(stored) == [(CHRISTMAS, "Navidad", None)]
    assert last() == (
        "calendar_day_set",
        {"from": None, "to": {"on": "2026-11-28", "name": "Inventario", "hours": [[600, 780]]}},
    )


def test_a_day_is_changed_and_moved(cast: Cast) -> None:
    put(cast, EVE, "Nochebuena")
    put(cast, CHRISTMAS, "Navidad", [(540, 600)], was=EVE)
    assert days(cast.calendar) == {"2026-12-25": ("Navidad", ((540, 600),))}
    assert last()[1]["from"] == {"on": "2026-12-24", "name": "Nochebuena", "hours": []}


def test_a_date_differs_once(cast: Cast) -> None:
    put(cast, EVE, "Nochebuena")
    put(cast, CHRISTMAS, "Navidad")
    for more in ({}, {"was": EVE}):
        with pytest.raises(special_days.DayTaken) as refused:
            put(cast, CHRISTMAS, "Otra vez", **more)
        assert list(refused.value.fields) == ["on"]
    assert days(cast.calendar) == {"2026-12-24": ("Nochebuena", ()), "2026-12-25": ("Navidad", ())}


def test_what_stays_the_same_is_not_audited(cast: Cast) -> None:
    put(cast, EVE, "Nochebuena")
    count = Entry.objects.count()
    put(cast, EVE, "Nochebuena", was=EVE)
    special_days.remove(cast.calendar, CHRISTMAS, by=cast.root, at=SIGNED_AT)
    assert (
        special_days.copy_holidays(cast.calendar, {EVE: "Nochebuena"}, by=cast.root, at=SIGNED_AT)
        == 0
    )
    special_days.set_closed_days(cast.calendar, {EVE: "Nochebuena"}, by=cast.root, at=SIGNED_AT)
    assert Entry.objects.count() == count


def test_a_day_is_removed(cast: Cast) -> None:
    put(cast, EVE, "Nochebuena")
    special_days.remove(cast.calendar, EVE, by=cast.root, at=SIGNED_AT)
    assert days(cast.calendar) == {}
    assert last()[0] == "calendar_day_removed"


def test_a_list_is_compared_before_it_is_copied(cast: Cast) -> None:
    put(cast, EVE, "Nochebuena", [(540, 780)])
    put(cast, CHRISTMAS, "Navidad")
    listed = [(EVE, "Nochebuena"), (CHRISTMAS, "Navidad"), (date(2027, 1, 1), "Año Nuevo")]
    assert [(row.on, row.match) for row in special_days.compare(cast.calendar, listed)] == [
        (EVE, HolidayMatch.DIFFERS),
        (CHRISTMAS, HolidayMatch.SAME),
        (date(2027, 1, 1), HolidayMatch.NEW),
    ]


def test_copying_replaces_what_was_chosen_and_nothing_else(cast: Cast) -> None:
    put(cast, EVE, "Nochebuena", [(540, 780)])
    put(cast, SATURDAY, "Inventario", [(600, 780)])
    chosen = {EVE: "Nochebuena", CHRISTMAS: "Navidad"}
    assert special_days.copy_holidays(cast.calendar, chosen, by=cast.root, at=SIGNED_AT) == 2
    assert days(cast.calendar) == {
        "2026-11-28": ("Inventario", ((600, 780),)),
        "2026-12-24": ("Nochebuena", ()),
        "2026-12-25": ("Navidad", ()),
    }
    assert last() == (
        "calendar_days_copied",
        {
            "days": {"2026-12-24": "Nochebuena", "2026-12-25": "Navidad"},
            "replaced": [{"on": "2026-12-24", "name": "Nochebuena", "hours": [[540, 780]]}],
        },
    )


def test_settling_leaves_dates_with_other_hours(cast: Cast) -> None:
    put(cast, EVE, "Nochebuena", [(540, 780)])
    put(cast, date(2026, 5, 1), "Trabajo")
    special_days.set_closed_days(cast.calendar, {CHRISTMAS: "Navidad"}, by=cast.root, at=SIGNED_AT)
    assert days(cast.calendar) == {
        "2026-12-24": ("Nochebuena", ((540, 780),)),
        "2026-12-25": ("Navidad", ()),
    }
    with pytest.raises(special_days.DayTaken):
        special_days.set_closed_days(cast.calendar, {EVE: "Nochebuena"}, by=cast.root, at=SIGNED_AT)


def test_days_that_close_for_ever_are_refused(cast: Cast) -> None:
    shut = {
        date.fromordinal(SATURDAY.toordinal() + number): "Cerrado" for number in range(-400, 800)
    }
    with pytest.raises(work_calendars.NeverOpens):
        special_days.copy_holidays(cast.calendar, shut, by=cast.root, at=SIGNED_AT)
    assert days(cast.calendar) == {}
