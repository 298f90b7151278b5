"""An accepted lead without a contact: given back, or recycled as not reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from crm import invariants, tasks
from crm.accounts.models import User
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import undo as decisions
from leads.models import Handoff, OutcomeReason, Parking, PlannedStep, Return
from leads.returns import giving_back, recycling
from sla.models import Clock
from tests import factories
from tests.conftest import Moment
from tests.factories import ACCEPTED_AT, Cast, when

NOON = when("2026-03-02 12:00")
SignedIn = Callable[[User], Client]


def try_it(handoff: Handoff, cast: Cast, outcome: str, at: datetime = NOON) -> None:
    attempts.record(handoff, "phone", outcome=outcome, by=cast.bea, at=at)


def contact_clock(handoff: Handoff) -> Clock:
    return Clock.objects.get(subject_type="handoff", subject_id=handoff.pk, metric="first_contact")


# -- Give back


def test_lead_with_a_wrong_number_goes_back_as_a_clerical_rejection(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    try_it(handoff, cast, "wrong")
    giving_back.give_back(handoff, by=cast.bea, at=NOON)
    handoff.refresh_from_db()
    found = [
        (decision.kind, decision.released_at, decision.reason and decision.reason.kind)
        for decision in handoff.decisions.order_by("id")
    ]
    assert found == [("accept", NOON, None), ("reject", None, "clerical")]
    assert (handoff.state, handoff.lead.stage, Return.objects.get().state) == (
        "rejected",
        "returned",
        "open",
    )
    assert contact_clock(handoff).state == "cancelled"
    event = handoff.events.order_by("-id")[0]
    assert (event.kind, event.from_state, event.to_state) == ("given_back", "accepted", "rejected")
    assert not PlannedStep.objects.open().exists()


def test_page_of_a_lead_given_back_says_once_who_did_not_take_it(
    cast: Cast, moment: Moment, signed_in: SignedIn
) -> None:
    moment.set(NOON)
    handoff = factories.accepted(cast)
    try_it(handoff, cast, "wrong")
    giving_back.give_back(handoff, by=cast.bea, at=NOON)
    page = signed_in(cast.ana).get(f"/leads/{handoff.lead_id}/")
    refusals = page.context["before_call"].refusals
    assert [(refusal.is_rejection, refusal.decision.by) for refusal in refusals] == [
        (True, cast.bea)
    ]


@pytest.mark.parametrize("outcome", ["no_answer", None])
def test_lead_is_given_back_only_after_such_an_attempt(cast: Cast, outcome: str | None) -> None:
    handoff = factories.accepted(cast)
    if outcome:
        try_it(handoff, cast, outcome)
    with pytest.raises(giving_back.NothingWrong):
        giving_back.give_back(handoff, by=cast.bea, at=NOON)


def test_attempt_of_an_earlier_owner_gives_nothing_back(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    try_it(handoff, cast, "wrong")
    handoffs.requeue(handoff, by=cast.dora, at=NOON, cause="test")
    handoffs.accept(handoff, by=cast.cruz, at=NOON + timedelta(minutes=1))
    with pytest.raises(giving_back.NothingWrong):
        giving_back.give_back(handoff, by=cast.cruz, at=NOON + timedelta(minutes=2))


def test_giving_back_cannot_be_undone(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    try_it(handoff, cast, "wrong")
    giving_back.give_back(handoff, by=cast.bea, at=NOON)
    with pytest.raises(decisions.TooLate):
        decisions.undo(handoff, by=cast.bea, at=NOON)


# -- Not reached


def reason() -> None:
    name = {"es": "No responde", "en": "Does not answer"}
    OutcomeReason.objects.get_or_create(
        code="no_answer", defaults={"kind": "recycled", "name": name}
    )


@pytest.mark.parametrize(("made", "is_recycled"), [(5, False), (6, True)])
def test_lead_is_recycled_after_the_agreed_attempts(
    cast: Cast, made: int, is_recycled: bool
) -> None:
    reason()
    handoff = factories.accepted(cast)
    for number in range(made):
        try_it(handoff, cast, "no_answer", at=ACCEPTED_AT + timedelta(minutes=number))
    attempts.begin(handoff, "email", by=cast.bea, at=NOON)  # counts for nothing
    if not is_recycled:
        with pytest.raises(recycling.TooFewAttempts):
            recycling.not_reached(handoff, wake_on=None, by=cast.bea, at=NOON)
        return
    recycling.not_reached(handoff, wake_on=None, by=cast.bea, at=NOON)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.lead.stage, Parking.objects.get().reason.code) == (
        "recycled",
        "recycled",
        "no_answer",
    )
    assert contact_clock(handoff).state == "cancelled"


# -- The ladder


@pytest.mark.parametrize(
    ("outcome", "state", "last"),
    [(None, "pending", "requeue"), ("no_answer", "accepted", "tell_lead")],
)
def test_ladder_takes_no_lead_from_an_owner_who_has_tried(
    cast: Cast, moment: Moment, outcome: str | None, state: str, last: str
) -> None:
    handoff = factories.accepted(cast)
    if outcome:
        try_it(handoff, cast, outcome)
    for at in ("02 13:25", "02 14:25", "02 15:30", "03 11:00"):
        moment.set(f"2026-03-{at}")
        tasks.sweep()
    handoff.refresh_from_db()
    fired = handoff.events.filter(kind="escalated").order_by("id")
    assert [event.payload["step"] for event in fired] == ["warn", "breach", "tell_lead", last]
    assert handoff.state == state
    invariants_hold()


def invariants_hold() -> None:
    broken = [
        *invariants.firing_sends_a_message(NOON),
        *invariants.lead_in_work_has_a_next_step(NOON),
        *invariants.state_matches_the_events(NOON),
    ]
    assert broken == []


# -- Pages


def test_click_begins_an_attempt_and_one_tap_tells_its_outcome(
    cast: Cast, signed_in: SignedIn, moment: Moment
) -> None:
    moment.set(NOON)
    handoff = factories.accepted(cast)
    bea = signed_in(cast.bea)
    answer = bea.post(f"/handoffs/{handoff.pk}/begin/", {"channel": "whatsapp"})
    begun = handoff.attempts.get()
    assert f'name="attempt" value="{begun.pk}"' in answer.content.decode()
    assert (begun.outcome, begun.tier, begun.reached) == ("begun", "clicked", False)
    tap = {"attempt": begun.pk, "outcome": "wrong"}
    bea.post(f"/handoffs/{handoff.pk}/outcome/", tap)
    page = bea.get(f"/leads/{handoff.lead_id}/").content.decode()
    assert f"/handoffs/{handoff.pk}/give-back/" in page
    bea.post(f"/handoffs/{handoff.pk}/give-back/")
    handoff.refresh_from_db()
    assert handoff.state == "rejected"


@pytest.mark.parametrize(
    ("who", "typed", "status"),
    [
        ("bea", {"channel": "whatsapp"}, 200),
        ("bea", {"channel": "smoke"}, 400),
        ("cruz", {"channel": "whatsapp"}, 404),
        ("ana", {"channel": "whatsapp"}, 403),
    ],
)
def test_only_who_works_on_a_lead_begins_an_attempt(
    cast: Cast, signed_in: SignedIn, moment: Moment, who: str, typed: dict[str, Any], status: int
) -> None:
    moment.set(NOON)
    handoff = factories.accepted(cast)
    client = signed_in(getattr(cast, who))
    assert client.post(f"/handoffs/{handoff.pk}/begin/", typed).status_code == status


@pytest.mark.parametrize(
    ("who", "on", "status"),
    [
        ("bea", "2026-03-14", 302),
        ("bea", "2026-05-30", 422),
        ("bea", "", 422),
        ("ana", "2026-03-14", 403),
        ("cruz", "2026-03-14", 404),
    ],
)
def test_next_step_is_changed_on_the_lead_page(
    cast: Cast, signed_in: SignedIn, moment: Moment, who: str, on: str, status: int
) -> None:
    moment.set(NOON)
    handoff = factories.accepted(cast)
    typed = {"on": on, "text": "Llamar a Cali"}
    answer = signed_in(getattr(cast, who)).post(f"/leads/{handoff.lead_id}/next-step/", typed)
    assert answer.status_code == status
    assert PlannedStep.objects.open().get().text == ("Llamar a Cali" if status == 302 else "")
