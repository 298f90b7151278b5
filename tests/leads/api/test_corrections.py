"""Corrections of outcomes, and expectations of opportunities, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from leads.models import Lead
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast


def test_won_amount_is_corrected(cast: Cast, caller: Any) -> None:
    handoff, asks = factories.won(cast), caller(cast.bea)
    path = f"handoffs/{handoff.pk}/amount/"
    status, problem = asks.post(path, {"amount": "5,000"})
    assert (status, sorted(problem["fields"])) == (422, ["amount", "reason"])
    status, shown = asks.post(path, {"amount": "158000.50", "reason": "Typo"})
    assert (status, shown["state"], shown["amount"]) == (200, "won", "158000.50")
    assert str(Lead.objects.get(pk=handoff.lead_id).won_amount) == "158000.50"


def test_outcome_is_reopened_once(cast: Cast, caller: Any) -> None:
    handoff, asks = factories.lost(cast), caller(cast.dora)
    path = f"handoffs/{handoff.pk}/reopen/"
    assert list(asks.post(path, {})[1]["fields"]) == ["reason"]
    shown = asks.post(path, {"reason": "They called back"})[1]
    assert (shown["state"], shown["outcome_reason"], shown["closed_at"]) == (
        "opportunity",
        None,
        None,
    )
    status, problem = caller(cast.bea).post(path, {"reason": "Me too"})
    assert (status, problem["code"]) == (409, "moved_on")
    assert (problem["state"], problem["changed_by"]["name"]) == ("opportunity", "Dora Salinas")


@pytest.mark.parametrize("step", ["amount", "reopen"])
def test_others_change_no_outcome(cast: Cast, caller: Any, step: str) -> None:
    handoff = factories.won(cast)
    body = {"amount": "5", "reason": "Why not"}
    if step == "reopen":
        del body["amount"]
    people = ("ana", "elsa", "cruz", "extra")
    statuses = {
        name: caller(getattr(cast, name)).post(f"handoffs/{handoff.pk}/{step}/", body)[0]
        for name in people
    }
    assert statuses == {"ana": 403, "elsa": 403, "cruz": 404, "extra": 404}


def test_expectations_are_set_and_changed_in_part(cast: Cast, moment: Moment, caller: Any) -> None:
    handoff, asks = factories.sql(cast), caller(cast.bea)
    path = f"handoffs/{handoff.pk}/"
    opened = asks.post(
        f"{path}opportunity/", {"expected_amount": 90000, "expected_close_on": "2026-06-30"}
    )[1]
    assert (opened["expected_amount"], opened["expected_close_on"]) == ("90000.00", "2026-06-30")
    changed = asks.post(f"{path}expect/", {"expected_amount": "80000.50"})[1]
    assert (changed["expected_amount"], changed["expected_close_on"]) == (
        "80000.50",
        "2026-06-30",
    )
    cleared = asks.post(f"{path}expect/", {"expected_close_on": None})[1]
    assert (cleared["expected_amount"], cleared["expected_close_on"]) == ("80000.50", None)
    for body, field in (
        ({"expected_amount": "0"}, "expected_amount"),
        ({"expected_amount": "80,000"}, "expected_amount"),
        ({"expected_close_on": "2020-01-01"}, "expected_close_on"),
        ({"expected_close_on": "30/06/2026"}, "expected_close_on"),
    ):
        status, problem = asks.post(f"{path}expect/", body)
        assert (status, list(problem["fields"])) == (422, [field])
