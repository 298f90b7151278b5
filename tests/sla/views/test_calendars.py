"""Pages of calendars: who may, what they show, what they refuse, how many queries they need."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.audit.models import Entry
from leads import handoffs
from sla.calendars import calendars, special_days, weekly_hours, work_calendars
from sla.models import Calendar
from tests import factories
from tests.conftest import Moment
from tests.factories import OFFICE, SIGNED_AT, ZONE, Cast
from tests.pages import post_form
from tests.sla.views.conftest import NEW_YEAR, SHORT, address, shown, signed_in, stored, text_of

WEEK = {f"day-{day}": "9-17" for day in range(5)}
PAGES = ("calendars", "calendar", "calendar_tester")
EDITORS = ("calendar_new", "calendar_edit", "calendar_week", "calendar_day", "calendar_holidays")


# -- Who may


@pytest.mark.parametrize("name", [*PAGES, *EDITORS])
def test_everybody_reads_and_only_admins_edit(cast: Cast, free: Calendar, name: str) -> None:
    people = (cast.ana, cast.luis, cast.bea, cast.dora, cast.elsa, cast.extra)
    found = {signed_in(person).get(address(name, free)).status_code for person in people}
    assert found == ({200} if name in PAGES else {403})
    assert signed_in(cast.root).get(address(name, free)).status_code == 200


@pytest.mark.parametrize("name", [*EDITORS, "calendar_archive", "calendar_restore"])
def test_writes_are_for_admins_only(cast: Cast, free: Calendar, name: str) -> None:
    before = Entry.objects.count()
    assert signed_in(cast.dora).post(address(name, free)).status_code == 403
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    "name", ["calendar", "calendar_edit", "calendar_week", "calendar_day", "calendar_holidays"]
)
def test_unknown_calendar_is_missing(cast: Cast, admin: Client, name: str) -> None:
    assert admin.get(reverse(name, args=[999999])).status_code == 404


def test_readers_are_offered_nothing_to_edit(cast: Cast, free: Calendar) -> None:
    page = text_of(signed_in(cast.bea).get(address("calendar", free)))
    assert [name for name in EDITORS if address(name, free) in page] == []
    assert address("calendar_archive", free) not in page


# -- What they show


def test_list_says_whose_and_how_they_stand(cast: Cast, free: Calendar, admin: Client) -> None:
    calendars.create(
        "Ventas", ZONE, [(0, 540, 840), (0, 900, 1080)], by=cast.root, at=SIGNED_AT, team=cast.sales
    )
    factories.handed_off(cast)
    rows = admin.get("/calendars/").context["rows"]
    assert [(row["calendar"].name, row["state"], row["open"]) for row in rows] == [
        ("Libre", "free", 0),
        ("Oficina", "in_force", 0),
        ("Ventas", "free", 1),
    ]
    assert [row["week"] for row in rows[1:]] == [
        "lunes a viernes 09:00–17:00",
        "lunes 09:00–14:00, 15:00–18:00",
    ]


def test_page_reads_the_week_and_the_dates_aloud(cast: Cast, free: Calendar, admin: Client) -> None:
    by = {"by": cast.root, "at": SIGNED_AT}
    special_days.set_day(free, date(2026, 12, 24), "Nochebuena", [(540, 780)], **by)
    special_days.set_day(free, date(2026, 11, 28), "Inventario", [(600, 780)], **by)
    special_days.set_day(free, date(2026, 12, 25), "Navidad", (), **by)
    weekly_hours.set_week(free, NEW_YEAR, SHORT, **by)
    response = admin.get(address("calendar", free))
    page = text_of(response)
    assert "Horario desde el 1 ene 2027" in page
    assert "sábado 28 de noviembre</strong> · Inventario" in page
    assert "abre aunque ese día de la semana no se trabaja" in page
    kinds = {
        cell.day: cell.kind
        for week in response.context["months"][11].weeks
        for cell in week
        if cell.day
    }
    assert [kinds[day] for day in (23, 24, 25, 26)] == ["open", "other", "closed", "off"]
    assert (response.context["closed"], response.context["other"]) == (1, 2)


def test_year_is_in_the_address(cast: Cast, free: Calendar, admin: Client) -> None:
    special_days.set_day(free, NEW_YEAR, "Año Nuevo", (), by=cast.root, at=SIGNED_AT)
    assert [
        row.day.name for row in admin.get(f"/calendars/{free.pk}/?year=2027").context["days"]
    ] == ["Año Nuevo"]
    assert admin.get(f"/calendars/{free.pk}/").context["days"] == []


@pytest.mark.parametrize("query", ["year=soon", "year=1999", "year=2101", "year=", "year=²"])
def test_year_that_is_none_is_refused(free: Calendar, admin: Client, query: str) -> None:
    assert admin.get(f"/calendars/{free.pk}/?{query}").status_code == 400


def test_page_counts_open_handoffs_and_those_with_hours_of_before(
    cast: Cast, moment: Moment, admin: Client
) -> None:
    for _number in range(3):
        factories.handed_off(cast)
    handoffs.withdraw(factories.handed_off(cast), by=cast.ana, at=moment.set("2026-03-02 10:01"))
    path = address("calendar", cast.calendar)
    assert (lambda found: (found.count, found.behind))(admin.get(path).context["running"]) == (3, 0)
    special_days.set_day(cast.calendar, NEW_YEAR, "Año Nuevo", (), by=cast.root, at=SIGNED_AT)
    factories.handed_off(cast)
    for reader in (cast.root, cast.extra):
        running = signed_in(reader).get(path).context["running"]
        assert (running.count, running.behind) == (4, 3)


def test_handoffs_of_a_team_with_a_calendar_count_there(
    cast: Cast, moment: Moment, admin: Client
) -> None:
    own = calendars.create("Ventas", ZONE, SHORT, by=cast.root, at=SIGNED_AT, team=cast.sales)
    factories.handed_off(cast)
    found = {
        pk: admin.get(f"/calendars/{pk}/").context["running"].count
        for pk in (own.pk, cast.calendar.pk)
    }
    assert found == {own.pk: 1, cast.calendar.pk: 0}
    weekly_hours.set_week(own, NEW_YEAR, OFFICE, by=cast.root, at=SIGNED_AT)
    assert admin.get(f"/calendars/{own.pk}/").context["running"].behind == 1


def test_page_leads_those_who_may_to_applying_anew(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    people, link = (
        (cast.dora, cast.elsa, cast.bea, cast.luis, cast.root),
        f'href="{reverse("reapply")}"',
    )
    path = address("calendar", cast.calendar)
    assert [link in text_of(signed_in(person).get(path)) for person in people] == [False] * 5
    special_days.set_day(cast.calendar, NEW_YEAR, "Año Nuevo", (), by=cast.root, at=SIGNED_AT)
    assert [link in text_of(signed_in(person).get(path)) for person in people] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_signed_hours_are_shown_as_frozen_with_a_way_on(
    cast: Cast, moment: Moment, admin: Client
) -> None:
    page = text_of(admin.get(address("calendar", cast.calendar)))
    assert "Horario firmado" in page
    assert f"/calendars/new/?copy={cast.calendar.pk}" in page
    assert address("calendar_week", cast.calendar) not in page
    form = admin.get(address("calendar_edit", cast.calendar)).context["form"]
    assert [name for name, field in form.fields.items() if not field.disabled] == ["was", "name"]


# -- Editing


def test_admin_makes_a_calendar_for_a_team(cast: Cast, admin: Client, moment: Moment) -> None:
    data = {
        "name": "Guardia",
        "team": cast.sales.pk,
        "time_zone": "America/Bogota",
        "day-5": "22:00-6:00, 9-12",
    }
    admin.post("/calendars/new/", data)
    made = Calendar.objects.get(name="Guardia")
    assert (made.team, made.time_zone, work_calendars.windows_of(made)) == (
        cast.sales,
        "America/Bogota",
        [(5, 540, 720), (5, 1320, 1800)],
    )
    assert Entry.objects.latest("pk").verb == "calendar_created"


def test_signed_calendar_is_copied_for_the_next_version(
    cast: Cast, admin: Client, moment: Moment
) -> None:
    special_days.set_day(cast.calendar, NEW_YEAR, "Año Nuevo", (), by=cast.root, at=SIGNED_AT)
    path = f"/calendars/new/?copy={cast.calendar.pk}"
    form = admin.get(path).context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | {"day-5": "10-14"}
    admin.post(path, data)
    made = Calendar.objects.get(name="Oficina, próxima versión")
    assert work_calendars.windows_of(made) == [*OFFICE, (5, 600, 840)]
    assert work_calendars.holidays_of(made) == [(NEW_YEAR, "Año Nuevo", None)]


def test_admin_edits_hours_and_zone(admin: Client, free: Calendar) -> None:
    path = address("calendar_edit", free)
    typed = {"name": "Libre", "time_zone": "America/Lima", "day-0": "8-16"}
    assert post_form(admin, path, typed).status_code == 302
    assert (stored(free).time_zone, work_calendars.windows_of(stored(free))) == (
        "America/Lima",
        [(0, 480, 960)],
    )


def test_signed_hours_take_a_name_and_nothing_else(
    cast: Cast, admin: Client, moment: Moment
) -> None:
    post_form(
        admin,
        address("calendar_edit", cast.calendar),
        {"name": "Centro", "time_zone": "America/Lima", "day-0": "8-9"},
    )
    kept = stored(cast.calendar)
    assert (kept.name, kept.time_zone, work_calendars.windows_of(kept)) == ("Centro", ZONE, OFFICE)


BAD: list[tuple[str, str, dict[str, str], list[str]]] = [
    ("calendar_new", "", {**WEEK, "name": "oficina", "time_zone": ZONE}, ["name"]),
    ("calendar_new", "", {**WEEK, "name": "X", "time_zone": "Mars/Olympus"}, ["time_zone"]),
    ("calendar_new", "", {**WEEK, "name": "X", "time_zone": ZONE, "team": "0"}, ["team"]),
    ("calendar_new", "", {"name": "X", "time_zone": ZONE}, ["__all__"]),
    (
        "calendar_edit",
        "",
        {**WEEK, "name": "", "time_zone": ZONE, "day-6": "nueve"},
        ["name", "day-6"],
    ),
    ("calendar_edit", "", {"name": "Libre", "time_zone": ZONE, "day-0": "9-14, 13-18"}, ["day-0"]),
    (
        "calendar_edit",
        "",
        {"name": "Libre", "time_zone": ZONE, "day-4": "22-6", "day-5": "5-9"},
        ["day-5"],
    ),
    ("calendar_edit", "", {"name": "Libre", "time_zone": ZONE, "day-0": "9-25"}, ["day-0"]),
    ("calendar_edit", "", {"name": "Libre", "time_zone": ZONE}, ["__all__"]),
    ("calendar_week", "", {"since": "someday", "day-0": "9-17"}, ["since"]),
    ("calendar_week", "", {"since": "3000-01-01", "day-0": "9-17"}, ["since"]),
    ("calendar_week", "", {"since": "2027-01-01"}, ["__all__"]),
    ("calendar_day", "", {"on": "2026-02-30", "name": "", "hours": "9"}, ["on", "name", "hours"]),
    ("calendar_day", "", {"on": "2026-12-25", "name": "Otra", "hours": ""}, ["on"]),
    ("calendar_holidays", "?country=MX&region=&year=2026", {}, ["keep"]),
    ("calendar_holidays", "?country=MX&region=&year=2026", {"keep": "2026-12-24"}, ["keep"]),
]


@pytest.mark.parametrize(("name", "query", "data", "fields"), BAD)
def test_bad_input_names_the_field_and_loses_nothing(
    cast: Cast,
    admin: Client,
    free: Calendar,
    name: str,
    query: str,
    data: dict[str, str],
    fields: list[str],
) -> None:
    special_days.set_day(free, date(2026, 12, 25), "Navidad", (), by=cast.root, at=SIGNED_AT)
    before = Entry.objects.count()
    response = post_form(admin, address(name, free) + query, data)
    form = response.context["form"]
    assert (response.status_code, list(form.errors)) == (422, fields)
    assert {key: form[key].value() for key in data if key != "keep"} == {
        k: v for k, v in data.items() if k != "keep"
    }
    assert Entry.objects.count() == before


@pytest.mark.parametrize("path", ["days/?on=someday", "hours/?from=2027-13-01"])
def test_date_in_the_address_that_is_none_is_refused(
    admin: Client, free: Calendar, path: str
) -> None:
    assert admin.get(f"/calendars/{free.pk}/{path}").status_code == 400


# -- Archive


def test_calendar_is_archived_and_comes_back(admin: Client, free: Calendar) -> None:
    admin.post(address("calendar_archive", free))
    assert stored(free).archived_at is not None
    page = text_of(admin.get(address("calendar", free)))
    assert (address("calendar_restore", free) in page, address("calendar_day", free) in page) == (
        True,
        False,
    )
    admin.post(address("calendar_restore", free))
    assert stored(free).archived_at is None


def test_calendar_of_the_agreement_in_force_is_not_archived(
    cast: Cast, admin: Client, moment: Moment
) -> None:
    response = admin.post(address("calendar_archive", cast.calendar))
    assert response.status_code in (409, 422)
    assert "Un acuerdo necesita este calendario" in text_of(response)
    assert stored(cast.calendar).archived_at is None


# -- Queries


@pytest.mark.parametrize("count", [1, 3])
def test_pages_take_the_same_queries_however_much_they_show(
    cast: Cast, moment: Moment, admin: Client, django_assert_num_queries: Any, count: int
) -> None:
    for number in range(count):
        days = [(date(2026, 5, day + 1), f"Día {day}", None) for day in range(count)]
        calendars.create(
            f"L{number}",
            ZONE,
            OFFICE,
            by=None,
            at=SIGNED_AT,
            holidays=days,
            changes={date(2027, 1, count): SHORT},
        )
        factories.handed_off(cast)
    admin.get("/calendars/")
    with django_assert_num_queries(7):
        admin.get("/calendars/")
    newest = calendars.main()
    assert newest is not None
    with django_assert_num_queries(9):
        admin.get(f"/calendars/{newest.pk}/")
    with django_assert_num_queries(7):
        admin.get(f"/calendars/tester/?calendar={newest.pk}&at=2026-03-02T10:00&hours=9")


# -- Two admins at once


def test_hours_saved_meanwhile_are_shown_beside_those_that_were_typed(
    admin: Client, free: Calendar
) -> None:
    path = reverse("calendar_edit", args=[free.pk])
    mine = shown(admin.get(path)) | {"day-0": "10:00-18:00"}
    theirs = shown(admin.get(path)) | {"day-0": "8:00-12:00", "day-1": "8:00-12:00", "name": "Suya"}
    assert admin.post(path, theirs).status_code == 302
    answer = admin.post(path, mine)
    form = answer.context["form"]
    assert (answer.status_code, sorted(form.errors)) == (409, ["day-0", "day-1", "name"])
    assert (form["day-0"].value(), form.errors["day-0"]) == (
        "10:00-18:00",
        ["Ahora es: 8:00-12:00"],
    )
    assert stored(free).name == "Suya"
    assert admin.post(path, {**mine, "was": form.now}).status_code == 302  # having seen both
    assert work_calendars.windows_of(stored(free))[0] == (0, 600, 1080)


def test_what_both_changed_alike_is_no_difference(admin: Client, free: Calendar) -> None:
    path = reverse("calendar_edit", args=[free.pk])
    mine = shown(admin.get(path)) | {"day-0": "8:00-12:00"}
    admin.post(path, mine)
    assert admin.post(path, mine).status_code == 302


# Each page of a calendar whose act is compared with what it showed, and what the form sends.
@pytest.mark.parametrize(
    ("name", "query", "typed"),
    [
        ("calendar_edit", "", {"name": "Otro", "time_zone": ZONE, "day-0": "8-9"}),
        ("calendar_week", "", {"since": "2027-02-01", "day-0": "8-9"}),
        ("calendar_week", "?from=2027-01-01", {"since": "2027-02-01", "day-0": "8-9"}),
        ("calendar_week", "?from=2027-01-01", {"remove": "1", "day-0": "8-9"}),
        ("calendar_day", "?on=2026-12-25", {"on": "2026-12-25", "name": "Otro", "hours": "9-11"}),
        ("calendar_day", "?on=2026-12-25", {"remove": "1"}),
    ],
)
def test_post_without_what_was_shown_is_refused(
    admin: Client, free: Calendar, name: str, query: str, typed: dict[str, str]
) -> None:
    weekly_hours.set_week(free, NEW_YEAR, SHORT, by=None, at=SIGNED_AT)
    special_days.set_day(free, date(2026, 12, 25), "Navidad", (), by=None, at=SIGNED_AT)
    path = address(name, free) + query
    before = Entry.objects.count()
    answer = admin.post(path, typed)
    assert (answer.status_code, Entry.objects.count()) == (409, before)
    if answer.context and "form" in answer.context:
        sent = {key: value for key, value in typed.items() if key != "remove"}
        assert {key: answer.context["form"][key].value() for key in sent} == sent
    assert post_form(admin, path, typed).status_code == 302


def test_date_that_somebody_set_meanwhile_is_not_replaced(admin: Client, free: Calendar) -> None:
    path = f"{address('calendar_day', free)}?on=2026-12-25"
    admin.get(path)
    special_days.set_day(free, date(2026, 12, 25), "Navidad", (), by=None, at=SIGNED_AT)
    mine = {"on": "2026-12-25", "name": "Otro", "hours": "9-11", "was": ""}
    answer = admin.post(path, mine)
    assert (answer.status_code, list(answer.context["form"].errors)) == (409, ["name", "hours"])
    assert stored(free).holidays.get().name == "Navidad"


@pytest.mark.parametrize(
    ("was", "status"),
    [
        ("[]", 409),
        ("0", 409),
        ("[" * 100_000, 422),
        ('{"day-0": ' + "9" * 5000 + "}", 422),
        ('{"day-0": "\\ud800"}', 422),
    ],
)
def test_unreadable_memory_of_what_was_shown_overwrites_nothing(
    admin: Client, free: Calendar, was: str, status: int
) -> None:
    path = reverse("calendar_edit", args=[free.pk])
    typed = {"name": "Libre", "time_zone": ZONE, **WEEK, "was": was}
    answer = admin.post(path, typed)
    assert answer.status_code == status
    # With what is stored now, the same post is saved.
    again = {**typed, "was": answer.context["form"].now}
    assert admin.post(path, again).status_code == 302
