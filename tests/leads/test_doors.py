"""A lead that fits and did nothing is no MQL, whichever way it is tried; and what a person may
overrule.

Each door is tried twice: with a lead that did nothing, and with one that did, so that the refusal
means something.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import translation

from leads import handoffs
from leads.handoffs import test_lead
from leads.models import Event, Handoff, Lead, ValuableAction, ValuableActionKind
from leads.qualification import overrides
from leads.records import leads as noun
from leads.states import EventKind
from sla import snapshot_bodies
from tests import factories, terms
from tests.factories import HANDED_OFF_AT, LOGGED_AT, Cast
from tests.leads.imports.imported import imported

pytestmark = pytest.mark.django_db

Door = Callable[[Cast, Lead], object]


def browser(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ana, backend="crm.accounts.backend.Backend")
    return client


def page_mql(cast: Cast, lead: Lead) -> object:
    return browser(cast).post(f"/leads/{lead.pk}/mql/", {"persona": cast.persona.pk})


def page_hand_off(cast: Cast, lead: Lead) -> object:
    return browser(cast).post(
        f"/leads/{lead.pk}/hand-off/", {"persona": cast.persona.pk, "team": cast.sales.pk}
    )


def page_with_every_word(cast: Cast, lead: Lead) -> object:
    """Everything that a form can say, the reasons of overriding included."""
    said = {
        "persona": cast.persona.pk,
        "team": cast.sales.pk,
        "score_reason": "Trust me",
        "reason": "Trust me",
    }
    return browser(cast).post(f"/leads/{lead.pk}/hand-off/", said)


def api_hand_off(cast: Cast, lead: Lead) -> object:
    body = {"team": cast.sales.pk, "persona_version": cast.persona.pk, "score_reason": "Trust me"}
    address = f"/api/v1/leads/{lead.pk}/handoffs/"
    token = {"data": json.dumps(body), "content_type": "application/json"}
    return browser(cast).post(address, **token)


def function_qualify(cast: Cast, lead: Lead) -> object:
    return handoffs.qualify(lead, cast.persona, by=cast.ana, at=HANDED_OFF_AT)


def function_hand_off(cast: Cast, lead: Lead) -> object:
    return handoffs.hand_off(
        lead,
        team=cast.sales,
        persona_version=cast.persona,
        by=cast.ana,
        at=HANDED_OFF_AT,
        score_reason="Trust me",
    )


def overridden_action(cast: Cast, lead: Lead) -> object:
    """Evidence under every name that the action might have, and then the function."""
    for code in ("valuable_action", "action", "score"):
        said = {"value": "", "source": "", "reason": "Trust me"}
        noun.write_evidence(
            lead, code, "met", details=said, by=cast.ana, at=LOGGED_AT, overrides=True
        )
    return function_hand_off(cast, lead)


DOORS: list[Door] = [
    page_mql,
    page_hand_off,
    page_with_every_word,
    api_hand_off,
    function_qualify,
    function_hand_off,
    overridden_action,
]


def agreed(cast: Cast, **terms: Any) -> None:
    """The next version of the agreement, with ``terms``, signed and in force."""
    cast.agreement = factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, of=cast.agreement.agreement, **terms
    )


def tried(door: Door, cast: Cast, lead: Lead) -> Lead:
    """The lead after the door was tried; a refusal is an answer like any other."""
    try:
        with transaction.atomic():
            door(cast, lead)
    except handoffs.NotAnMql:
        pass
    return Lead.objects.get(pk=lead.pk)


@pytest.mark.parametrize("door", DOORS)
def test_lead_without_action_is_no_mql_through_any_door(
    door: Door, cast: Cast, moment: Any
) -> None:
    lead = tried(door, cast, factories.lead(cast, did=None))
    assert (lead.mql_on, lead.persona_version, lead.stage) == (None, None, "captured")
    assert not Handoff.objects.filter(lead=lead).exists()
    assert not Event.objects.filter(lead=lead, kind=EventKind.QUALIFIED).exists()


@pytest.mark.parametrize("door", DOORS)
def test_lead_with_an_action_is_an_mql_through_the_same_door(
    door: Door, cast: Cast, moment: Any
) -> None:
    lead = tried(door, cast, factories.lead(cast))
    assert (lead.mql_on is not None, lead.persona_version) == (True, cast.persona)


@pytest.mark.parametrize("door", [page_hand_off, api_hand_off, function_hand_off])
def test_action_that_the_agreement_does_not_count_makes_no_mql(
    door: Door, cast: Cast, moment: Any
) -> None:
    agreed(cast, valuable_actions=["asked_for_demo"])
    assert tried(door, cast, factories.lead(cast, did="sent_form")).mql_on is None
    assert tried(door, cast, factories.lead(cast, did="asked_for_demo")).mql_on is not None


def test_persona_that_the_agreement_does_not_look_for_makes_no_mql(cast: Cast) -> None:
    other = factories.persona("other")
    agreed(cast, personas=[other.persona])
    with pytest.raises(handoffs.NotAnMql) as refused:
        function_qualify(cast, factories.lead(cast))
    assert list(refused.value.fields) == ["persona"]
    lead = factories.lead(cast)
    assert handoffs.qualify(lead, other, by=cast.ana, at=HANDED_OFF_AT).mql_on is not None


def test_test_lead_needs_a_valuable_action_as_well(cast: Cast) -> None:
    ValuableActionKind.objects.update(archived_at=LOGGED_AT)
    with pytest.raises(handoffs.NotAnMql) as refused, transaction.atomic():
        test_lead.send(cast.sales, cast.persona, by=cast.luis, at=HANDED_OFF_AT)
    assert list(refused.value.fields) == ["valuable_action"]
    ValuableActionKind.objects.update(archived_at=None)
    assert (
        test_lead.send(cast.sales, cast.persona, by=cast.luis, at=HANDED_OFF_AT).lead.mql_on
        is not None
    )


def test_file_brings_a_lead_that_is_no_mql_before_somebody_judges_it(
    cast: Cast, moment: Any, tmp_path: Path
) -> None:
    path = tmp_path / "fit.csv"
    path.write_text(
        "Nombre,Correo,Teléfono,Cargo,Empresa,Empleados,País,Fuente\n"
        "Eva Sol,eva@sol.test,55 4000 0001,CEO,Sol,90,MX,event\n",
        encoding="utf-8",
    )
    imported(cast, path)
    lead = Lead.objects.get()
    assert (lead.stage, lead.mql_on, lead.company.employees) == ("captured", None, 90)  # type: ignore[union-attr]
    with pytest.raises(handoffs.NotAnMql) as refused:
        function_qualify(cast, lead)
    assert list(refused.value.fields) == ["valuable_action"]


# -- The database itself


def at_once() -> None:
    """What is looked at when a transaction ends, now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def refused_by_database() -> Any:
    return pytest.raises(IntegrityError, match="did no valuable action")


def test_database_refuses_an_mql_without_action(cast: Cast) -> None:
    lead = factories.lead(cast, did=None)
    with refused_by_database(), transaction.atomic():
        Lead.objects.filter(pk=lead.pk).update(mql_on="2026-03-02")
        at_once()


def test_database_refuses_a_new_row_that_claims_it(cast: Cast) -> None:
    lead = factories.lead(cast, did=None)
    with refused_by_database(), transaction.atomic():
        Lead.objects.create(person=lead.person, first_seen_on="2026-03-02", mql_on="2026-03-02")
        at_once()


def test_database_takes_an_action_that_comes_later_in_the_same_transaction(cast: Cast) -> None:
    lead = factories.lead(cast, did=None)
    Lead.objects.filter(pk=lead.pk).update(mql_on="2026-03-02")
    ValuableAction.objects.create(lead=lead, kind=factories.action(), occurred_on="2026-03-02")
    at_once()


def test_imported_date_is_history_and_opens_no_handoff(cast: Cast) -> None:
    lead = factories.lead(cast, did=None)
    Lead.objects.filter(pk=lead.pk).update(is_imported=True, mql_on="2025-01-01", stage="mql")
    at_once()
    with pytest.raises(handoffs.NotAnMql):
        function_hand_off(cast, Lead.objects.get(pk=lead.pk))
    with refused_by_database(), transaction.atomic():
        Handoff.objects.create(
            lead=lead,
            team=cast.sales,
            submitted_by=cast.ana,
            submitted_at=HANDED_OFF_AT,
            agreement_version=cast.agreement,
            persona_version=cast.persona,
            policy_ref_id=snapshot_bodies.keep({}),
        )
        at_once()


def test_imported_lead_that_is_made_ours_needs_an_action(cast: Cast) -> None:
    lead = factories.lead(cast, did=None)
    Lead.objects.filter(pk=lead.pk).update(is_imported=True, mql_on="2025-01-01")
    at_once()
    with refused_by_database(), transaction.atomic():
        Lead.objects.filter(pk=lead.pk).update(is_imported=False)
        at_once()


# -- Overrides


def small(cast: Cast, **more: Any) -> Lead:
    """A lead whose company is too small."""
    return factories.lead(cast, company={"employees": 12}, **more)


def better(
    cast: Cast, lead: Lead, code: str = "size", reason: str = "They hire 30 people this month"
) -> None:
    overrides.override(
        lead, cast.persona, code, reason=reason, source="Call", by=cast.ana, at=LOGGED_AT
    )


def test_person_who_knows_better_makes_it_an_mql(cast: Cast) -> None:
    lead = small(cast)
    with pytest.raises(handoffs.NotAnMql):
        function_qualify(cast, lead)
    better(cast, lead)
    assert function_qualify(cast, lead).stage == "mql"  # type: ignore[attr-defined]


def test_override_is_counted_and_goes_with_the_lead(cast: Cast) -> None:
    lead = small(cast)
    better(cast, lead)
    handoff = function_hand_off(cast, lead)
    assert isinstance(handoff, Handoff)
    said = [{"criterion": "size", "reason": "They hire 30 people this month", "by": "Ana Robles"}]
    assert handoff.overrides == 1
    assert handoff.package.payload["overrides"] == said
    kinds = (EventKind.QUALIFIED, EventKind.HANDED_OFF)
    told = {e.kind: e.payload["overrides"] for e in Event.objects.filter(lead=lead, kind__in=kinds)}
    assert told == {EventKind.QUALIFIED: said, EventKind.HANDED_OFF: said}


def test_handoff_by_facts_counts_no_override(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    assert (handoff.overrides, handoff.package.payload["overrides"]) == (0, [])


def test_override_needs_a_reason(cast: Cast) -> None:
    with pytest.raises(overrides.NeedsReason) as refused:
        better(cast, small(cast), reason="  ")
    assert list(refused.value.fields) == ["reason"]


def test_what_no_fact_decided_cannot_be_overridden(cast: Cast) -> None:
    with pytest.raises(overrides.CannotOverride):
        better(cast, factories.lead(cast), code="budget")


def test_disqualifier_that_is_a_fact_cannot_be_overridden(cast: Cast) -> None:
    out = {
        **terms.SIZE,
        "code": "vendor",
        "kind": "disqualifier",
        "field": "attributes.decides",
        "operator": "is",
    }
    cast.persona = factories.persona("strict", [terms.SIZE, {**out, "operand": True}])
    lead = factories.lead(cast, attributes={"decides": True})
    with pytest.raises(overrides.CannotOverride):
        better(cast, lead, code="vendor")
    said = {"value": "", "source": "", "reason": "Trust me"}
    noun.write_evidence(
        lead, "vendor", "not_met", details=said, by=cast.ana, at=LOGGED_AT, overrides=True
    )
    with pytest.raises(handoffs.NotAnMql):
        function_qualify(cast, lead)


def test_override_ends_where_the_fact_comes_round(cast: Cast) -> None:
    lead = small(cast)
    better(cast, lead)
    lead.company.employees = 40
    lead.company.save()
    handoff = function_hand_off(cast, lead)
    assert isinstance(handoff, Handoff)
    assert handoff.overrides == 0


def test_newer_evidence_takes_an_override_back(cast: Cast) -> None:
    lead = small(cast)
    better(cast, lead)
    noun.add_evidence(
        lead, "size", "not_met", value="They did not", source="Call", by=cast.ana, at=LOGGED_AT
    )
    with pytest.raises(handoffs.NotAnMql):
        function_qualify(cast, lead)


# -- The minimum score


def asks_for(cast: Cast, score: int) -> None:
    agreed(cast, minimum_score=score)


def test_score_below_the_minimum_is_named_with_what_is_missing(cast: Cast) -> None:
    asks_for(cast, 60)
    with pytest.raises(handoffs.ScoreTooLow) as refused, translation.override("en"):
        handoffs.hand_off(
            factories.lead(cast),
            team=cast.sales,
            persona_version=cast.persona,
            by=cast.ana,
            at=HANDED_OFF_AT,
        )
    assert (
        str(refused.value.message)
        == "The fit score is 50; the agreement asks for 60. What is missing: Has a budget (+25),"
        " Decides the purchase (+25). To hand it off all the same, say why."
    )
    assert list(refused.value.fields) == ["score_reason"]


def test_score_that_reaches_the_minimum_needs_no_reason_and_counts_none(cast: Cast) -> None:
    asks_for(cast, 50)
    handoff = function_hand_off(cast, factories.lead(cast))
    assert isinstance(handoff, Handoff)
    assert (handoff.fit_score, handoff.engagement_score, handoff.overrides) == (50, 20, 0)


def test_reason_lets_a_low_score_through_and_is_counted(cast: Cast) -> None:
    asks_for(cast, 90)
    lead = small(cast)
    better(cast, lead)
    handoff = function_hand_off(cast, lead)
    assert isinstance(handoff, Handoff)
    assert handoff.overrides == 2
    assert handoff.package.payload["overrides"][1] == {
        "criterion": "score",
        "reason": "Trust me",
        "by": "Ana Robles",
    }


def test_score_never_decides_whether_it_is_an_mql(cast: Cast) -> None:
    asks_for(cast, 100)
    assert function_qualify(cast, factories.lead(cast)).stage == "mql"  # type: ignore[attr-defined]


def test_package_keeps_the_log_whose_sum_is_the_score(cast: Cast) -> None:
    handoff = factories.proven(cast)
    kept = handoff.package.payload["scores"]
    for name, total in (("fit", handoff.fit_score), ("engagement", handoff.engagement_score)):
        assert kept[name]["total"] == total == sum(line["points"] for line in kept[name]["log"])
    assert (handoff.fit_score, handoff.engagement_score) == (100, 20)
