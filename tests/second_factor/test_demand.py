"""Who must have a second factor, and what they reach without one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as live
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from crm.accounts.models import Organisation, User
from crm.accounts.sign_in.proofs import Proof
from crm.second_factor import demand
from tests.browser.screens import hostile
from tests.conftest import Moment
from tests.factories import Cast
from tests.second_factor.devices import HOME
from tests.setup.conftest import create_first_admin

SignedIn = Callable[[User], Client]


@pytest.fixture
def demanded(settings: Settings) -> None:
    settings.SECOND_FACTOR_DEMANDED = True


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({}, False),
        ({"is_director": True}, True),
        ({"is_admin": True}, True),
    ],
)
@pytest.mark.usefixtures("demanded")
def test_role_decides_who_must_have_one(marks: dict[str, bool], expected: bool) -> None:
    person = User(name="Somebody", **marks)
    assert demand.is_demanded(person) is expected
    assert demand.is_held(person, {}) is expected  # type: ignore[arg-type]  # a session is a dict
    complete = {Proof.COMPLETE.value: "2026-03-02T10:00:00+00:00"}
    assert demand.is_held(person, complete) is False  # type: ignore[arg-type]


def test_nobody_is_held_where_it_is_not_demanded() -> None:
    assert demand.is_held(User(name="Root", is_admin=True), {}) is False  # type: ignore[arg-type]


def reached(client: Client, name: str, route: str) -> str:
    """How an address answers a GET: "held", or what it does otherwise."""
    known = {"code": "budget", "panel": "weekly", "key": "hours", "name": "job_title"}
    known |= {"topic": "admins", "signature": "x", "token": "x"}
    path = re.sub(r"<\w+:(\w+)>", lambda found: str(known.get(found[1], 1)), route)
    answer = client.get(path)
    location = answer.headers.get("Location", "")
    if answer.status_code == 302 and location == HOME and name != "second_factor":
        return "held"
    if answer.status_code == 403 and answer.headers.get("HX-Redirect") == HOME:
        return "held"
    return str(answer.status_code)


@pytest.mark.usefixtures("demanded")
def test_who_has_none_reaches_the_set_up_only(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.root)
    free = {name for name, route in hostile.addresses() if reached(client, name, route) != "held"}
    assert free == demand.OPEN
    assert reached(client, "api", "/api/v1/leads/") == "held"
    assert client.get(f"{live.STATIC_URL}crm/app.css").status_code == 200


@pytest.mark.usefixtures("demanded")
def test_error_page_of_a_held_session_shows_no_counter(cast: Cast, signed_in: SignedIn) -> None:
    answer = signed_in(cast.elsa).get("/nowhere/")
    assert (answer.status_code, b"data-count" in answer.content) == (404, False)


@pytest.mark.usefixtures("demanded")
def test_it_is_decided_without_a_query(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.elsa)
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/queue/").url == HOME
    assert len(queries) == 2  # as every request: the session, and the person with the organisation


@pytest.mark.usefixtures("demanded")
def test_others_are_not_held(cast: Cast, signed_in: SignedIn) -> None:
    assert signed_in(cast.bea).get("/queue/").status_code == 200


@pytest.mark.usefixtures("demanded")
def test_program_of_a_held_session_gets_a_problem(cast: Cast, signed_in: SignedIn) -> None:
    answer = signed_in(cast.elsa).get("/api/v1/leads/")
    assert (answer.status_code, answer.json()["title"]) == (403, "Set up your second factor first.")


@pytest.mark.usefixtures("demanded")
def test_held_person_chooses_the_language(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.elsa)
    client.post("/i18n/setlang/", {"language": "es", "next": HOME})
    assert client.get(HOME)["Content-Language"] == "es"


# -- The first admin


@pytest.mark.usefixtures("demanded")
def test_first_admin_gets_to_the_end_of_the_wizard_first(moment: Moment, client: Client) -> None:
    create_first_admin(client)
    assert client.get("/").url == "/setup/"
    assert client.get("/setup/teams/").status_code == 200
    assert client.get(reverse("pulse"), headers={"Accept": "application/json"}).status_code == 200
    assert client.get("/people/").url == HOME
    assert client.post("/setup/end/").url == "/"
    assert client.get("/").url == HOME


@pytest.mark.usefixtures("demanded")
def test_wizard_is_open_in_the_session_that_began_it_only(
    moment: Moment, client: Client, signed_in: SignedIn
) -> None:
    create_first_admin(client)
    elsewhere = signed_in(User.objects.get())
    assert elsewhere.get("/setup/teams/").url == HOME


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.usefixtures("demanded")
def test_wizard_opens_nothing_once_it_is_over(is_open: bool) -> None:
    session: Any = {demand.FOUNDING: True}
    organisation = Organisation(setting_up=is_open)
    assert demand.is_open("setup_teams", session, organisation) is is_open
    assert demand.is_open("people", session, organisation) is False
