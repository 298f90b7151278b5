"""The handoff: into the queue, and out of it by exactly one decision."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from crm.lib.errors import Conflict, IllegalMove
from crm.notifications.models import Message
from leads import handoffs
from leads.handoffs import attempts, outcomes
from leads.models import Decision, Handoff, Lead
from leads.records import leads
from sla.agreements import agreements
from sla.models import Clock
from tests import factories
from tests.factories import ACCEPTED_AT, HANDED_OFF_AT, Cast, when

NOON = when("2026-03-02 12:00")


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.get(pk=handoff.pk)


def stage(handoff: Handoff) -> str:
    return Lead.objects.get(pk=handoff.lead_id).stage


def moves(handoff: Handoff) -> list[tuple[str, str, str]]:
    return list(handoff.events.order_by("id").values_list("kind", "from_state", "to_state"))


def told(kind: str) -> list[str]:
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
    other = factories.persona("owner", [factories.SIZE])
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
    assert told("handoff.new") == ["Bea", "Cruz", "Dora"]


def test_handing_off_tells_nobody_what_they_did_themselves(cast: Cast) -> None:
    cast.ana = factories.person("Gil", cast.marketing, cast.sales)
    factories.handed_off(cast)
    assert told("handoff.new") == ["Bea", "Cruz", "Dora"]


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
    criteria = [factories.ROLE]
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


# -- Accepting


def test_accepted_handoff_belongs_to_the_rep(cast: Cast) -> None:
    found = stored(factories.accepted(cast, by=cast.cruz))
    assert (found.state, found.owner, found.accepted_at, found.lead.owner, found.lead.stage) == (
        "accepted",
        cast.cruz,
        ACCEPTED_AT,
        cast.cruz,
        "accepted",
    )


def test_accepting_is_one_decision_and_one_event(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    decision = handoff.decisions.get()
    assert (decision.kind, decision.by, decision.at) == ("accept", cast.bea, ACCEPTED_AT)
    assert moves(handoff) == [("handed_off", "", "pending"), ("accepted", "pending", "accepted")]


def test_accepting_stops_one_clock_and_starts_the_next(cast: Cast) -> None:
    handoff = stored(factories.accepted(cast))
    assert clock_states(handoff) == [("accept", "met"), ("first_contact", "running")]
    assert handoff.clock is not None
    assert (handoff.clock.metric, handoff.clock.due_at, handoff.clock.accountable) == (
        "first_contact",
        when("2026-03-02 14:20"),
        cast.bea,
    )


def test_second_rep_is_told_who_was_faster(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    stale = stored(handoff)
    handoffs.accept(handoff, by=cast.bea, at=ACCEPTED_AT)
    with pytest.raises(handoffs.AlreadyTaken, match="Bea Quintero") as refused:
        handoffs.accept(stale, by=cast.cruz, at=ACCEPTED_AT)
    assert (refused.value.handoff.owner, handoff.decisions.count()) == (cast.bea, 1)


def test_terms_that_were_reapplied_meanwhile_time_the_contact(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    stale = stored(handoff)
    clocks_now = {
        **handoff.policy["clocks"],
        "first_contact": {**handoff.policy["clocks"]["first_contact"]},
    }
    clocks_now["first_contact"]["limit_seconds"] = 1800
    Handoff.objects.filter(pk=handoff.pk).update(policy={**handoff.policy, "clocks": clocks_now})
    handoffs.accept(stale, by=cast.bea, at=ACCEPTED_AT)
    assert stored(handoff).clock.limit_seconds == 1800


def test_terms_reapplied_meanwhile_may_time_no_contact(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    stale = stored(handoff)
    accept_only = {"accept": handoff.policy["clocks"]["accept"]}
    Handoff.objects.filter(pk=handoff.pk).update(policy={**handoff.policy, "clocks": accept_only})
    handoffs.accept(stale, by=cast.bea, at=ACCEPTED_AT)
    assert (stored(handoff).clock, clock_states(handoff)) == (None, [("accept", "met")])


def test_second_decision_is_refused_by_the_database(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    with pytest.raises(IntegrityError, match="handoff_one_decision"), transaction.atomic():
        Decision.objects.create(handoff=handoff, kind="accept", by=cast.cruz, at=NOON)


def test_accepting_tells_who_submitted_it_after_the_undo_window(cast: Cast) -> None:
    factories.accepted(cast)
    message = Message.objects.get(kind="handoff.accepted")
    assert (message.recipient, message.next_try_at) == (cast.ana, when("2026-03-02 10:20:10"))


@pytest.mark.parametrize(
    ("at", "state"), [(NOON, "met"), (when("2026-03-02 12:00:00.000001"), "breached")]
)
def test_accepting_at_the_very_deadline_keeps_the_commitment(
    cast: Cast, at: Any, state: str
) -> None:
    handoff = handoffs.accept(factories.handed_off(cast), by=cast.bea, at=at)
    assert clock_states(handoff)[0] == ("accept", state)


# -- Rejecting


def test_rejected_handoff_goes_back_to_marketing(cast: Cast) -> None:
    found = stored(factories.rejected(cast))
    assert (found.state, found.owner, found.closed_at, found.lead.stage, found.lead.owner) == (
        "rejected",
        None,
        ACCEPTED_AT,
        "returned",
        None,
    )


def test_rejection_keeps_class_reason_and_comment(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    reason = factories.rejection("bad_contact_data")
    handoffs.reject(handoff, reason, by=cast.bea, at=ACCEPTED_AT, comment="No such number")
    decision, event = handoff.decisions.get(), handoff.events.get(kind="rejected")
    assert (decision.kind, decision.reason, decision.comment) == (
        "reject",
        reason,
        "No such number",
    )
    assert (event.from_state, event.to_state, event.payload) == (
        "pending",
        "rejected",
        {
            "cycle": 1,
            "class": "clerical",
            "reason": "bad_contact_data",
            "comment": "No such number",
        },
    )


def test_rejection_in_time_keeps_the_commitment(cast: Cast) -> None:
    assert clock_states(factories.rejected(cast)) == [("accept", "met")]


def test_reason_that_needs_a_comment_is_refused_without(cast: Cast) -> None:
    with pytest.raises(handoffs.NeedsComment) as refused:
        factories.rejected(cast, code="bad_contact_data")
    assert (list(refused.value.fields), Handoff.objects.get().state) == (["comment"], "pending")


def test_rejection_without_reason_is_refused_by_the_database(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="rejection_has_reason"), transaction.atomic():
        Decision.objects.create(
            handoff=factories.handed_off(cast), kind="reject", by=cast.bea, at=NOON
        )


# -- Withdrawing


def test_withdrawn_handoff_is_closed_and_its_lead_an_mql(cast: Cast) -> None:
    found = stored(factories.withdrawn(cast))
    assert (found.state, found.closed_at, found.lead.stage) == ("withdrawn", ACCEPTED_AT, "mql")
    assert (clock_states(found), found.decisions.count()) == ([("accept", "cancelled")], 0)


def test_rep_who_comes_after_a_withdrawal_is_told_so(cast: Cast) -> None:
    handoff = factories.withdrawn(cast)
    with pytest.raises(handoffs.AlreadyTaken) as refused:
        handoffs.accept(stored(handoff), by=cast.bea, at=NOON)
    assert refused.value.handoff.state == "withdrawn"


# -- Back to the queue


def requeue(cast: Cast, handoff: Handoff, *, by: Any = None) -> Handoff:
    return handoffs.requeue(handoff, by=by, at=NOON, cause="firing:7")


def test_requeue_from_pending_keeps_its_clock_running(cast: Cast) -> None:
    handoff = requeue(cast, factories.handed_off(cast))
    assert (stored(handoff).requeued_at, clock_states(handoff)) == (NOON, [("accept", "running")])
    assert moves(handoff)[-1] == ("requeued", "pending", "pending")


def test_requeue_from_accepted_takes_it_from_the_rep(cast: Cast) -> None:
    handoff = requeue(cast, factories.accepted(cast))
    found = stored(handoff)
    assert (
        found.state,
        found.owner,
        found.accepted_at,
        found.requeued_at,
        found.lead.owner,
        found.lead.stage,
    ) == (
        "pending",
        None,
        None,
        NOON,
        None,
        "handed_off",
    )
    assert moves(handoff)[-1] == ("requeued", "accepted", "pending")


def test_requeue_from_accepted_starts_the_accept_clock_anew(cast: Cast) -> None:
    handoff = requeue(cast, factories.accepted(cast))
    assert clock_states(handoff) == [
        ("accept", "met"),
        ("first_contact", "cancelled"),
        ("accept", "running"),
    ]
    clock = stored(handoff).clock
    assert clock is not None
    assert clock.due_at == when("2026-03-02 14:00")


def test_requeue_of_an_overdue_contact_leaves_it_breached(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    handoffs.requeue(handoff, by=None, at=when("2026-03-02 14:20:00.000001"), cause="firing:7")
    assert clock_states(handoff)[1] == ("first_contact", "breached")


def test_requeued_handoff_is_decided_again_and_both_decisions_stay(cast: Cast) -> None:
    handoff = requeue(cast, factories.accepted(cast))
    handoffs.accept(handoff, by=cast.cruz, at=when("2026-03-02 12:30"))
    found = handoff.decisions.order_by("id").values_list("by__name", "released_at")
    assert list(found) == [("Bea Quintero", NOON), ("Cruz Medina", None)]
    assert stored(handoff).owner == cast.cruz


def test_requeue_tells_the_whole_team_once_per_cause(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    for _run in range(2):
        requeue(cast, handoff)
    assert told("handoff.requeued") == ["Bea", "Cruz", "Dora"]


def test_requeue_by_the_ladder_has_no_actor(cast: Cast) -> None:
    handoff = requeue(cast, factories.handed_off(cast))
    event = handoff.events.get(kind="requeued")
    assert (event.actor, event.payload) == (None, {"cycle": 1, "cause": "firing:7"})


# -- What no state allows

STATES = [
    "accepted",
    "contacted",
    "sql",
    "opportunity",
    "won",
    "lost",
    "rejected",
    "withdrawn",
    "disqualified",
]
STEPS: dict[str, tuple[Any, set[str]]] = {
    "accept": (lambda cast, h: handoffs.accept(h, by=cast.bea, at=NOON), {"handed_off"}),
    "reject": (
        lambda cast, h: handoffs.reject(h, factories.rejection(), by=cast.bea, at=NOON),
        {"handed_off"},
    ),
    "withdraw": (lambda cast, h: handoffs.withdraw(h, by=cast.ana, at=NOON), {"handed_off"}),
    "requeue": (lambda cast, h: requeue(cast, h), {"handed_off", "accepted"}),
    "open_opportunity": (
        lambda cast, h: outcomes.open_opportunity(h, by=cast.bea, at=NOON),
        {"sql"},
    ),
    "disqualify": (
        lambda cast, h: outcomes.disqualify(
            h, factories.outcome("no_budget"), by=cast.bea, at=NOON
        ),
        {"contacted", "sql"},
    ),
    "lose": (
        lambda cast, h: outcomes.lose(h, factories.outcome(), by=cast.bea, at=NOON),
        {"sql", "opportunity"},
    ),
}
ILLEGAL = [
    (step, state)
    for step, (_act, legal) in STEPS.items()
    for state in ["handed_off", *STATES]
    if state not in legal
]


@pytest.mark.parametrize(("step", "state"), ILLEGAL)
def test_step_is_refused_and_nothing_changes(cast: Cast, step: str, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    before = (stored(handoff).state, stage(handoff), moves(handoff), clock_states(handoff))
    with pytest.raises(Conflict):
        STEPS[step][0](cast, handoff)
    assert (stored(handoff).state, stage(handoff), moves(handoff), clock_states(handoff)) == before


def test_refused_step_leaves_the_callers_object_as_it_was(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    stale = stored(handoff)
    handoffs.withdraw(handoff, by=cast.ana, at=NOON)
    with pytest.raises(handoffs.AlreadyTaken):
        handoffs.accept(stale, by=cast.bea, at=NOON)
    assert (stale.state, stale.owner) == ("pending", None)


def test_attempt_on_a_pending_handoff_is_refused(cast: Cast) -> None:
    with pytest.raises(IllegalMove):
        attempts.record(factories.handed_off(cast), "phone", reached=True, by=cast.bea, at=NOON)
