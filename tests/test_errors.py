"""Error pages: in the shell where there is one, with an id, in one's language, and without a
database for the worst.
"""

from __future__ import annotations

import re
from dataclasses import replace

import psycopg2
import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client, RequestFactory

from crm import errors, views
from crm.accounts.sign_in import tries
from crm.lib.errors import DomainError
from crm.notifications import outbox
from leads import handoffs
from tests import factories

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def in_shell(answer):
    return 'class="side"' in answer.content.decode()


@pytest.fixture
def quiet():
    """``quiet(client)`` gets answers where a plain test client would raise."""

    def make(client):
        client.raise_request_exception = False
        return client

    return make


@pytest.fixture
def without_database():
    """From the call on nothing can be asked of PostgreSQL; called with ``back=True`` it answers
    again.
    """

    def away(*_args, **_options):
        raise OperationalError("connection to server failed: Connection refused")

    with pytest.MonkeyPatch.context() as patch:

        def cut(*, back=False):
            if back:
                return patch.undo()
            patch.setattr(connection, "cursor", away)
            patch.setattr(connection, "chunked_cursor", away)

        yield cut


@pytest.mark.parametrize(
    ("path", "method", "status", "words"),
    [
        ("/leads/?colour=red", "get", 400, "No se pudo leer esta solicitud"),
        ("/leads/new/", "get", 403, "No puedes hacer esto"),
        ("/leads/999999/", "get", 404, "Aquí no hay nada"),
        ("/nowhere/", "get", 404, "Aquí no hay nada"),
    ],
)
def test_refusal_stands_in_the_shell_with_its_id(cast, signed_in, path, method, status, words):
    answer = getattr(signed_in(cast.bea), method)(path)
    assert (answer.status_code, in_shell(answer)) == (status, True)
    assert words in text(answer)
    assert f"<code>{answer['X-Request-ID']}</code>" in text(answer)


def test_lost_race_and_broken_rule_stand_in_the_shell_with_their_id(cast, signed_in, monkeypatch):
    def refuse(*args, **kwargs):
        raise DomainError

    monkeypatch.setattr(outbox, "mark_read", refuse)
    taken = factories.accepted(cast, by=cast.cruz)
    client = signed_in(cast.bea)
    answers = [client.post(f"/handoffs/{taken.pk}/accept/"), client.post("/notices/read/")]
    assert [(a.status_code, in_shell(a)) for a in answers] == [(409, True), (422, True)]
    assert [a["X-Request-ID"] in text(a) for a in answers] == [True, True]


@pytest.mark.parametrize(
    ("before", "leads_to"),
    [
        ("http://testserver/queue/?tab=soon", "/queue/?tab=soon"),
        ("https://evil.example/queue/", ""),
        ("", ""),
    ],
)
def test_refused_step_leads_back_to_the_page_before(cast, signed_in, before, leads_to):
    taken = factories.accepted(cast, by=cast.cruz)
    answer = signed_in(cast.bea).post(f"/handoffs/{taken.pk}/accept/", headers={"Referer": before})
    links = [f'href="{leads_to}"' in answer.content.decode(), "evil" in answer.content.decode()]
    assert (answer.status_code, answer.context["back"]) == (409, leads_to)
    assert links == [bool(leads_to), False]
    # Asking for the address of a step again shows nothing.
    assert 'href=""' not in answer.content.decode()


def test_stale_queue_page_answers_in_words(cast, signed_in):
    handoff = factories.handed_off(cast)
    handoffs.withdraw(handoff, by=cast.ana, at=factories.HANDED_OFF_AT)
    client = signed_in(cast.bea)
    row = client.post(f"/handoffs/{handoff.pk}/accept/", headers={"HX-Request": "true"})
    page = client.post(f"/handoffs/{handoff.pk}/accept/")
    assert (row.status_code, page.status_code) == (409, 409)
    # The browser says why in words of its own page; nothing of the lead leaves the server.
    assert row.content == b""
    assert "Marketing retiró este traspaso." in text(page)


def test_stale_form_says_go_back_in_the_shell(cast, signed_in):
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(cast.bea).cookies
    answer = client.post("/preferences/", {"language": "en"})
    assert (answer.status_code, in_shell(answer)) == (403, True)
    assert "lo que escribiste sigue ahí" in text(answer)
    assert answer["X-Request-ID"] in text(answer)


def test_stale_form_of_nobody_is_a_bare_page():
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x"})
    assert (answer.status_code, in_shell(answer)) == (403, False)


@pytest.mark.parametrize(
    ("path", "status"), [("/leads/999999/", 404), ("/leads/new/", 403), ("/leads/?x=1", 400)]
)
def test_programs_get_a_problem_they_can_read(cast, signed_in, path, status):
    answer = signed_in(cast.bea).get(path, headers=JSON)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert (answer.json()["status"], answer.json()["request_id"]) == (
        status,
        answer["X-Request-ID"],
    )


# -- Broken, and cut off from the database


def test_fault_of_ours_is_a_page_in_ones_language_without_the_database(
    cast, signed_in, quiet, monkeypatch, without_database
):
    def break_(*_args):
        without_database()
        raise RuntimeError("a bug")

    client = quiet(signed_in(cast.bea))
    cast.bea.language = "en"
    cast.bea.save()
    monkeypatch.setattr(views, "counters", break_)
    answer = client.get("/pulse", headers={"Accept": "text/html"})
    assert (answer.status_code, in_shell(answer)) == (500, False)
    assert "Something broke on our side" in text(answer)
    assert f"<code>{answer['X-Request-ID']}</code>" in text(answer)


@pytest.mark.parametrize("path", ["/queue/", "/", "/accounts/login/", "/preferences/"])
@pytest.mark.parametrize(
    ("language", "words"), [("es", "no se puede llegar a Relevo"), ("en", "cannot be reached")]
)
def test_database_away_is_503_on_every_page(
    cast, signed_in, quiet, without_database, path, language, words
):
    client = quiet(signed_in(cast.bea))
    without_database()
    answer = client.get(path, headers={"Accept-Language": language})
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert words in text(answer)
    assert f"<code>{answer['X-Request-ID']}</code>" in text(answer)


def test_language_of_the_cookie_rules_while_the_database_is_away(quiet, without_database):
    client = quiet(Client())
    client.cookies["relevo_language"] = "en"
    without_database()
    assert "cannot be reached" in text(
        client.get("/accounts/login/", headers={"Accept-Language": "es"})
    )


@pytest.mark.parametrize(
    ("path", "with_it", "without_it"),
    [("/healthz", (200, b"ok"), (200, b"ok")), ("/readyz", (200, b"ready"), (503, b"not ready"))],
)
def test_probes_tell_the_process_from_the_database(
    quiet, without_database, path, with_it, without_it
):
    client = quiet(Client())
    answer = client.get(path)
    assert (answer.status_code, answer.content) == with_it
    without_database()
    answer = client.get(path)
    assert (answer.status_code, answer.content) == without_it


@pytest.mark.parametrize("headers", [JSON, {"HX-Request": "true"}])
def test_scripts_hear_that_the_database_is_away(cast, signed_in, quiet, without_database, headers):
    client = quiet(signed_in(cast.bea))
    without_database()
    answer = client.get("/pulse", headers=headers)
    assert (answer.status_code, answer["Retry-After"], answer.json()["status"]) == (503, "10", 503)


def test_database_that_comes_back_is_served_at_once(cast, signed_in, quiet, without_database):
    client = quiet(signed_in(cast.bea))
    without_database()
    assert client.get("/queue/").status_code == 503
    without_database(back=True)
    assert client.get("/queue/").status_code == 200


def caused(error, code):
    cause = type("Cause", (psycopg2.OperationalError,), {"pgcode": code})()
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (OperationalError("connection refused"), True),
        (InterfaceError("connection already closed"), True),
        (caused(OperationalError("terminating connection"), "57P01"), True),
        (caused(OperationalError("too many clients"), "53300"), True),
        (caused(OperationalError("deadlock detected"), "40P01"), False),
        (caused(OperationalError("lock timeout"), "55P03"), False),
        (RuntimeError("a bug"), False),
        (None, False),
    ],
)
def test_only_a_database_that_is_away_is_503(error, away):
    assert errors.is_away(error) is away


def test_what_counts_as_a_script():
    make = RequestFactory()
    asked = [
        make.get("/queue/", headers={"Accept": "text/html,*/*"}),
        make.get("/queue/", headers={"Accept": "application/json"}),
        make.get("/queue/", headers={"Accept": "text/html, application/json"}),
        make.get("/queue/", headers={"HX-Request": "true"}),
        make.get("/api/v1/leads/"),
    ]
    assert [errors.is_asked_by_script(request) for request in asked] == [
        False,
        True,
        False,
        True,
        True,
    ]


def test_too_many_tries_are_a_page_with_its_id(cast, signed_in, monkeypatch):
    monkeypatch.setattr(tries, "ADDRESS", replace(tries.ADDRESS, free=1))
    client = Client()
    for _guess in range(2):
        answer = client.get("/join/1/forged/")
    assert (answer.status_code, in_shell(answer)) == (429, False)
    assert "Demasiados intentos" in text(answer)
    assert answer["X-Request-ID"] in text(answer)
