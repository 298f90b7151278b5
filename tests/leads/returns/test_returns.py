"""A rejected lead is on marketing's desk until marketing answers it once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from crm import tasks
from crm.accounts import leaves
from crm.accounts.models import User
from crm.lib.errors import Conflict
from crm.notifications.models import Message
from leads import handoffs
from leads.handoffs import undo
from leads.models import Handoff, Lead, OutcomeReason, Return
from leads.records import archiving, leads
from leads.returns import returns
from leads.returns.fixes import NothingChanged
from sla.models import Clock
from tests import factories
from tests.conftest import Moment
from tests.factories import ACCEPTED_AT, Cast, when
from tests.leads.returns.rows import reason_to_close
from tests.terms import COMMITMENTS

ANSWER = {
    "side": "marketing",
    "metric": "return_answer",
    "target": "0.9",
    "window_minutes": 240,
    "steps": [("warn", -60), ("breach", 0), ("tell_lead", 60), ("requeue", 90)],
}
NOON = when("2026-03-02 12:00")


@pytest.fixture
def promised(cast: Cast) -> None:
    """The agreement in force promises an answer to returns within four hours."""
    office = factories.office("Devoluciones")
    promises = [*COMMITMENTS, ANSWER]
    teams = [cast.sales]
    factories.agreement(
        office, marketing=cast.luis, sales=cast.dora, commitments=promises, teams=teams
    )


def only() -> Return:
    return Return.objects.get()


def answer_clock() -> Clock:
    return Clock.objects.get(metric="return_answer")


def stage(handoff: Handoff) -> str:
    return Lead.objects.get(pk=handoff.lead_id).stage


# -- Opened by the rejection


def test_rejection_opens_a_return_of_the_sender(cast: Cast) -> None:
    handoff = factories.rejected(cast)
    row = only()
    assert (row.handoff_id, row.state, row.assigned_to, row.marketing_team, row.opened_at) == (
        handoff.pk,
        "open",
        cast.ana,
        cast.marketing,
        ACCEPTED_AT,
    )


def test_what_the_agreement_does_not_promise_has_no_clock(cast: Cast) -> None:
    factories.rejected(cast)
    assert (only().clock, Clock.objects.filter(metric="return_answer").count()) == (None, 0)


def test_promised_answer_has_a_clock_of_the_marketing_team(cast: Cast, promised: None) -> None:
    factories.rejected(cast)
    clock = answer_clock()
    found = (clock.subject_type, clock.subject_id, clock.team, clock.accountable)
    assert found == ("return", only().pk, cast.marketing, cast.ana)
    assert (only().clock, clock.started_at, clock.limit_seconds) == (clock, ACCEPTED_AT, 14400)


def test_answer_is_counted_in_the_calendar_of_marketing(cast: Cast, promised: None) -> None:
    factories.office("Madrid", "Europe/Madrid", team=cast.marketing)
    factories.rejected(cast)
    # It was evening there already.
    assert answer_clock().due_at == when("2026-03-03 13:00+01:00")


@pytest.mark.parametrize("why", ["left", "away"])
def test_return_of_an_absent_sender_is_for_the_leads_of_the_team(cast: Cast, why: str) -> None:
    handoff = factories.handed_off(cast)
    if why == "left":
        User.objects.filter(pk=cast.ana.pk).update(is_active=False)
    else:
        day = date(2026, 3, 2)
        leaves.take(cast.ana, day, day, by=cast.ana, at=when("2026-03-01 12:00"))
    handoff = Handoff.objects.get(pk=handoff.pk)
    handoffs.reject(handoff, factories.rejection(), by=cast.bea, at=ACCEPTED_AT)
    assert only().assigned_to is None


def test_undone_rejection_takes_its_return_and_clock_along(cast: Cast, promised: None) -> None:
    handoff = factories.rejected(cast)
    undo.undo(handoff, by=cast.bea, at=ACCEPTED_AT + timedelta(seconds=5))
    assert (only().state, answer_clock().state) == ("cancelled", "cancelled")
    handoffs.reject(handoff, factories.rejection(), by=cast.cruz, at=NOON)
    assert sorted(Return.objects.values_list("state", flat=True)) == ["cancelled", "open"]


# -- Answered once


def fix(handoff: Handoff, cast: Cast, at: Any) -> Handoff:
    return factories.handed_off(cast, of=handoff.lead, at=at)


def close(handoff: Handoff, cast: Cast, at: Any) -> Return:
    return returns.close(handoff, reason_to_close(), by=cast.ana, at=at, comment="Es estudiante")


def archive(handoff: Handoff, cast: Cast, at: Any) -> Lead:
    return archiving.archive(handoff.lead, by=cast.ana, at=at)


ANSWERS = {
    "fixed": (fix, "handed_off", "met"),
    "closed": (close, "closed", "met"),
    "cancelled": (archive, "returned", "cancelled"),
}


@pytest.mark.parametrize("state", ANSWERS)
def test_answer_ends_return_and_clock(cast: Cast, promised: None, state: str) -> None:
    handoff = factories.rejected(cast)
    act, new_stage, clock_state = ANSWERS[state]
    act(handoff, cast, NOON)
    row = only()
    assert (row.state, row.answered_by, row.answered_at) == (state, cast.ana, NOON)
    assert (stage(handoff), answer_clock().state) == (new_stage, clock_state)


@pytest.mark.parametrize("second", [close, fix])
@pytest.mark.parametrize("first", ANSWERS)
def test_return_is_answered_once(cast: Cast, first: str, second: Any) -> None:
    handoff = factories.rejected(cast)
    ANSWERS[first][0](handoff, cast, NOON)
    with pytest.raises(Conflict):
        second(handoff, cast, NOON)
    assert only().state == first


def test_closing_says_why_in_the_history(cast: Cast) -> None:
    handoff = factories.rejected(cast)
    close(handoff, cast, NOON)
    event = handoff.lead.events.order_by("-id")[0]
    assert (event.kind, event.from_state, event.to_state, event.payload) == (
        "closed",
        "rejected",
        "rejected",
        {"cycle": 1, "reason": "not_a_customer", "comment": "Es estudiante"},
    )


@pytest.mark.parametrize("kind", ["lost", "disqualified"])
def test_reason_of_another_end_is_refused(cast: Cast, kind: str) -> None:
    handoff = factories.rejected(cast)
    other = OutcomeReason.objects.filter(kind=kind)[0]
    with pytest.raises(returns.WrongReason) as refused:
        returns.close(handoff, other, by=cast.ana, at=NOON)
    assert (list(refused.value.fields), only().state) == (["reason"], "open")


def test_second_rejection_opens_a_return_of_the_second_cycle(cast: Cast) -> None:
    first = factories.rejected(cast)
    again = factories.rejected(cast, of=first.lead, at=NOON, by=cast.cruz)
    rows = Return.objects.order_by("id").values_list("handoff", "state")
    # The second one goes to the arbiter (test_disputes).
    assert list(rows) == [(first.pk, "fixed"), (again.pk, "disputed")]


def test_closed_lead_is_taken_up_again_without_a_clock(cast: Cast, promised: None) -> None:
    handoff = factories.rejected(cast)
    close(handoff, cast, NOON)
    returns.take_up(handoff, by=cast.luis, at=NOON)
    row = only()
    assert (row.state, row.clock, row.reason, row.answered_at) == ("open", None, None, None)
    assert (stage(handoff), answer_clock().state) == ("returned", "met")
    fix(handoff, cast, NOON)
    assert only().state == "fixed"


def test_open_return_cannot_be_taken_up(cast: Cast) -> None:
    with pytest.raises(Conflict):
        returns.take_up(factories.rejected(cast), by=cast.ana, at=NOON)


def test_lead_that_the_previous_version_sent_back_is_closed(cast: Cast) -> None:
    handoff = factories.rejected(cast)
    Return.objects.all().delete()
    close(handoff, cast, NOON)
    assert (only().state, stage(handoff)) == ("closed", "closed")


# -- Handed off again


def hand_off(handoff: Handoff, cast: Cast, why: str = "") -> Handoff:
    return handoffs.hand_off(
        Lead.objects.get(pk=handoff.lead_id),
        team=cast.sales,
        persona_version=cast.persona,
        unchanged_reason=why,
        by=cast.ana,
        at=NOON,
    )


def test_unchanged_lead_needs_a_reason(cast: Cast) -> None:
    handoff = factories.rejected(cast)
    with pytest.raises(NothingChanged) as refused:
        hand_off(handoff, cast)
    assert (list(refused.value.fields), only().state) == (["unchanged_reason"], "open")


def test_reason_for_an_unchanged_lead_is_kept(cast: Cast) -> None:
    again = hand_off(factories.rejected(cast), cast, "The phone is right, I called it")
    event = again.events.get(kind="handed_off")
    assert event.payload["unchanged_reason"] == "The phone is right, I called it"


CHANGES = {
    "fact": lambda lead, cast: leads.change(
        lead, {"person": {"phone": "+52 55 1234 5678"}}, by=cast.ana, at=NOON, version=lead.version
    ),
    "evidence": lambda lead, cast: factories.prove(lead, "budget", by=cast.ana, at=NOON),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_lead_needs_no_reason(cast: Cast, change: str) -> None:
    handoff = factories.rejected(cast)
    CHANGES[change](Lead.objects.get(pk=handoff.lead_id), cast)
    again = hand_off(handoff, cast)
    assert (again.cycle, only().state) == (2, "fixed")
    assert "unchanged_reason" not in again.events.get(kind="handed_off").payload


# -- The ladder: rejected at 10:20, due at 14:20


def notified(kind: str) -> list[str]:
    rows = Message.objects.filter(kind=kind).order_by("recipient__name")
    return [row.recipient.get_short_name() for row in rows]


def climb(moment: Moment, *times: str) -> None:
    for time in times:
        moment.set(f"2026-03-02 {time}:05")
        tasks.sweep()


STEPS = {
    "handoff.warning": (["13:20"], ["Ana"]),
    "handoff.breached": (["13:20", "14:20"], ["Ana"]),
    "handoff.escalated_lead": (["13:20", "14:20", "15:20"], ["Luis"]),
}


@pytest.mark.parametrize("kind", STEPS)
def test_ladder_names_the_side_that_owes_the_answer(
    cast: Cast, moment: Moment, promised: None, kind: str
) -> None:
    factories.rejected(cast)
    times, people = STEPS[kind]
    climb(moment, *times)
    assert notified(kind) == people


def test_step_to_requeue_of_an_old_ladder_tells_the_lead(
    cast: Cast, moment: Moment, promised: None
) -> None:
    handoff = factories.rejected(cast)
    climb(moment, "13:20", "14:20", "15:20", "15:50")
    assert (notified("handoff.escalated_lead"), stage(handoff)) == (["Luis", "Luis"], "returned")
    steps = handoff.events.filter(kind="escalated").values_list("payload__step", flat=True)
    assert list(steps) == ["warn", "breach", "tell_lead", "requeue"]


def test_late_answer_stays_a_breach(cast: Cast, moment: Moment, promised: None) -> None:
    handoff = factories.rejected(cast)
    climb(moment, "13:20", "14:20")
    close(handoff, cast, when("2026-03-02 15:00"))
    assert (answer_clock().state, only().state) == ("breached", "closed")


def test_answer_in_time_is_met_even_if_the_sweep_comes_first(
    cast: Cast, moment: Moment, promised: None
) -> None:
    factories.rejected(cast)
    Return.objects.update(state="fixed", answered_at=when("2026-03-02 14:00"))
    climb(moment, "13:20", "14:20")
    assert answer_clock().state == "met"


def test_recording_an_mql_is_no_answer(cast: Cast) -> None:
    handoff = factories.rejected(cast)
    handoffs.qualify(Lead.objects.get(pk=handoff.lead_id), cast.persona, by=cast.ana, at=NOON)
    assert (stage(handoff), only().state) == ("returned", "open")
    hand_off(handoff, cast, "Existe")
    assert (stage(handoff), only().state) == ("handed_off", "fixed")
