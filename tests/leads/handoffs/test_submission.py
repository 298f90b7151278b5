"""A lead is qualified and handed off into the queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.lib.errors import Conflict
from crm.notifications.models import Message
from leads import handoffs
from leads.models import Handoff, Lead
from leads.records import leads
from leads.returns import recycling, returns
from personas.models import Persona
from sla.agreements import agreements
from sla.models import Clock
from tests import factories, terms
from tests.factories import HANDED_OFF_AT, Cast, when
from tests.leads.returns.rows import reason_to_close, reason_to_recycle

NOON = when("2026-03-02 12:00")


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.get(pk=handoff.pk)


def stage(handoff: Handoff) -> str:
    return Lead.objects.get(pk=handoff.lead_id).stage


def moves(handoff: Handoff) -> list[tuple[str, str, str]]:
    return list(handoff.events.order_by("id").values_list("kind", "from_state", "to_state"))


def notified(kind: str) -> list[str]:
    names = (
        Message.objects.filter(kind=kind)
        .order_by("recipient__name")
        .values_list("recipient__name", flat=True)
    )
    return [name.split()[0] for name in names]


def clock_states(handoff: Handoff) -> list[tuple[str, str]]:
    clocks = Clock.objects.filter(subject_type="handoff", subject_id=handoff.pk)
    return list(clocks.order_by("id").values_list("metric", "state"))


# -- Qualifying


def test_qualify_makes_an_mql_by_the_version_that_judged_it(cast: Cast) -> None:
    lead = Lead.objects.get(pk=factories.mql(cast).pk)
    found = (lead.stage, lead.persona_version, lead.qualified_by, str(lead.mql_on))
    assert found == ("mql", cast.persona, cast.ana, "2026-03-02")


def test_qualify_is_an_event(cast: Cast) -> None:
    event = factories.mql(cast).events.get(kind="qualified")
    assert (event.from_state, event.to_state, event.actor) == ("captured", "mql", cast.ana)


def test_qualify_again_by_the_same_version_changes_nothing(cast: Cast) -> None:
    lead = factories.mql(cast)
    handoffs.qualify(lead, cast.persona, by=cast.luis, at=NOON)
    assert (lead.events.filter(kind="qualified").count(), Lead.objects.get().qualified_by) == (
        1,
        cast.ana,
    )


def test_lead_without_valuable_action_is_no_mql(cast: Cast) -> None:
    lead = factories.lead(cast, did=None)
    with pytest.raises(handoffs.NotAnMql) as refused:
        handoffs.qualify(lead, cast.persona, by=cast.ana, at=NOON)
    assert (list(refused.value.fields), Lead.objects.get().stage) == (
        ["valuable_action"],
        "captured",
    )


def test_lead_that_does_not_fit_is_told_which_criteria(cast: Cast) -> None:
    lead = factories.lead(cast, company={"employees": 7}, person={"job_title": ""})
    with pytest.raises(handoffs.NotAnMql) as refused:
        handoffs.qualify(lead, cast.persona, by=cast.ana, at=NOON)
    assert list(refused.value.fields) == ["size", "role"]


def test_lead_in_the_queue_is_not_qualified_by_another_persona(cast: Cast) -> None:
    """Its stage would fall back to MQL while sales decides on it."""
    handoff = factories.handed_off(cast)
    other = factories.persona("owner", [terms.SIZE])
    with pytest.raises(Conflict):
        handoffs.qualify(handoff.lead, other, by=cast.ana, at=NOON)
    assert stage(handoff) == "handed_off"


# -- Handing off


def test_handed_off_lead_is_pending_in_the_teams_queue(cast: Cast) -> None:
    found = stored(factories.handed_off(cast, note="Call in the morning"))
    assert (
        found.state,
        found.team,
        found.owner,
        found.cycle,
        found.note,
        found.submitted_by,
        found.submitted_at,
    ) == (
        "pending",
        cast.sales,
        None,
        1,
        "Call in the morning",
        cast.ana,
        HANDED_OFF_AT,
    )


def test_handoff_keeps_the_versions_that_judged_it(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    newer = factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, of=cast.agreement.agreement
    )
    found = stored(handoff)
    assert (found.agreement_version, found.persona_version) == (cast.agreement, cast.persona)
    assert agreements.in_force(cast.sales) == newer


def test_handing_off_qualifies_on_the_way(cast: Cast) -> None:
    lead = factories.handed_off(cast).lead
    found = list(lead.events.order_by("id").values_list("kind", "from_state", "to_state"))
    assert found == [
        ("captured", "", "captured"),
        ("valuable_action", "", ""),
        ("qualified", "captured", "mql"),
        ("handed_off", "", "pending"),
    ]


def test_handing_off_starts_the_accept_clock(cast: Cast) -> None:
    clock = stored(factories.handed_off(cast)).clock
    assert clock is not None
    assert (clock.metric, clock.due_at, clock.accountable, clock.team) == (
        "accept",
        NOON,
        None,
        cast.sales,
    )


def test_handing_off_tells_the_team(cast: Cast) -> None:
    factories.person("Gil", cast.sales, is_active=False)
    factories.handed_off(cast)
    assert notified("handoff.new") == ["Bea", "Cruz", "Dora"]


def test_handing_off_tells_nobody_what_they_did_themselves(cast: Cast) -> None:
    cast.ana = factories.person("Gil", cast.marketing, cast.sales)
    factories.handed_off(cast)
    assert notified("handoff.new") == ["Bea", "Cruz", "Dora"]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"person": {"phone": ""}}, ["person.phone"]),
        ({"person": {"name": "", "email": ""}}, ["person.name", "person.email"]),
        ({"company": {"name": ""}}, ["company.name"]),
        ({"from_source": None}, ["lead.source"]),
    ],
)
def test_missing_package_field_blocks_and_is_named(
    cast: Cast, changes: dict[str, Any], missing: list[str]
) -> None:
    criteria = [terms.ROLE]
    cast.persona = factories.persona("anybody", criteria)
    lead = factories.lead(cast, **changes)
    with pytest.raises(handoffs.PackageIncomplete) as refused:
        factories.handed_off(cast, of=lead)
    assert (list(refused.value.fields), Handoff.objects.count(), Lead.objects.get().stage) == (
        missing,
        0,
        "captured",
    )


def test_lead_that_is_no_mql_is_not_handed_off(cast: Cast) -> None:
    with pytest.raises(handoffs.NotAnMql):
        factories.handed_off(cast, did=None)
    assert Handoff.objects.count() == 0


def test_without_agreement_nothing_is_handed_off(cast: Cast) -> None:
    lead = factories.lead(cast)
    cast.agreement.agreement.versions.update(state="superseded")
    with pytest.raises(agreements.NoAgreement):
        factories.handed_off(cast, of=lead)


def test_hand_off_needs_17_queries(cast: Cast, client: Client) -> None:
    factories.handed_off(cast)  # what the clock refers to is stored once, with the first
    lead = factories.mql(cast)
    client.force_login(cast.ana)
    with CaptureQueriesContext(connection) as captured:
        client.post(f"/leads/{lead.pk}/hand-off/", {"team": cast.sales.pk})
    # Without those of the test's own transaction.
    statements = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    lead.refresh_from_db()
    assert (lead.stage, len(statements)) == ("handed_off", 17), "\n".join(
        sql[:150] for sql in statements
    )


def test_lead_without_a_persona_is_handed_off_by_the_one_that_fits_best(cast: Cast) -> None:
    factories.persona("a-small-owner", [{**terms.SIZE, "operand": 100_000}])
    handoff = handoffs.hand_off(
        factories.lead(cast), team=cast.sales, by=cast.ana, at=HANDED_OFF_AT
    )
    assert handoff.persona_version == cast.persona


def test_without_a_persona_in_use_nothing_is_handed_off(cast: Cast) -> None:
    lead = factories.lead(cast)
    Persona.objects.update(archived_at=NOON)
    with pytest.raises(handoffs.NoPersona):
        handoffs.hand_off(lead, team=cast.sales, by=cast.ana, at=NOON)
    assert Lead.objects.get().stage == "captured"


def test_package_is_frozen(cast: Cast) -> None:
    handoff = factories.handed_off(cast, person={"job_title": "CEO"}, attributes={"budget": 9000})
    data = {
        "person": {"name": "Somebody else", "job_title": "Intern"},
        "company": {},
        "source": None,
    }
    leads.change(handoff.lead, data, by=cast.ana, at=NOON, version=1)
    package = stored(handoff).package.payload
    facts = package["facts"]
    assert (facts["person.job_title"], facts["attributes.budget"], facts["lead.source"]) == (
        "CEO",
        9000,
        "organic_search",
    )
    assert package["actions"] == [["asked_for_demo", "2026-03-02"]]
    judged = [["size", "met"], ["role", "met"], ["budget", "met"], ["decides", "unknown"]]
    assert package["judgements"] == judged


@pytest.mark.parametrize(
    ("attributes", "proves"),
    [
        ({"budget": 60000, "decides": True}, True),
        ({"budget": 60000}, False),
        ({"budget": 100, "decides": True}, False),
        ({}, False),
    ],
)
def test_package_proves_an_sql_by_means_and_authority(
    cast: Cast, attributes: dict[str, Any], proves: bool
) -> None:
    assert factories.handed_off(cast, attributes=attributes).proves_sql is proves


def test_evidence_of_marketing_proves_an_sql_too(cast: Cast) -> None:
    lead = factories.lead(cast)
    factories.prove(lead, by=cast.ana)
    assert factories.handed_off(cast, of=lead).proves_sql is True


@pytest.mark.parametrize("state", ["handed_off", "accepted", "contacted", "sql", "opportunity"])
def test_lead_with_an_open_handoff_is_not_handed_off_again(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    with pytest.raises(handoffs.AlreadyHandedOff):
        factories.handed_off(cast, of=handoff.lead)


def closed(cast: Cast) -> Handoff:
    handoff = factories.rejected(cast)
    returns.close(handoff, reason_to_close(), by=cast.ana, at=NOON)
    return handoff


def recycled(cast: Cast) -> Handoff:
    handoff = factories.rejected(cast)
    recycling.park(handoff, reason_to_recycle(), wake_on=None, by=cast.ana, at=NOON)
    return handoff


@pytest.mark.parametrize(
    "make", [closed, recycled, factories.won, factories.lost, factories.disqualified]
)
def test_lead_that_is_not_with_marketing_is_neither_qualified_nor_handed_off(
    cast: Cast, make: Callable[[Cast], Handoff]
) -> None:
    """The page was opened before a colleague closed or recycled the lead."""
    handoff = make(cast)
    lead = Lead.objects.get(pk=handoff.lead_id)
    at = when("2026-03-10 10:00")
    with pytest.raises(handoffs.MovedOn):
        factories.handed_off(cast, of=lead, at=at)
    with pytest.raises(handoffs.MovedOn):
        handoffs.qualify(lead, cast.persona, by=cast.ana, at=at)
    assert Lead.objects.get(pk=lead.pk).stage == lead.stage


@pytest.mark.parametrize("state", ["rejected", "withdrawn"])
def test_lead_that_came_back_begins_a_new_cycle(cast: Cast, state: str) -> None:
    first = getattr(factories, state)(cast)
    again = factories.handed_off(cast, of=first.lead, at=when("2026-03-03 10:00"))
    assert (again.cycle, stored(first).cycle, stored(again).state) == (2, 1, "pending")


def test_two_open_handoffs_of_a_lead_are_refused_by_the_database(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    handoff.pk, handoff.cycle = None, 2
    with pytest.raises(IntegrityError, match="handoff_one_open_per_lead"), transaction.atomic():
        handoff.save()
