"""The lead page: who sees it, and what its forms refuse."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Event, Handoff, Lead
from leads.records import notes
from tests import factories
from tests.factories import when

pytestmark = pytest.mark.django_db
EVERYBODY = ("ana", "luis", "bea", "cruz", "dora", "elsa", "root", "extra")


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def statuses(cast, signed_in, path):
    return {name: signed_in(getattr(cast, name)).get(path).status_code for name in EVERYBODY}


def test_lead_page_of_a_captured_lead_is_marketings_and_the_directors(cast, signed_in):
    lead = factories.lead(cast)
    seen = {"ana": 200, "luis": 200, "elsa": 200}
    assert statuses(cast, signed_in, f"/leads/{lead.pk}/") == dict.fromkeys(EVERYBODY, 404) | seen


def test_lead_page_of_a_pending_lead_is_open_to_the_team_of_its_queue(cast, signed_in):
    lead = factories.handed_off(cast).lead
    seen = {"ana": 200, "luis": 200, "bea": 200, "cruz": 200, "dora": 200, "elsa": 200}
    assert statuses(cast, signed_in, f"/leads/{lead.pk}/") == dict.fromkeys(EVERYBODY, 404) | seen


def test_lead_page_of_an_accepted_lead_closes_to_the_other_rep(cast, signed_in):
    lead = factories.accepted(cast).lead
    seen = {"ana": 200, "luis": 200, "bea": 200, "dora": 200, "elsa": 200}
    assert statuses(cast, signed_in, f"/leads/{lead.pk}/") == dict.fromkeys(EVERYBODY, 404) | seen


def test_win_with_a_bad_amount_comes_back_on_the_lead_page(cast, signed_in, moment):
    handoff = factories.contacted(cast)
    factories.prove(handoff.lead, by=cast.bea, at=moment.advance(hours=2))
    client = signed_in(cast.bea)
    client.post(f"/handoffs/{handoff.pk}/sql/")
    answers = [
        client.post(f"/handoffs/{handoff.pk}/win/", {"amount": raw})
        for raw in ("", "0", "-5", "NaN", "abc")
    ]
    assert [(a.status_code, "amount" in a.context["forms"]["win"].errors) for a in answers] == [
        (422, True)
    ] * 5
    assert client.post(f"/handoffs/{handoff.pk}/win/", {"amount": "125000.50"}).status_code == 302
    assert str(Lead.objects.get().won_amount) == "125000.50"


def test_sql_without_proof_is_refused_and_says_what_is_missing(cast, signed_in):
    handoff = factories.contacted(cast)
    response = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/sql/")
    assert response.status_code == 422
    assert "Tiene presupuesto para este año" in response.content.decode()
    assert Handoff.objects.get().state == "contacted"


def test_evidence_of_a_colleagues_lead_cannot_be_written(cast, signed_in):
    handoff = factories.contacted(cast, by=cast.bea)
    form = {"verdict": "met", "value": "x"}
    assert (
        signed_in(cast.cruz).post(f"/leads/{handoff.lead_id}/evidence/budget/", form).status_code
        == 404
    )
    assert Event.objects.filter(kind="evidence").count() == 0


@pytest.mark.parametrize(
    ("make", "who", "most"),
    [
        (factories.lead, "ana", 17),
        (factories.handed_off, "bea", 16),
        (factories.accepted, "bea", 21),
        (factories.contacted, "bea", 22),
        (factories.rejected, "ana", 24),
        (factories.won, "bea", 18),
    ],
)
def test_page_needs_the_same_queries_however_much_happened(
    cast, signed_in, moment, make, who, most
):
    moment.set(when("2026-03-10 10:00"))
    made = make(cast)
    lead = getattr(made, "lead", made)
    client = signed_in(getattr(cast, who))
    counts = []
    for _round in range(2):
        for number in range(4):
            notes.add(lead, f"Note {number}", by=cast.ana, at=when("2026-03-10 09:00"))
            factories.prove(lead, "budget", by=cast.ana)
        client.get(f"/leads/{lead.pk}/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/leads/{lead.pk}/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= most
