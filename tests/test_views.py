"""What every page does: it asks for sign-in, and hears who took which row."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads import handoffs
from tests import factories
from tests.factories import HANDED_OFF_AT

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def gone(client, *handoffs_):
    return client.get("/pulse", {"rows": ",".join(str(h.pk) for h in handoffs_)}).json()["gone"]


def test_row_that_a_colleague_took_says_who_and_when(cast, signed_in, moment):
    taken, rejected, withdrawn, waiting = (factories.handed_off(cast) for _ in range(4))
    handoffs.accept(taken, by=cast.cruz, at=HANDED_OFF_AT)
    handoffs.reject(rejected, factories.rejection(), by=cast.dora, at=HANDED_OFF_AT)
    handoffs.withdraw(withdrawn, by=cast.ana, at=HANDED_OFF_AT)
    moment.advance(seconds=10)
    found = gone(signed_in(cast.bea), taken, rejected, withdrawn, waiting)
    assert found == {
        str(taken.pk): "Lo tomó Cruz Medina, hace 10 s",
        str(rejected.pk): "Rechazado por Dora Salinas, hace 10 s",
        str(withdrawn.pk): "Retirado por marketing",
    }


def test_rows_outside_ones_sight_are_not_told_of(cast, signed_in):
    other = factories.accepted(cast, to=cast.other_sales, by=cast.elsa)
    assert gone(signed_in(cast.bea), other) == {}
    assert list(gone(signed_in(cast.elsa), other)) == [str(other.pk)]


@pytest.mark.parametrize("rows", ["x", "1,", "-1", "1;2", "1" * 20, ",".join("1" * 101)])
def test_unreadable_rows_are_refused(cast, signed_in, rows):
    assert signed_in(cast.bea).get("/pulse", {"rows": rows}).status_code == 400


@pytest.mark.parametrize("rows", [1, 3])
def test_pulse_needs_a_constant_number_of_queries(cast, signed_in, rows):
    taken = [factories.accepted(cast, by=cast.cruz) for _ in range(rows)]
    client, asked = signed_in(cast.bea), ",".join(str(h.pk) for h in taken)
    client.get("/pulse")
    with CaptureQueriesContext(connection) as captured:
        assert len(client.get("/pulse", {"rows": asked}).json()["gone"]) == rows
    assert len(captured) == 6


@pytest.mark.parametrize("headers", [JSON, {"HX-Request": "true"}])
def test_scripts_of_a_signed_out_page_get_401(db, headers):
    answer = Client().get("/pulse", headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["request_id"] == answer["X-Request-ID"]


def test_people_who_are_signed_out_get_the_sign_in_page(db):
    answer = Client().get(
        "/queue/", headers={"Accept": "text/html,application/xhtml+xml,application/json"}
    )
    assert answer["Location"] == "/accounts/login/?next=/queue/"


def test_page_that_was_signed_out_goes_on_with_the_token_of_the_pulse(cast, signed_in):
    handoff = factories.handed_off(cast)
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = signed_in(cast.bea).cookies
    path = f"/handoffs/{handoff.pk}/accept/"
    news = browser.get("/pulse", headers=JSON).json()
    stale, fresh = (
        browser.post(path, {"csrfmiddlewaretoken": token}) for token in ("x" * 64, news["csrf"])
    )
    assert (stale.status_code, fresh.status_code, news["person"]) == (403, 302, cast.bea.pk)


def test_paused_updates_stand_on_the_page(cast, signed_in):
    client = signed_in(cast.bea)
    assert 'data-live="on"' in client.get("/queue/").content.decode()
    cast.bea.live_updates = False
    cast.bea.save()
    assert 'data-live="off"' in client.get("/queue/").content.decode()


def test_every_page_asks_for_sign_in(client, db):
    for path in (
        "/",
        "/queue/",
        "/mine/",
        "/leads/",
        "/leads/1/",
        "/alignment/",
        "/notices/",
        "/preferences/",
        "/pulse",
    ):
        assert client.get(path)["Location"].split("?")[0] == "/accounts/login/", path


def test_pulse_changes_its_version_when_the_queue_changes(cast, signed_in):
    client = signed_in(cast.bea)
    before = client.get("/pulse").json()
    handoff = factories.handed_off(cast)
    during = client.get("/pulse").json()
    handoffs.accept(handoff, by=cast.cruz, at=HANDED_OFF_AT)
    after = client.get("/pulse").json()
    assert [x["counts"]["queue"] for x in (before, during, after)] == [0, 1, 0]
    assert len({before["version"], during["version"]}) == 2
    assert after["version"] != during["version"]


def test_no_page_shows_an_unrendered_component(cast, signed_in):
    handoff, captured = factories.contacted(cast), factories.lead(cast)
    pages = {
        "bea": ["/queue/", "/mine/", f"/leads/{handoff.lead_id}/", "/preferences/", "/notices/"],
        "ana": [
            "/leads/",
            "/leads/new/",
            f"/leads/{handoff.lead_id}/edit/",
            f"/leads/{captured.pk}/qualify/",
        ],
    }
    for name, paths in pages.items():
        for path in paths:
            text = signed_in(getattr(cast, name)).get(path).content.decode()
            assert "<c-" not in text, path
            assert 'style="' not in text, path
