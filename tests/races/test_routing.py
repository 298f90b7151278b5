"""Misrouted and duplicate against the other decisions, an undo, and each other.

Each race is first seen to happen with its lock taken away, then proven to be locked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from crm import invariants
from leads.handoffs import state_changes, transitions, undo
from leads.models import Decision, Handoff, Lead, Return
from leads.returns import duplicates, misrouting
from tests import factories
from tests.factories import ACCEPTED_AT, HANDED_OFF_AT, Cast
from tests.leads.returns.rows import rep_of_other_sales
from tests.races.parallel import Without, together
from tests.races.test_accepts import kinds, read_then_write, stored

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4
AT = ACCEPTED_AT
Act = Callable[[Handoff, Cast], Any]

ACTS: dict[str, Act] = {
    "misroute": lambda row, cast: misrouting.misroute(row, cast.other_sales, by=cast.bea, at=AT),
    "duplicate": lambda row, cast: duplicates.mark(row, None, by=cast.cruz, at=AT, comment="Otra"),
    "accept": lambda row, cast: transitions.accept(row, by=cast.cruz, at=AT),
    "reject": lambda row, cast: transitions.reject(row, factories.rejection(), by=cast.cruz, at=AT),
    "withdraw": lambda row, cast: transitions.withdraw(row, by=cast.ana, at=AT),
}
AGAINST = ["accept", "reject", "withdraw", "duplicate", "misroute"]
CHECKS = (
    invariants.lead_has_one_open_handoff,
    invariants.handoff_is_decided_once,
    invariants.decision_matches_its_handoff,
    invariants.misrouted_handoff_goes_on,
    invariants.open_return_waits_with_its_lead,
    invariants.duplicate_is_closed,
    invariants.clock_matches_the_awaited_step,
    invariants.lead_follows_its_handoff,
)


def race(handoff: Handoff, cast: Cast, *names: str) -> list[Any]:
    acts = [lambda act=ACTS[name]: act(stored(handoff), cast) for name in names]
    return together(*acts)


def broken() -> list[str]:
    return [line for check in CHECKS for line in check(HANDED_OFF_AT)]


def test_without_lock_and_index_a_handoff_is_misrouted_twice(
    cast: Cast, without: Without, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_changes, "claim", read_then_write(2))
    without.index("handoff_one_decision")
    handoff = factories.handed_off(cast)
    results = race(handoff, cast, "misroute", "misroute")
    assert (kinds(results), Decision.objects.count()) == (["done", "done"], 2)


@pytest.mark.parametrize("other", AGAINST)
@pytest.mark.parametrize("one", ["misroute", "duplicate"])
def test_one_of_two_decisions_counts(cast: Cast, one: str, other: str) -> None:
    for _round in range(ROUNDS):
        results = race(factories.handed_off(cast), cast, one, other)
        assert kinds(results) == ["AlreadyTaken", "done"]
        assert broken() == []


def test_undo_against_an_accept_in_the_other_team_is_one_of_them(cast: Cast) -> None:
    rep = rep_of_other_sales(cast)
    for _round in range(ROUNDS):
        handoff = factories.handed_off(cast)
        following = misrouting.misroute(handoff, cast.other_sales, by=cast.bea, at=AT)
        assert following is not None
        at = AT + timedelta(seconds=5)
        rows = stored(handoff), stored(following)
        results = together(
            lambda row=rows[0], at=at: undo.undo(row, by=cast.bea, at=at),
            lambda row=rows[1], at=at: transitions.accept(row, by=rep, at=at),
        )
        assert kinds(results) in (["TooLate", "done"], ["AlreadyTaken", "done"])
        states = (stored(handoff).state, stored(following).state)
        assert states in [("pending", "withdrawn"), ("misrouted", "accepted")]
        assert broken() == []


# -- Two leads that are called duplicates of each other


def both_ways(cast: Cast) -> list[Any]:
    one, other = factories.handed_off(cast), factories.handed_off(cast)
    first, second = Lead.objects.get(pk=one.lead_id), Lead.objects.get(pk=other.lead_id)
    return together(
        lambda: duplicates.mark(stored(one), second, by=cast.bea, at=AT),
        lambda: duplicates.mark(stored(other), first, by=cast.cruz, at=AT),
    )


def test_without_the_locks_two_leads_are_duplicates_of_each_other(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_looked = threading.Barrier(2)

    def look(handoff: Handoff, original: Lead) -> Lead:
        assert duplicates.original_of(original) is None
        both_have_looked.wait(10)
        return original

    monkeypatch.setattr(duplicates, "_lock_both", look)
    assert kinds(both_ways(cast)) == ["done", "done"]
    assert len(broken()) == 2
    assert Return.objects.filter(state="duplicate").count() == 2


def test_of_two_leads_one_is_the_duplicate(cast: Cast) -> None:
    for _round in range(ROUNDS):
        assert kinds(both_ways(cast)) == ["WrongOriginal", "done"]
        assert broken() == []
