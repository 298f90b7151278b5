"""The steps of the set-up: their order, skipping, bad input, the end."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from crm.accounts.models import Organisation, Team
from crm.setup import checklist
from leads.models import Handoff
from personas import personas
from sla.models import AgreementVersion, Calendar
from tests.factories import Cast
from tests.setup.conftest import FIRST, PAGES, press_continue


def test_pressing_continue_only_sets_everything_up(ready: Client) -> None:
    assert press_continue(ready, "setup_test").url == "/setup/test/"
    assert Organisation.objects.get().setup_steps == dict.fromkeys(checklist.KEYS, "done")
    assert sorted(Team.objects.values_list("name", flat=True)) == ["Marketing", "Ventas"]
    assert str(AgreementVersion.objects.get(state="in_force")) == "Marketing y ventas v1"
    assert [str(version.persona) for version in personas.published()] == ["Pyme que busca software"]
    assert Handoff.objects.get().state == "pending"
    calendar = Calendar.objects.get()
    assert (calendar.time_zone, calendar.windows.count(), calendar.holidays.count() > 30) == (
        "America/Bogota",
        5,
        True,
    )


def test_each_step_leads_to_the_next_one(founded: Client) -> None:
    went = [press_continue(founded, name).url for name in PAGES[:-1]]
    assert went == [reverse(name) for name in PAGES[1:]]


def test_a_step_is_skipped_and_come_back_to(founded: Client) -> None:
    assert founded.post("/setup/skip/organisation/").url == "/setup/holidays/"
    press_continue(founded, "setup_holidays")
    again = Client()
    again.post("/accounts/login/", {"login": FIRST["email"], "password": FIRST["password"]})
    page = again.get("/setup/")
    assert page.context["next"].key == "hours"
    states = [row.standing.state for row in page.context["rows"]]
    assert states == ["skipped", "done", "open", "open", "open", "open", "open"]


def test_skipping_does_not_undo_what_is_done(founded: Client) -> None:
    press_continue(founded, "setup_organisation")
    founded.post("/setup/skip/organisation/")
    assert Organisation.objects.get().setup_steps == {"organisation": "done"}


def test_the_checklist_ends_and_stays_as_settings(ready: Client) -> None:
    assert ready.post("/setup/end/").url == "/"
    assert ready.get("/").url == "/desk/team/"
    page = ready.get("/setup/")
    assert (page.status_code, page.context["is_open"]) == (200, False)
    assert press_continue(ready, "setup_hours").url == "/setup/"


BAD = [
    (
        "organisation",
        {"name": "", "currency": "ABC", "country": "CO"},
        ["name", "language", "currency", "time_zone"],
    ),
    ("holidays", {"name-0": "Aniversario"}, ["on-0"]),
    ("holidays", {"on-0": "31/02/2026", "name-0": "Aniversario"}, ["on-0"]),
    ("hours", {"preset": "own", "day-0": "nueve a seis"}, ["day-0"]),
    ("hours", {"preset": "own", "day-0": "9-14, 13-18"}, ["day-0"]),
    ("hours", {"preset": "own"}, ["preset"]),
    ("teams", {"marketing": "Equipo", "sales": "equipo"}, ["sales"]),
    ("teams", {"marketing": "M", "sales": "V", "name-0": "Bea"}, ["email-0"]),
    (
        "teams",
        {"marketing": "M", "sales": "V", "name-1": "Bea", "email-1": "ANA@cafe-andino.co"},
        ["email-1"],
    ),
    ("persona", {"template": "anything"}, ["template"]),
    ("agreement", {"pace": "standard", "volume": "0"}, ["volume"]),
    ("test", {"team": "0"}, ["team", "persona"]),
]


@pytest.mark.parametrize(("key", "data", "fields"), BAD)
def test_bad_input_names_the_field_and_loses_nothing(
    founded: Client, key: str, data: dict[str, str], fields: list[str]
) -> None:
    response = founded.post(f"/setup/{key}/", data)
    form = response.context["form"]
    assert (response.status_code, list(form.errors)) == (422, fields)
    assert {name: form[name].value() for name in data} == data
    assert (
        Organisation.objects.get().setup_steps,
        Team.objects.count(),
        Calendar.objects.count(),
    ) == ({}, 0, 0)


@pytest.mark.parametrize("name", ["setup", *PAGES, "setup_test_now"])
def test_pages_are_for_admins_only(cast: Cast, client: Client, name: str) -> None:
    answers = {}
    for person in (cast.ana, cast.bea, cast.dora, cast.elsa, cast.extra, cast.root):
        client.force_login(person)
        answers[person.name.split()[0]] = client.get(reverse(name)).status_code
    assert answers == {**dict.fromkeys(("Ana", "Bea", "Dora", "Elsa", "Extra"), 403), "Root": 200}


@pytest.mark.parametrize(
    "path", ["end/", "skip/teams/", "test/remove/", "teams/", "agreement/", "hours/"]
)
def test_writes_are_for_admins_only(cast: Cast, client: Client, path: str) -> None:
    client.force_login(cast.dora)
    assert client.post(f"/setup/{path}").status_code == 403


def test_first_page_of_admins_is_settings_once_the_organisation_is_set_up(
    cast: Cast, client: Client
) -> None:
    client.force_login(cast.root)
    assert client.get("/").url == "/setup/"


@pytest.mark.parametrize("act", ["save", "skip"])
def test_last_open_step_leads_to_the_checklist(founded: Client, act: str) -> None:
    for key in checklist.KEYS:
        if key != "hours":
            founded.post(f"/setup/skip/{key}/")
    if act == "skip":
        assert founded.post("/setup/skip/hours/").url == "/setup/"
    else:
        assert press_continue(founded, "setup_hours").url == "/setup/"


def test_unknown_step_is_not_there(founded: Client) -> None:
    assert founded.post("/setup/skip/nothing/").status_code == 404
