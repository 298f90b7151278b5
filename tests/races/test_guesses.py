"""Many guesses at the same moment: no more of them pass than are free."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet

from crm.accounts.sign_in import tries
from crm.accounts.sign_in.tries import PAIR, Limit, TooManyTries
from tests.factories import when
from tests.races.parallel import together

pytestmark = pytest.mark.django_db(transaction=True)

AT = when("2026-03-02 10:00")
GUESSES = 12


def passed(limit: Limit) -> int:
    """Return how many of many guesses at once were taken."""
    results = together(*[lambda: tries.count({"k": limit}, at=AT)] * GUESSES)
    assert {type(each) for each in results} <= {type(None), TooManyTries}
    return results.count(None)


class Together(Limit):
    """A limit that is asked by all guesses before one of them writes."""

    all_have_read = threading.Barrier(GUESSES)

    def wait_after(self, count: int) -> timedelta:
        self.all_have_read.wait(10)
        return super().wait_after(count)


def test_without_the_lock_all_guesses_at_once_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def unlocked(rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows

    tries.Tries.objects.create(key="k", open_at=AT, forgotten_at=AT + timedelta(hours=1))
    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    limit = Together(PAIR.free, PAIR.first, PAIR.longest, PAIR.forgotten_after)
    assert passed(limit) == GUESSES


def test_only_the_free_guesses_pass_at_once() -> None:
    assert passed(PAIR) == PAIR.free
