"""Pages that hand a lead off, accept it, reject it and put it back: what they refuse."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Decision, Handoff
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def test_hand_off_without_a_valuable_action_is_refused_and_named(cast, signed_in):
    lead = factories.lead(cast, did=None)
    response = signed_in(cast.ana).post(f"/leads/{lead.pk}/hand-off/", {"team": cast.sales.pk})
    assert response.status_code == 422
    assert response.context["assessment"].is_mql is False
    assert Handoff.objects.count() == 0


def test_hand_off_with_an_incomplete_package_names_what_is_missing(cast, signed_in):
    lead = factories.lead(cast, person={"phone": ""}, from_source=None)
    response = signed_in(cast.ana).post(
        f"/leads/{lead.pk}/hand-off/", {"team": cast.sales.pk, "note": "Urgente"}
    )
    assert response.status_code == 422
    assert response.context["missing"] == ["Teléfono", "Fuente"]
    assert response.context["form"]["note"].value() == "Urgente"
    assert Handoff.objects.count() == 0


def test_accept_in_the_queue_answers_with_the_row(cast, signed_in):
    handoff = factories.handed_off(cast)
    response = signed_in(cast.bea).post(
        f"/handoffs/{handoff.pk}/accept/", headers={"HX-Request": "true"}
    )
    assert response.status_code == 200
    assert response.content.startswith(b"<tr data-row")
    assert Handoff.objects.get().owner == cast.bea


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {}])
def test_accept_as_sql_needs_16_queries(headers, cast, signed_in):
    factories.accepted(cast)  # the ladder of the next clock is stored once, with the first
    handoff = factories.proven(cast)
    client = signed_in(cast.bea)
    with CaptureQueriesContext(connection) as captured:
        client.post(f"/handoffs/{handoff.pk}/accept-as-sql/", headers=headers)
    # Without those of the test's own transaction.
    statements = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    handoff.refresh_from_db()
    assert (handoff.state, len(statements)) == ("sql", 16), "\n".join(statements)


def test_accept_of_a_taken_handoff_is_a_conflict_that_names_the_winner(cast, moment, signed_in):
    handoff = factories.accepted(cast, by=cast.cruz)
    page = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/accept/")
    row = signed_in(cast.bea).post(
        f"/handoffs/{handoff.pk}/accept/", headers={"HX-Request": "true"}
    )
    assert (page.status_code, row.status_code) == (409, 409)
    assert "Cruz Medina" in page.content.decode()
    assert (row["HX-Reswap"], "Cruz Medina" in row["HX-Trigger"]) == ("none", True)
    assert Decision.objects.count() == 1


def test_accept_by_people_outside_the_team_is_hidden_or_forbidden(cast, signed_in):
    handoff = factories.handed_off(cast)
    answers = {
        name: signed_in(getattr(cast, name)).post(f"/handoffs/{handoff.pk}/accept/").status_code
        for name in ("ana", "luis", "elsa", "root", "extra")
    }
    assert answers == {"ana": 403, "luis": 403, "elsa": 403, "root": 404, "extra": 404}
    assert Handoff.objects.get().is_pending


def test_reject_without_a_reason_comes_back_with_the_comment(cast, signed_in):
    handoff = factories.handed_off(cast)
    response = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/reject/", {"comment": "No existe"})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["reason"]
    assert response.context["form"]["comment"].value() == "No existe"


def test_reject_with_a_reason_that_needs_a_comment_names_the_comment(cast, signed_in):
    handoff, reason = factories.handed_off(cast), factories.rejection("bad_contact_data")
    response = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/reject/", {"reason": reason.pk})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["comment"]
    assert Handoff.objects.get().is_pending


def test_requeue_is_for_the_team_lead(cast, signed_in):
    handoff = factories.accepted(cast)
    path = f"/handoffs/{handoff.pk}/requeue/"
    answers = [
        signed_in(getattr(cast, name)).post(path, {"comment": "Bea is away"}).status_code
        for name in ("bea", "ana", "elsa", "dora")
    ]
    assert answers == [403, 403, 403, 302]
    assert Handoff.objects.get().is_pending
