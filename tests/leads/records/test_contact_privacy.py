"""Phone and e-mail hidden from sales until somebody takes the lead, through every door; and the cap
of a rep.
"""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from leads.handoffs import transitions, undo
from leads.models import Decision, Handoff
from leads.records import leads, search
from sla import snapshot_bodies
from tests import factories
from tests.conftest import Moment
from tests.factories import ACCEPTED_AT, LOGGED_AT, Cast, when

SECRET = {"email": "secreta@andino.test", "phone": "+52 55 4000 7788"}


@pytest.fixture
def hiding(cast: Cast, moment: Moment) -> Cast:
    """The agreement in force hides phone and e-mail."""
    terms = {"of": cast.agreement.agreement, "hide_contact": True}
    cast.agreement = factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, **terms
    )
    return cast


@pytest.fixture
def pending(hiding: Cast) -> Handoff:
    """Its e-mail was corrected before it was handed off, which the timeline tells."""
    lead = factories.lead(hiding, person={**SECRET, "email": "antes@andino.test"})
    data = factories.facts(person={**SECRET, "name": lead.person.name})
    leads.change(
        lead, {**data, "source": lead.source}, by=hiding.ana, at=LOGGED_AT, version=lead.version
    )
    return factories.handed_off(hiding, of=lead)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="crm.accounts.backend.Backend")
    return client


def doors(handoff: Handoff) -> list[str]:
    lead = handoff.lead_id
    found = [
        f"/leads/{lead}/",
        "/queue/",
        "/leads/",
        "/search/?q=secreta",
        "/search/?q=7788",
        f"/handoffs/{handoff.pk}/reject/",
    ]
    api = [
        f"/api/v1/leads/{lead}/",
        "/api/v1/leads/",
        f"/api/v1/handoffs/{handoff.pk}/",
        "/api/v1/handoffs/",
    ]
    return found + api


def leaks(user: User, handoff: Handoff) -> list[str]:
    """The doors behind which phone or e-mail can be read."""
    client, found = client_of(user), []
    for path in doors(handoff):
        page = (
            client.get(path)
            .content.decode()
            .replace("?q=secreta", "")
            .replace('value="secreta"', "")
        )
        page = re.sub(r'value="7788"|\?q=7788', "", page)
        if "secreta@" in page or "antes@" in page or re.search(r"4000\W?7788", page):
            found.append(path)
    return found


@pytest.mark.parametrize("name", ["bea", "cruz", "dora"])
def test_sales_reads_no_phone_and_no_email_of_a_pending_lead(
    hiding: Cast, pending: Handoff, name: str
) -> None:
    assert leaks(getattr(hiding, name), pending) == []


@pytest.mark.parametrize("contact", [SECRET, {**SECRET, "email": ""}])
def test_hidden_contact_data_are_not_the_name_of_a_lead_without_one(
    hiding: Cast, contact: dict[str, str]
) -> None:
    terms = {"hide_contact": True, "package_fields": ["company.name"]}
    factories.agreement(
        hiding.calendar,
        marketing=hiding.luis,
        sales=hiding.dora,
        of=hiding.agreement.agreement,
        **terms,
    )
    handoff = factories.handed_off(hiding, person={**contact, "name": ""})
    assert leaks(hiding.bea, handoff) == []
    transitions.accept(handoff, by=hiding.bea, at=ACCEPTED_AT)
    handoff.lead.refresh_from_db()
    assert str(handoff.lead) == (contact["email"] or "+525540007788")


@pytest.mark.parametrize("name", ["ana", "elsa"])
def test_marketing_and_the_director_read_them_all_the_time(
    hiding: Cast, pending: Handoff, name: str
) -> None:
    assert f"/leads/{pending.lead_id}/" in leaks(getattr(hiding, name), pending)
    assert f"/api/v1/leads/{pending.lead_id}/" in leaks(getattr(hiding, name), pending)


def test_whoever_accepts_reads_them(hiding: Cast, pending: Handoff) -> None:
    transitions.accept(pending, by=hiding.bea, at=ACCEPTED_AT)
    assert f"/leads/{pending.lead_id}/" in leaks(hiding.bea, pending)


def test_undone_and_requeued_leads_are_hidden_again(hiding: Cast, pending: Handoff) -> None:
    transitions.accept(pending, by=hiding.bea, at=ACCEPTED_AT)
    undo.undo(pending, by=hiding.bea, at=ACCEPTED_AT)
    assert leaks(hiding.bea, pending) == []
    transitions.accept(pending, by=hiding.bea, at=ACCEPTED_AT)
    transitions.requeue(pending, by=hiding.dora, at=ACCEPTED_AT, cause="test")
    assert leaks(hiding.bea, pending) == []


def test_api_shows_a_mask(hiding: Cast, pending: Handoff) -> None:
    shown = client_of(hiding.bea).get(f"/api/v1/leads/{pending.lead_id}/").json()
    assert (shown["email"], shown["phone"]) == ("•••@•••", "•••")


def test_hidden_lead_is_found_by_its_name(hiding: Cast, pending: Handoff) -> None:
    hits, _more = search.find(hiding.bea, "Mariana")
    assert [hit.lead.pk for hit in hits] == [pending.lead_id]


@pytest.mark.parametrize(
    "query", ["jose pena", "JOSÉ", "o neil", "cafe inigo", "Café Íñigo S.A.", "cafe inigo sa de cv"]
)
def test_hidden_lead_is_found_without_accents_like_all_others(hiding: Cast, query: str) -> None:
    person = {**SECRET, "name": "José Peña O'Neil"}
    company = {"name": "Café Íñigo S.A."}
    handoff = factories.handed_off(hiding, person=person, company=company)
    hits, _more = search.find(hiding.bea, query)
    assert [hit.lead.pk for hit in hits] == [handoff.lead_id]


@pytest.mark.parametrize("query", ["secreta@andino.test", "secreta", "55 4000 7788"])
def test_hidden_lead_is_not_found_by_what_is_hidden(
    hiding: Cast, pending: Handoff, query: str
) -> None:
    found = [search.find(user, query)[0] for user in (hiding.bea, hiding.ana)]
    assert [len(hits) for hits in found] == [0, 1]


def test_agreement_that_hides_nothing_shows_everything(cast: Cast, moment: Moment) -> None:
    handoff = factories.handed_off(cast, person=SECRET)
    assert f"/leads/{handoff.lead_id}/" in leaks(cast.bea, handoff)


# -- The cap of a rep


@pytest.fixture
def capped(cast: Cast) -> Cast:
    """The agreement in force allows two open leads of a rep."""
    terms = {"of": cast.agreement.agreement, "rep_cap": 2}
    cast.agreement = factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, **terms
    )
    return cast


def test_rep_with_as_many_leads_as_agreed_accepts_no_more(capped: Cast) -> None:
    mine = [factories.accepted(capped), factories.accepted(capped)]
    third = factories.handed_off(capped)
    with pytest.raises(transitions.RepIsFull) as error:
        transitions.accept(third, by=capped.bea, at=ACCEPTED_AT)
    third.refresh_from_db()
    assert (third.state, str(error.value.message).split(" ")[:4]) == (
        "pending",
        ["Bea", "Quintero", "tiene", "2"],
    )
    transitions.requeue(mine[0], by=capped.dora, at=ACCEPTED_AT, cause="test")
    assert transitions.accept(third, by=capped.bea, at=ACCEPTED_AT).state == "accepted"


def test_colleague_still_accepts(capped: Cast) -> None:
    factories.accepted(capped)
    factories.accepted(capped)
    assert (
        transitions.accept(factories.handed_off(capped), by=capped.cruz, at=ACCEPTED_AT).state
        == "accepted"
    )


def test_leads_of_a_version_without_a_cap_are_accepted_beyond_it(cast: Cast) -> None:
    free = factories.handed_off(cast)
    terms = {"of": cast.agreement.agreement, "rep_cap": 1}
    cast.agreement = factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, at=when("2026-03-02 10:05"), **terms
    )
    assert (
        free.policy.get("rep_cap"),
        transitions.accept(free, by=cast.bea, at=ACCEPTED_AT).state,
    ) == (
        None,
        "accepted",
    )


def test_full_rep_is_told_how_many_by_the_page(capped: Cast, moment: Moment) -> None:
    factories.accepted(capped)
    factories.accepted(capped)
    third = factories.handed_off(capped)
    answer = client_of(capped.bea).post(f"/handoffs/{third.pk}/accept/")
    text = "Bea Quintero has 2 open leads, and the agreement allows 2 at a time. Settle one first."
    assert (answer.status_code, text in answer.content.decode()) == (409, True)
    assert not Decision.objects.filter(handoff=third).exists()


def test_cap_costs_two_queries_and_none_where_there_is_no_cap(cast: Cast) -> None:
    free = factories.handed_off(cast)
    with CaptureQueriesContext(connection) as without:
        transitions.check_room(free, cast.bea)
    free.policy_ref_id = snapshot_bodies.keep({**free.policy, "rep_cap": 5})
    with CaptureQueriesContext(connection) as capped:
        transitions.check_room(free, cast.bea)
    assert (len(without), len(capped)) == (0, 2)
