"""On whose behalf a person acts, as the history keeps and shows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from crm.accounts import leaves
from crm.accounts.models import User
from crm.notifications.models import Message
from leads import handoffs
from leads.follow_up import attempts, next_steps
from leads.handoffs import corrections, outcomes, pauses
from leads.models import Event, Handoff
from leads.returns import disputes, giving_back, recycling, returns
from leads.states import FollowUp
from tests import factories
from tests.factories import Cast, when
from tests.leads.returns.rows import reason_to_close, reason_to_recycle

MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)
AT = when("2026-03-05 10:00")


def leave(person: User, delegate: User | None = None) -> None:
    leaves.take(person, MONDAY, FRIDAY, by=person, at=factories.SIGNED_AT, delegate=delegate)


def acts() -> dict[str, tuple[Callable[[Cast], Handoff], Callable[[Handoff, User], object]]]:
    """Each step of a rep by the kind of its event: the handoff, and the call."""

    def attempt(outcome: str) -> Callable[[Handoff, User], object]:
        return lambda handoff, by: attempts.record(handoff, "phone", outcome=outcome, by=by, at=AT)

    def give_back(handoff: Handoff, by: User) -> object:
        attempts.record(handoff, "phone", outcome="wrong", by=by, at=AT)
        return giving_back.give_back(handoff, by=by, at=AT)

    def plan(handoff: Handoff, by: User) -> object:
        day = date(2026, 3, 6)
        return next_steps.change(handoff.lead, handoff, FollowUp.CALL_BACK, day, by=by, at=AT)

    def pause(handoff: Handoff, by: User) -> object:
        until = when("2026-03-05 12:00")
        reason = factories.pause_reason()
        return pauses.pause(handoff, reason, until=until, by=by, at=factories.CONTACTED_AT)

    def end(act: Any, code: str) -> Callable[[Handoff, User], object]:
        return lambda handoff, by: act(handoff, factories.outcome(code), by=by, at=AT)

    return {
        "attempt": (factories.accepted, attempt("no_answer")),
        "contacted": (factories.accepted, attempt("reached")),
        "given_back": (factories.accepted, give_back),
        "next_step": (factories.contacted, plan),
        "paused": (factories.contacted, pause),
        "opportunity": (
            factories.sql,
            lambda handoff, by: outcomes.open_opportunity(handoff, by=by, at=AT),
        ),
        "won": (
            factories.opportunity,
            lambda handoff, by: outcomes.win(handoff, Decimal(5), by=by, at=AT),
        ),
        "lost": (factories.opportunity, end(outcomes.lose, "price")),
        "disqualified": (factories.contacted, end(outcomes.disqualify, "no_budget")),
        "recycled": (
            factories.contacted,
            lambda handoff, by: recycling.park(
                handoff, reason_to_recycle(), wake_on=None, by=by, at=AT
            ),
        ),
        "reopened": (
            factories.lost,
            lambda handoff, by: corrections.reopen(handoff, why="Volvió", by=by, at=AT),
        ),
    }


@pytest.mark.parametrize("kind", list(acts()))
def test_step_of_a_delegate_is_on_behalf_of_who_is_away(cast: Cast, kind: str) -> None:
    make, act = acts()[kind]
    handoff = make(cast)
    leave(cast.bea, cast.cruz)
    act(handoff, cast.cruz)
    event = Event.objects.filter(lead=handoff.lead_id, kind=kind).latest("id")
    assert (event.actor, event.on_behalf_of) == (cast.cruz, cast.bea)


@pytest.mark.parametrize(
    ("who", "is_away", "delegate", "expected"),
    [
        ("bea", True, "cruz", None),
        ("dora", True, None, "bea"),
        ("dora", True, "cruz", "bea"),
        ("dora", False, None, None),
        # Who only happens to act does not stand in: a mark on another lead closed this one.
        ("cruz", True, None, None),
    ],
)
def test_only_who_stands_in_acts_on_behalf(
    cast: Cast, who: str, is_away: bool, delegate: str | None, expected: str | None
) -> None:
    handoff = factories.contacted(cast)
    if is_away:
        leave(cast.bea, getattr(cast, delegate) if delegate else None)
    by = getattr(cast, who)
    attempts.record(handoff, "phone", outcome="no_answer", by=by, at=AT)
    event = handoff.events.get(kind="attempt")
    assert event.on_behalf_of == (getattr(cast, expected) if expected else None)


def test_acts_of_the_lead_of_the_team_are_their_own(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    leave(cast.bea)
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=AT, why="Ausente")
    assert handoff.events.get(kind="reassigned").on_behalf_of is None


@pytest.mark.parametrize("kind", ["closed", "recycled", "disputed", "handed_off"])
def test_answer_to_a_return_is_on_behalf_of_the_sender(cast: Cast, kind: str) -> None:
    handoff = factories.rejected(cast)
    leave(cast.ana)
    answers: dict[str, Callable[[], object]] = {
        "closed": lambda: returns.close(handoff, reason_to_close(), by=cast.luis, at=AT),
        "recycled": lambda: recycling.park(
            handoff, reason_to_recycle(), wake_on=None, by=cast.luis, at=AT
        ),
        "disputed": lambda: disputes.contest(handoff, "Cumple", by=cast.luis, at=AT),
        "handed_off": lambda: handoffs.hand_off(
            handoff.lead, team=cast.sales, by=cast.luis, at=AT, unchanged_reason="Cumple"
        ),
    }
    answers[kind]()
    event = handoff.lead.events.filter(kind=kind).latest("id")
    assert (event.actor, event.on_behalf_of) == (cast.luis, cast.ana)


@pytest.mark.parametrize(("decide", "kind"), [("uphold", "upheld"), ("deny", "denied")])
def test_director_decides_in_the_place_of_the_arbiter(cast: Cast, decide: str, kind: str) -> None:
    handoff = factories.rejected(cast)
    handoff.agreement_version.arbiter = cast.luis
    leave(cast.luis)
    disputes.contest(handoff, "Cumple", by=cast.ana, at=AT)
    # Whoever is told in the place of another is told for whom.
    notice = Message.objects.get(kind="handoff.disputed", channel="in_app")
    assert (notice.recipient, notice.params["away_id"]) == (cast.elsa, cast.luis.pk)
    getattr(disputes, decide)(handoff, by=cast.elsa, at=AT, comment="Por el acta")
    assert handoff.events.get(kind=kind).on_behalf_of == cast.luis


def test_what_was_denied_reaches_who_stands_in_for_the_sender(cast: Cast) -> None:
    handoff = factories.rejected(cast)
    disputes.contest(handoff, "Cumple", by=cast.ana, at=AT)
    leave(cast.ana)
    disputes.deny(handoff, by=cast.elsa, at=AT, comment="Por el acta")
    rows = Message.objects.filter(kind="handoff.arbitrated", channel="in_app")
    told = {row.recipient: row.params.get("away_id") for row in rows}
    assert told == {cast.luis: cast.ana.pk, cast.bea: None}


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "in place of Bea Quintero"), ("es", "en lugar de Bea Quintero")],
)
def test_history_says_in_whose_place(cast: Cast, moment: Any, language: str, words: str) -> None:
    handoff = factories.accepted(cast)
    leave(cast.bea, cast.cruz)
    attempts.record(handoff, "phone", outcome="no_answer", by=cast.cruz, at=AT)
    cast.dora.language = language
    cast.dora.save()
    client = Client()
    client.force_login(cast.dora, backend="crm.accounts.backend.Backend")
    page = client.get(f"/leads/{handoff.lead_id}/").content.decode()
    assert f"Cruz Medina {words}" in page
