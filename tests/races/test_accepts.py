"""Many people, one handoff. Two against each other: tests.races.rounds.

Each race is first seen to happen with its lock taken away, then proven to be locked.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError
from django.utils import translation

from crm.lib.errors import Conflict
from leads import conflicts
from leads.handoffs import state_changes, submission, transitions
from leads.models import Handoff, Lead
from leads.states import EventKind, HandoffState
from sla.models import Clock
from tests import factories
from tests.factories import ACCEPTED_AT, Cast, when
from tests.races.parallel import Without, count_after_all_looked, together

pytestmark = pytest.mark.django_db(transaction=True)

REPS = 20
ROUNDS = 6
ELEVEN = when("2026-03-02 11:00")


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.get(pk=handoff.pk)


def kinds(results: list[Any]) -> list[str]:
    """What came out, in words: the class of an error, or "done"."""
    return sorted(
        type(result).__name__ if isinstance(result, Exception) else "done" for result in results
    )


def read_then_write(readers: int) -> Any:
    """``claim`` as it must not be: all read that the handoff is free, then all write."""
    everybody_has_read = threading.Barrier(readers)

    def claim(handoff: Handoff, state: str, *, of: tuple[str, ...], **fields: Any) -> str:
        found = stored(handoff)
        everybody_has_read.wait(10)
        if found.state not in of:
            raise state_changes.AlreadyTaken(found)
        state_changes.write(handoff, {"id": handoff.pk}, state=state, **fields)
        return found.state

    return claim


@pytest.fixture
def reps(cast: Cast) -> list[Any]:
    return [factories.person(f"Rep{number}", cast.sales) for number in range(REPS)]


def all_accept(cast: Cast, reps: list[Any]) -> tuple[Handoff, list[Any]]:
    handoff = factories.handed_off(cast)
    acts = [
        lambda rep=rep: transitions.accept(stored(handoff), by=rep, at=ACCEPTED_AT).owner
        for rep in reps
    ]
    return handoff, together(*acts)


# -- Accept against accept


def test_without_any_lock_every_rep_wins(
    cast: Cast, reps: list[Any], without: Without, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_changes, "claim", read_then_write(REPS))
    without.index("handoff_one_decision", "clock_one_running", "planned_step_one_open")
    handoff, results = all_accept(cast, reps)
    assert (kinds(results), handoff.decisions.count()) == (["done"] * REPS, REPS)


def test_without_the_conditional_update_the_database_still_says_no(
    cast: Cast, reps: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """But rudely: nobody could tell the losers who was faster."""
    monkeypatch.setattr(state_changes, "claim", read_then_write(REPS))
    handoff, results = all_accept(cast, reps)
    assert kinds(results) == sorted(["done"] + ["IntegrityError"] * (REPS - 1))
    assert stored(handoff).owner == handoff.decisions.get().by


def test_one_rep_wins_and_the_others_are_told_who(cast: Cast, reps: list[Any]) -> None:
    handoff, results = all_accept(cast, reps)
    winner = stored(handoff).owner
    assert winner is not None
    assert [result for result in results if not isinstance(result, Exception)] == [winner]
    losers = [result for result in results if isinstance(result, state_changes.AlreadyTaken)]
    # The language of a thread that has activated none.
    with translation.override(settings.LANGUAGE_CODE):
        faster = str(conflicts.FASTER[HandoffState.ACCEPTED, EventKind.ACCEPTED])
    text = faster % {"name": winner.name}
    assert [str(error) for error in losers] == [text] * 19
    assert winner.name in text


def test_one_rep_wins_with_one_decision_one_event_and_one_clock(
    cast: Cast, reps: list[Any]
) -> None:
    handoff, _results = all_accept(cast, reps)
    assert handoff.decisions.get().by == stored(handoff).owner
    assert handoff.events.filter(kind="accepted").count() == 1
    assert list(Clock.objects.order_by("id").values_list("metric", "state")) == [
        ("accept", "met"),
        ("first_contact", "running"),
    ]


# -- Handing off twice


def hand_off_twice(cast: Cast, lead: Lead) -> list[Any]:
    return together(*[lambda: factories.handed_off(cast, of=lead)] * 2)


def test_without_lock_and_index_a_lead_is_handed_off_twice(
    cast: Cast, without: Without, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = factories.mql(cast)
    both_have_looked = threading.Barrier(2)

    def look(lead: Lead) -> int:
        assert not lead.handoffs.exists()
        both_have_looked.wait(10)
        return 0

    monkeypatch.setattr(submission, "_lock", lambda lead: Lead.objects.get(pk=lead.pk))
    monkeypatch.setattr(submission, "_count_closed", look)
    without.index("handoff_one_open_per_lead")
    without.constraint("leads_handoff", "handoff_cycle_once")
    assert kinds(hand_off_twice(cast, lead)) == ["done", "done"]


def test_without_the_lock_the_database_still_says_no(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = factories.mql(cast)
    both_have_looked = threading.Barrier(2)
    monkeypatch.setattr(submission, "_lock", lambda lead: Lead.objects.get(pk=lead.pk))
    monkeypatch.setattr(submission, "_count_closed", count_after_all_looked(both_have_looked))
    assert kinds(hand_off_twice(cast, lead)) == ["AlreadyHandedOff", "done"]


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_lead_handed_off_twice_at_once_is_handed_off_once(cast: Cast, _round: int) -> None:
    results = hand_off_twice(cast, factories.lead(cast))
    assert (kinds(results), Handoff.objects.count(), Clock.objects.count()) == (
        ["AlreadyHandedOff", "done"],
        1,
        1,
    )


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_lead_qualified_twice_at_once_is_qualified_once(cast: Cast, _round: int) -> None:
    lead = factories.lead(cast)
    results = together(
        *[lambda: submission.qualify(lead, cast.persona, by=cast.ana, at=ACCEPTED_AT)] * 2
    )
    assert (kinds(results), lead.events.filter(kind="qualified").count()) == (["done", "done"], 1)


def test_loser_of_a_race_gets_an_error_to_act_on() -> None:
    assert (
        issubclass(state_changes.AlreadyTaken, Conflict),
        issubclass(IntegrityError, Conflict),
    ) == (True, False)
