"""The next step of a lead: an accepted one always has one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from crm import invariants
from leads import handoffs
from leads.follow_up import attempts, next_steps
from leads.handoffs import corrections, outcomes, pauses
from leads.handoffs import undo as decisions
from leads.models import Handoff, Lead, OutcomeReason, PlannedStep
from leads.records import archiving
from leads.returns import disputes, duplicates, recycling
from leads.states import FollowUp
from tests import factories
from tests.factories import ACCEPTED_AT, CONTACTED_AT, Cast, pause_reason, when
from tests.leads.returns.rows import reason_to_recycle

NOON = when("2026-03-02 12:00")
Act = Callable[[Handoff, Cast], object]


def only(lead: Lead | int) -> PlannedStep:
    return PlannedStep.objects.open().get(lead=lead)


def try_it(handoff: Handoff, cast: Cast, outcome: str, at: datetime = NOON, **more: object) -> None:
    attempts.record(handoff, "phone", outcome=outcome, by=cast.bea, at=at, **more)


@pytest.mark.parametrize(
    ("make", "kind", "due_at"),
    [
        (factories.accepted, "first_contact", "2026-03-02 14:20"),
        (factories.contacted, "decision", "2026-03-04 11:00"),
        (factories.sql, "opportunity", "2026-03-09 12:00"),
        (factories.opportunity, "close", "2026-04-01 12:00"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_lead_in_work_has_the_step_of_its_state(
    cast: Cast, make: Callable[[Cast], Handoff], kind: str, due_at: str
) -> None:
    step = only(make(cast).lead)
    assert (step.kind, step.due_at, step.owner) == (kind, when(due_at), cast.bea)
    assert PlannedStep.objects.open().count() == 1


def test_promised_contact_needs_no_reminder_because_the_ladder_warns(cast: Cast) -> None:
    assert only(factories.accepted(cast).lead).remind_at is None


def test_step_follows_the_deadline_of_its_clock(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    pauses.pause(
        handoff, pause_reason(), until=NOON + timedelta(hours=1), by=cast.bea, at=NOON, note=""
    )
    assert only(handoff.lead).due_at == when("2026-03-02 15:20")


@pytest.mark.parametrize(
    ("act", "end"),
    [
        (lambda handoff, cast: handoffs.requeue(handoff, by=cast.dora, at=NOON, cause="x"), "gone"),
        (
            lambda handoff, cast: decisions.undo(
                handoff, by=cast.bea, at=ACCEPTED_AT + timedelta(seconds=5)
            ),
            "gone",
        ),
    ],
    ids=["requeue", "undo"],
)
def test_step_ends_as_the_lead_leaves_its_owner(cast: Cast, act: Act, end: str) -> None:
    act(factories.accepted(cast), cast)
    assert list(PlannedStep.objects.values_list("end", flat=True)) == [end]


def _recycle(handoff: Handoff, cast: Cast) -> None:
    recycling.park(handoff, reason_to_recycle(), wake_on=None, by=cast.bea, at=NOON)


def _disqualify(handoff: Handoff, cast: Cast) -> None:
    reason = OutcomeReason.objects.filter(kind="disqualified")[0]
    outcomes.disqualify(handoff, reason, by=cast.bea, at=NOON)


@pytest.mark.parametrize("act", [_recycle, _disqualify])
def test_step_ends_with_the_handoff(cast: Cast, act: Act) -> None:
    act(factories.contacted(cast), cast)
    assert not PlannedStep.objects.open().exists()


def test_new_owner_has_the_step(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=NOON)
    assert only(handoff.lead).owner == cast.cruz


def test_attempts_without_a_contact_set_the_next_one_and_the_last_proposes_an_end(
    cast: Cast,
) -> None:
    handoff = factories.accepted(cast)
    found = []
    at = ACCEPTED_AT
    for _number in range(6):
        try_it(handoff, cast, "no_answer", at=at)
        step = only(handoff.lead)
        at = step.due_at
        found.append((step.kind, at))
    days = ("04", "06", "10", "12", "16", "17")
    kinds = ["attempt"] * 5 + ["not_reached"]
    assert found == [
        (kind, when(f"2026-03-{day} 10:20")) for kind, day in zip(kinds, days, strict=True)
    ]


def test_attempt_that_is_recorded_late_makes_no_overdue_step(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    friday = when("2026-03-13 12:00")
    try_it(handoff, cast, "no_answer", at=friday, happened_at=NOON)
    assert only(handoff.lead).due_at > friday


def test_call_back_is_a_contact_and_a_step_of_its_own(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    try_it(handoff, cast, "call_back", call_back_on=date(2026, 3, 14))
    step = only(handoff.lead)
    assert (Handoff.objects.get().state, step.kind, step.remind_at, step.set_by) == (
        "contacted",
        "call_back",
        when("2026-03-16 09:00"),  # the 14th is a Saturday
        cast.bea,
    )


@pytest.mark.parametrize(
    "day", [None, date(2026, 3, 1), date(2026, 5, 2)], ids=["none", "past", "61 days"]
)
def test_call_back_names_its_day(cast: Cast, day: date | None) -> None:
    handoff = factories.accepted(cast)
    with pytest.raises(next_steps.BadDay) as refusal:
        try_it(handoff, cast, "call_back", call_back_on=day)
    assert list(refusal.value.fields) == ["call_back_on"]
    assert only(handoff.lead).kind == "first_contact"


def test_own_step_in_the_future_outlasts_a_change_of_state(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    plan(handoff, cast, day=date(2026, 3, 14))
    factories.prove(handoff.lead, by=cast.bea)
    outcomes.qualify_sql(handoff, by=cast.bea, at=NOON)
    assert only(handoff.lead).text == "Mandar el caso de Lima"


def plan(handoff: Handoff, cast: Cast, *, day: date) -> PlannedStep:
    return next_steps.change(
        handoff.lead,
        handoff,
        FollowUp.OTHER,
        day,
        text="Mandar el caso de Lima",
        by=cast.bea,
        at=NOON,
    )


def test_changed_step_is_an_event(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    plan(handoff, cast, day=date(2026, 3, 4))
    event = handoff.events.order_by("-id")[0]
    assert (event.kind, event.payload["on"]) == ("next_step", "2026-03-04")
    ends = PlannedStep.objects.order_by("id").values_list("end", flat=True)
    assert list(ends) == ["changed", ""]


def test_lead_on_the_desk_of_marketing_has_a_step_until_it_is_handed_off(cast: Cast) -> None:
    lead = factories.mql(cast)
    next_steps.change(
        lead, None, FollowUp.OTHER, date(2026, 3, 4), text="Pedir el NIT", by=cast.ana, at=NOON
    )
    assert (only(lead).owner, only(lead).handoff) == (cast.ana, None)
    handoffs.hand_off(lead, team=cast.sales, by=cast.ana, at=NOON)
    assert not PlannedStep.objects.open().exists()


def _link(cast: Cast) -> Lead:
    handoff = factories.rejected(cast)
    _plan_of_marketing(handoff.lead, cast)
    duplicates.link(handoff, factories.mql(cast), by=cast.ana, at=NOON)
    return handoff.lead


def _uphold(cast: Cast) -> Lead:
    handoff = factories.rejected(cast)
    disputes.contest(handoff, "Sí cumple", by=cast.ana, at=NOON)
    _plan_of_marketing(handoff.lead, cast)
    disputes.uphold(handoff, by=cast.elsa, at=NOON, comment="Sí cumple")
    return handoff.lead


def _plan_of_marketing(lead: Lead, cast: Cast) -> None:
    lead = Lead.objects.get(pk=lead.pk)
    next_steps.change(lead, None, FollowUp.OTHER, date(2026, 3, 6), by=cast.ana, at=NOON)


@pytest.mark.parametrize("leave", [_link, _uphold])
def test_step_of_marketing_ends_as_the_lead_leaves_its_desk(
    cast: Cast, leave: Callable[[Cast], Lead]
) -> None:
    lead = leave(cast)
    assert not PlannedStep.objects.open().filter(lead=lead).exists()


def test_reopened_lead_that_was_awake_has_the_step_of_sales(cast: Cast) -> None:
    handoff = factories.lost(cast)
    tenth = when("2026-03-10 10:00")
    recycling.park(handoff, reason_to_recycle(), wake_on=None, by=cast.bea, at=tenth)
    recycling.wake_by_hand(handoff.lead, by=cast.ana, at=tenth)
    lead = Lead.objects.get(pk=handoff.lead_id)
    next_steps.change(lead, None, FollowUp.OTHER, date(2026, 3, 16), by=cast.ana, at=tenth)
    corrections.reopen(handoff, why="Fue un error", by=cast.bea, at=tenth)
    assert (only(lead).owner, only(lead).handoff) == (cast.bea, handoff)


def test_archived_lead_has_no_step(cast: Cast) -> None:
    lead = factories.mql(cast)
    next_steps.change(lead, None, FollowUp.OTHER, date(2026, 3, 4), by=cast.ana, at=NOON)
    archiving.archive(lead, by=cast.ana, at=NOON)
    assert not PlannedStep.objects.open().exists()


def test_lead_that_the_previous_version_accepted_gets_its_step(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    PlannedStep.objects.all().delete()
    check = invariants.lead_in_work_has_a_next_step
    assert list(check(NOON)) == [f"handoff {handoff.pk} is in work and has no next step"]
    assert (next_steps.fill(at=NOON), next_steps.fill(at=NOON)) == (1, 0)
    assert (only(handoff.lead).kind, list(check(NOON))) == ("first_contact", [])


def test_begun_attempt_is_no_contact(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    begun = attempts.begin(handoff, "whatsapp", by=cast.bea, at=CONTACTED_AT)
    again = attempts.begin(handoff, "whatsapp", by=cast.bea, at=NOON)
    assert (begun, begun.reached, begun.tier) == (again, False, "clicked")
    assert (Handoff.objects.get().state, only(handoff.lead).kind) == ("accepted", "first_contact")
    attempts.settle(handoff, begun.pk, outcome="reached", by=cast.bea, at=NOON)
    assert Handoff.objects.get().contacted_at == CONTACTED_AT
    with pytest.raises(attempts.NothingBegun):
        attempts.settle(handoff, begun.pk, outcome="reached", by=cast.bea, at=NOON)
