"""Weekly hours of calendars, from the beginning and from a date on; signed hours stay."""

from __future__ import annotations

from datetime import date

import pytest

from crm.lib.errors import DomainError
from sla.calendars import calendars, weekly_hours, work_calendars
from sla.models import Calendar
from sla.worktime.calendar import Window
from tests import factories
from tests.factories import OFFICE, SIGNED_AT, Cast
from tests.sla.calendars.conftest import NEW_YEAR, SHORT, free, hours_today, verbs


def test_hours_from_a_date_on_count_from_that_date(cast: Cast) -> None:
    calendar = free(cast)
    weekly_hours.set_week(calendar, NEW_YEAR, SHORT, by=cast.root, at=SIGNED_AT)
    assert hours_today(calendar, "2026-12-31 23:59") == (None, OFFICE)
    assert hours_today(calendar, "2027-01-01 00:00") == (NEW_YEAR, SHORT)
    assert work_calendars.plain(calendar).changes == {
        NEW_YEAR: tuple(Window(*window) for window in SHORT)
    }
    assert verbs()[-1] == "calendar_week_set"


def test_hours_from_a_date_on_are_moved_and_removed(cast: Cast) -> None:
    calendar, later = free(cast, changes={NEW_YEAR: SHORT}), date(2027, 2, 1)
    weekly_hours.set_week(calendar, later, OFFICE, was=NEW_YEAR, by=cast.root, at=SIGNED_AT)
    assert work_calendars.changes_of(calendar) == {later: OFFICE}
    weekly_hours.remove_week(calendar, later, by=cast.root, at=SIGNED_AT)
    assert work_calendars.changes_of(calendar) == {}
    assert verbs()[-2:] == ["calendar_week_set", "calendar_week_removed"]


def test_hours_begin_on_a_date_once(cast: Cast) -> None:
    calendar = free(cast, changes={NEW_YEAR: SHORT})
    with pytest.raises(weekly_hours.DateTaken) as refused:
        weekly_hours.set_week(calendar, NEW_YEAR, OFFICE, by=cast.root, at=SIGNED_AT)
    assert list(refused.value.fields) == ["since"]
    assert work_calendars.changes_of(calendar) == {NEW_YEAR: SHORT}


@pytest.mark.parametrize(
    ("windows", "refusal", "fields"),
    [
        ([], work_calendars.NeverOpens, []),
        ([(0, 540, 1020), (0, 960, 1080)], weekly_hours.BadHours, ["day-0"]),
        ([(4, 1320, 1800), (5, 300, 600)], weekly_hours.BadHours, ["day-5"]),
    ],
)
@pytest.mark.parametrize("way", ["create", "change", "set_week"])
def test_hours_that_cannot_be_are_refused_by_day(
    cast: Cast,
    way: str,
    windows: work_calendars.Windows,
    refusal: type[DomainError],
    fields: list[str],
) -> None:
    calendar, by = free(cast), {"by": cast.root, "at": SIGNED_AT}
    acts = {
        "create": lambda: calendars.create("Otro", factories.ZONE, windows, **by),
        "change": lambda: calendars.change(
            calendar, name="L", time_zone=factories.ZONE, windows=windows, **by
        ),
        "set_week": lambda: weekly_hours.set_week(calendar, NEW_YEAR, windows, **by),
    }
    with pytest.raises(refusal) as refused:
        acts[way]()
    assert list(refused.value.fields) == fields
    assert (work_calendars.windows_of(calendar), Calendar.objects.filter(name="Otro").exists()) == (
        OFFICE,
        False,
    )


def test_signed_hours_and_zone_stay(cast: Cast) -> None:
    signed, by = cast.calendar, {"by": cast.root, "at": SIGNED_AT}
    for act in (
        lambda: calendars.change(
            signed, name="Oficina", time_zone=factories.ZONE, windows=SHORT, **by
        ),
        lambda: calendars.change(
            signed, name="Oficina", time_zone="America/Bogota", windows=OFFICE, **by
        ),
        lambda: weekly_hours.set_week(signed, NEW_YEAR, SHORT, **by),
        lambda: weekly_hours.remove_week(signed, NEW_YEAR, **by),
    ):
        with pytest.raises(weekly_hours.HoursSigned):
            act()
    stored = Calendar.objects.get(pk=signed.pk)
    assert (
        stored.time_zone,
        work_calendars.windows_of(stored),
        work_calendars.changes_of(stored),
    ) == (
        factories.ZONE,
        OFFICE,
        {},
    )


def test_hours_of_a_draft_are_not_signed(cast: Cast) -> None:
    calendar = free(cast)
    factories.drafted(calendar, by=cast.luis)
    assert weekly_hours.is_signed(calendar) is False
    calendars.change(
        calendar, name="Libre", time_zone=factories.ZONE, windows=SHORT, by=cast.root, at=SIGNED_AT
    )
    assert work_calendars.windows_of(Calendar.objects.get(pk=calendar.pk)) == SHORT
