"""Pages of the dates that differ: one date, and public holidays to copy."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from sla.calendars import special_days, work_calendars
from sla.models import Calendar
from tests.conftest import Moment
from tests.factories import SIGNED_AT, Cast
from tests.pages import post_form
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
    post_form(
        admin, f"{path}?on=2026-12-24", {"on": "2026-12-31", "name": "Fin de año", "hours": ""}
    )
    assert [
        (day.on, day.name, work_calendars.hours_of(day)) for day in calendar.holidays.all()
    ] == [(date(2026, 12, 31), "Fin de año", ())]
    post_form(admin, f"{path}?on=2026-12-31", {"remove": "1"})
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


# -- Two people at one date


def shown(admin: Client, path: str) -> dict[str, str]:
    """What the page would send back without a change."""
    page = admin.get(path)
    values = {name: page.context["form"][name].value() for name in ("on", "name", "hours")}
    return {name: str(value) for name, value in values.items()} | {"was": page.context["was"]}


@pytest.fixture
def christmas(cast: Cast, moment: Moment) -> str:
    by = {"by": cast.root, "at": SIGNED_AT}
    special_days.set_day(cast.calendar, date(2026, 12, 24), "Nochebuena", [(540, 660)], **by)
    return f"{address('calendar_day', cast.calendar)}?on=2026-12-24"


def test_date_that_somebody_changed_meanwhile_is_not_overwritten(
    cast: Cast, admin: Client, christmas: str
) -> None:
    sent = shown(admin, christmas) | {"name": "Víspera"}
    by = {"by": cast.root, "at": SIGNED_AT}
    day = date(2026, 12, 24)
    special_days.set_day(cast.calendar, day, "Nochebuena", [(540, 600)], was=day, **by)
    refused = admin.post(christmas, sent)
    assert refused.status_code == 409
    assert refused.context["form"].errors.keys() == {"name", "hours"}
    assert "9:00–10:00" in str(refused.context["form"].errors["hours"])
    assert refused.context["form"]["name"].value() == "Víspera"
    assert work_calendars.hours_of(cast.calendar.holidays.get()) == ((540, 600),)
    # Who has seen what is stored now may replace it.
    assert admin.post(christmas, sent | {"was": refused.context["was"]}).status_code == 302
    assert cast.calendar.holidays.get().name == "Víspera"


def test_date_that_somebody_removed_or_moved_meanwhile_is_not_brought_back(
    cast: Cast, admin: Client, christmas: str
) -> None:
    sent = shown(admin, christmas)
    post_form(admin, christmas, {"on": "2026-12-31", "name": "Fin de año", "hours": ""})
    refused = admin.post(christmas, sent)
    assert (refused.status_code, list(refused.context["form"].errors)) == (409, ["on"])
    assert [str(day) for day in cast.calendar.holidays.values_list("on", flat=True)] == [
        "2026-12-31"
    ]


def test_date_that_somebody_changed_meanwhile_is_not_removed(
    cast: Cast, admin: Client, christmas: str
) -> None:
    sent = shown(admin, christmas)
    admin.post(christmas, sent | {"name": "Víspera"})
    assert admin.post(christmas, sent | {"remove": "1"}).status_code == 409
    assert cast.calendar.holidays.get().name == "Víspera"


def test_same_change_by_two_people_is_no_conflict(admin: Client, christmas: str) -> None:
    sent = shown(admin, christmas) | {"name": "Víspera"}
    assert [admin.post(christmas, sent).status_code for _ in range(2)] == [302, 302]
