"""Pages of the dates that differ: one date, and public holidays to copy."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from sla.calendars import special_days, work_calendars
from sla.models import Calendar
from tests.conftest import Moment
from tests.factories import SIGNED_AT, Cast
from tests.sla.views.conftest import address, stored


def test_admin_adds_changes_and_removes_a_date(cast: Cast, admin: Client, moment: Moment) -> None:
    path, calendar = address("calendar_day", cast.calendar), cast.calendar
    response = admin.post(path, {"on": "2026-12-24", "name": "Nochebuena", "hours": "9-11, 12-13"})
    assert response.url == f"/calendars/{calendar.pk}/?year=2026#days"
    assert work_calendars.hours_of(calendar.holidays.get()) == ((540, 660), (720, 780))
    shown = admin.get(f"{path}?on=2026-12-24").context["form"]
    assert [str(shown[name].value()) for name in ("on", "name", "hours")] == [
        "2026-12-24",
        "Nochebuena",
        "9:00-11:00, 12:00-13:00",
    ]
    admin.post(f"{path}?on=2026-12-24", {"on": "2026-12-31", "name": "Fin de año", "hours": ""})
    assert [
        (day.on, day.name, work_calendars.hours_of(day)) for day in calendar.holidays.all()
    ] == [(date(2026, 12, 31), "Fin de año", ())]
    admin.post(f"{path}?on=2026-12-31", {"remove": "1"})
    assert calendar.holidays.count() == 0


def test_holidays_are_shown_before_they_are_copied(
    cast: Cast, admin: Client, free: Calendar
) -> None:
    by = {"by": cast.root, "at": SIGNED_AT}
    special_days.set_day(free, date(2026, 12, 25), "Navidad", (), **by)
    special_days.set_day(free, date(2026, 1, 1), "Año Nuevo", [(600, 720)], **by)
    path = f"/calendars/{free.pk}/holidays/?country=MX&year=2026"
    page = admin.get(path)
    assert stored(free).holidays.count() == 2
    labels = dict(page.context["form"].fields["keep"].choices)
    assert (
        labels["2026-01-01"]
        == "jueves 1 de enero · Año Nuevo · distinto: ahora Año Nuevo, 10:00–12:00"
    )
    assert labels["2026-09-16"] == "miércoles 16 de septiembre · Día de la Independencia · nuevo"
    assert [row.on.isoformat() for row in page.context["there"]] == ["2026-12-25"]
    assert "2026-01-01" not in page.context["form"]["keep"].value()
    assert admin.post(path, {"keep": ["2026-01-01", "2026-09-16"]}).status_code == 302
    assert [
        (day.on.isoformat(), work_calendars.hours_of(day)) for day in stored(free).holidays.all()
    ] == [
        ("2026-01-01", ()),
        ("2026-09-16", ()),
        ("2026-12-25", ()),
    ]


def test_holidays_of_a_region_come_with_those_of_its_country(admin: Client, free: Calendar) -> None:
    def days(query: str) -> set[str]:
        found = admin.get(f"/calendars/{free.pk}/holidays/?year=2026&{query}")
        return {value for value, _label in found.context["form"].fields["keep"].choices}

    spain, madrid = days("country=ES"), days("country=ES&region=MD")
    assert (spain < madrid, "2026-05-02" in madrid - spain) == (True, True)
    # the region of the country that was shown before
    assert days("country=CL&region=MD") == days("country=CL")


@pytest.mark.parametrize("query", ["country=QQ", "country=MX&year=soon", "country=MX&year=1800"])
def test_list_that_is_none_is_refused_by_field(admin: Client, free: Calendar, query: str) -> None:
    response = admin.get(f"/calendars/{free.pk}/holidays/?{query}")
    field = "country" if "QQ" in query else "year"
    assert (response.status_code, list(response.context["choose"].errors)) == (422, [field])
