"""A dispute against the other answers, an undo, and another decision of the arbiter.

The race is first seen to happen with its lock taken away, then proven to be locked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from crm import invariants
from leads import handoffs
from leads.handoffs import undo
from leads.models import Dispute, Handoff, Lead, Return
from leads.returns import disputes, returns
from tests import factories
from tests.factories import Cast, when
from tests.leads.returns.rows import reason_to_close
from tests.races.parallel import together
from tests.races.test_accepts import stored

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4
NOON = when("2026-03-02 12:00")

Act = Callable[[Handoff, Cast], Any]


def rejected(cast: Cast) -> Handoff:
    reason_to_close()
    return factories.rejected(cast)


def contested(cast: Cast) -> Handoff:
    handoff = rejected(cast)
    disputes.contest(handoff, "Sí cumple", by=cast.ana, at=NOON)
    return handoff


def rejected_twice(cast: Cast) -> Handoff:
    lead = Lead.objects.get(pk=rejected(cast).lead_id)
    again = factories.handed_off(cast, of=lead, at=NOON)
    return handoffs.reject(again, factories.rejection("not_the_persona"), by=cast.cruz, at=NOON)


ACTS: dict[str, Act] = {
    "contest": lambda row, cast: disputes.contest(row, "Sí cumple", by=cast.ana, at=NOON),
    "close": lambda row, cast: returns.close(row, reason_to_close(), by=cast.luis, at=NOON),
    "hand off": lambda row, cast: factories.handed_off(
        cast, of=Lead.objects.get(pk=row.lead_id), at=NOON
    ),
    "uphold": lambda row, cast: disputes.uphold(row, by=cast.elsa, at=NOON, comment="Sí"),
    "deny": lambda row, cast: disputes.deny(row, by=cast.elsa, at=NOON, comment="No"),
    "once more": lambda row, cast: disputes.hand_off_again(
        row, by=cast.elsa, at=NOON, comment="Sí"
    ),
    "undo": lambda row, cast: undo.undo(row, by=cast.cruz, at=NOON),
}
RACES = [
    (rejected, "contest", "contest"),
    (rejected, "contest", "close"),
    (rejected, "contest", "hand off"),
    (contested, "uphold", "deny"),
    (contested, "uphold", "uphold"),
    (rejected_twice, "once more", "undo"),
]


def race(handoff: Handoff, cast: Cast, *names: str) -> list[Any]:
    acts = [lambda act=ACTS[name]: act(stored(handoff), cast) for name in names]
    return together(*acts)


def test_without_lock_and_condition_a_return_has_two_answers(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    handoff = rejected(cast)
    both_have_read = threading.Barrier(2)

    def write(model: Any, unchanged: dict[str, Any], *columns: str, **changes: Any) -> list[Any]:
        both_have_read.wait(10)
        model.objects.filter(pk=unchanged["id"]).update(**changes)
        return [(unchanged["id"],)]

    monkeypatch.setattr(returns, "lock_lead", lambda handoff: handoff.lead)
    monkeypatch.setattr(returns, "update_returning", write)
    results = race(handoff, cast, "close", "close")
    assert [result for result in results if isinstance(result, Exception)] == []


@pytest.mark.parametrize(("make", "one", "other"), RACES)
def test_one_of_two_acts_counts(
    cast: Cast, make: Callable[[Cast], Handoff], one: str, other: str
) -> None:
    for _round in range(ROUNDS):
        handoff = make(cast)
        results = race(handoff, cast, one, other)
        assert sum(not isinstance(result, Exception) for result in results) == 1, results
        assert Dispute.objects.standing().filter(handoff=handoff).count() <= 1
        assert Return.objects.exclude(state="cancelled").filter(handoff=handoff).count() <= 1
        for check in (
            invariants.lead_has_one_open_handoff,
            invariants.handoff_is_decided_once,
            invariants.open_return_waits_with_its_lead,
            invariants.open_dispute_waits_with_its_return,
        ):
            assert list(check(NOON)) == []
