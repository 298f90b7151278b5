"""Reopening an outcome against a new handoff of the lead, and against another correction.

Each race is first seen to happen with its lock taken away, then proven to be locked.
"""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest

from crm.accounts.models import User
from leads.handoffs import corrections, submission
from leads.models import Handoff, Lead
from tests import factories
from tests.factories import Cast, when
from tests.leads.returns.rows import awake
from tests.races.parallel import Without, count_after_all_looked, together
from tests.races.test_accepts import kinds, stored

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6
AFTER = when("2026-03-10 10:00")


def reopen_and_hand_off(cast: Cast, handoff: Handoff) -> list[Any]:
    lead = awake(handoff, by=cast.bea, at=AFTER)
    return together(
        lambda: corrections.reopen(stored(handoff), why="Late", by=cast.bea, at=AFTER),
        lambda: factories.handed_off(cast, of=lead, at=AFTER),
    )


def take_locks_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look whether the lead has an open handoff before either of them writes."""
    both_have_looked = threading.Barrier(2)

    def owner(handoff: Handoff, *, by: User) -> User:
        both_have_looked.wait(10)
        return by

    monkeypatch.setattr(corrections, "_lock", lambda handoff: handoff.lead)
    monkeypatch.setattr(corrections, "_owner_after", owner)
    monkeypatch.setattr(submission, "_lock", lambda lead: Lead.objects.get(pk=lead.pk))
    monkeypatch.setattr(submission, "_count_closed", count_after_all_looked(both_have_looked))


def open_ones() -> list[str]:
    return list(Handoff.objects.open().values_list("state", flat=True))


def test_without_lock_and_index_the_lead_is_open_twice(
    cast: Cast, without: Without, monkeypatch: pytest.MonkeyPatch
) -> None:
    handoff = factories.lost(cast)
    take_locks_away(monkeypatch)
    without.index("handoff_one_open_per_lead")
    assert kinds(reopen_and_hand_off(cast, handoff)) == ["done", "done"]
    assert sorted(open_ones()) == ["opportunity", "pending"]


def test_without_the_lock_the_database_still_says_no(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    handoff = factories.lost(cast)
    take_locks_away(monkeypatch)
    results = kinds(reopen_and_hand_off(cast, handoff))
    assert (len(open_ones()), results.count("done")) == (1, 1)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_two_reopenings_are_one(cast: Cast, _round: int) -> None:
    handoff = factories.won(cast)
    seen = [stored(handoff), stored(handoff)]
    results = together(
        lambda: corrections.reopen(seen[0], why="Late", by=cast.bea, at=AFTER),
        lambda: corrections.reopen(seen[1], why="Late", by=cast.dora, at=AFTER),
    )
    assert kinds(results) == ["OutcomeChanged", "done"]
    assert handoff.events.filter(kind="reopened").count() == 1


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_correction_against_reopening_leaves_lead_and_handoff_alike(
    cast: Cast, _round: int
) -> None:
    handoff = factories.won(cast)
    seen = [stored(handoff), stored(handoff)]
    together(
        lambda: corrections.reopen(seen[0], why="Late", by=cast.bea, at=AFTER),
        lambda: corrections.correct_amount(seen[1], Decimal(5), why="Typo", by=cast.dora, at=AFTER),
    )
    row = Handoff.objects.select_related("lead").get(pk=handoff.pk)
    assert (row.state, row.amount, row.lead.won_amount) == ("opportunity", None, None)
