"""A handoff leaves the queue by exactly one decision."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from crm.lib.errors import Conflict, IllegalMove
from crm.notifications.models import Message
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import outcomes
from leads.models import Decision, Handoff, Lead
from sla import snapshot_bodies
from sla.models import Clock
from tests import factories
from tests.factories import ACCEPTED_AT, Cast, when

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


def replace_policy(handoff: Handoff, **terms: object) -> None:
    reference = snapshot_bodies.keep({**handoff.policy, **terms})
    Handoff.objects.filter(pk=handoff.pk).update(policy_ref=reference)


def test_terms_that_were_reapplied_meanwhile_time_the_contact(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    stale = stored(handoff)
    clocks_now = {
        **handoff.policy["clocks"],
        "first_contact": {**handoff.policy["clocks"]["first_contact"]},
    }
    clocks_now["first_contact"]["limit_seconds"] = 1800
    replace_policy(handoff, clocks=clocks_now)
    handoffs.accept(stale, by=cast.bea, at=ACCEPTED_AT)
    assert stored(handoff).clock.limit_seconds == 1800


def test_terms_reapplied_meanwhile_may_time_no_contact(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    stale = stored(handoff)
    accept_only = {"accept": handoff.policy["clocks"]["accept"]}
    replace_policy(handoff, clocks=accept_only)
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
    assert notified("handoff.requeued") == ["Bea", "Cruz", "Dora"]


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
        attempts.record(
            factories.handed_off(cast), "phone", outcome="reached", by=cast.bea, at=NOON
        )
