"""Attempts over the API: listed with outcome and tier, begun by a link, and what came of them."""

from __future__ import annotations

from typing import Any

import pytest

from leads.follow_up import attempts
from leads.models import Attempt
from tests import factories
from tests.bench.meter import counting
from tests.conftest import Moment
from tests.factories import Cast, when


def test_attempt_begun_by_a_link_gets_its_outcome(cast: Cast, moment: Moment, caller: Any) -> None:
    moment.set("2026-03-02 11:00")
    handoff, bea = factories.accepted(cast), caller(cast.bea)
    path = f"handoffs/{handoff.pk}/"
    status, begun = bea.post(f"{path}begin/", {"channel": "whatsapp"})
    assert (status, begun["outcome"], begun["tier"]) == (201, "begun", "clicked")
    # A second click begins nothing new, and the attempt is nobody else's business.
    assert bea.post(f"{path}begin/", {"channel": "whatsapp"})[1] == begun
    assert bea.get(f"{path}attempts/")[1]["results"] == [begun]
    assert caller(cast.dora).get(f"{path}attempts/")[1]["results"] == []
    body = {"attempt": begun["id"], "outcome": "no_answer", "note": "Suena"}
    status, problem = bea.post(f"{path}outcome/", body | {"outcome": "begun"})
    assert (status, list(problem["fields"])) == (422, ["outcome"])
    status, shown = bea.post(f"{path}outcome/", body)
    assert (status, shown["state"]) == (200, "accepted")
    status, problem = bea.post(f"{path}outcome/", body)
    assert (status, problem["code"]) == (422, "nothing_begun")
    known = begun | {"outcome": "no_answer", "note": "Suena"}
    listed = caller(cast.dora).get(f"{path}attempts/")[1]["results"]
    assert [row | {"recorded_at": begun["recorded_at"]} for row in listed] == [known]


def test_attempts_are_listed_in_constant_queries(cast: Cast, caller: Any) -> None:
    handoff, bea = factories.accepted(cast), caller(cast.bea)
    path, numbers, listed = f"handoffs/{handoff.pk}/attempts/", [], []
    for minute in (30, 40, 50):
        attempts.record(
            handoff,
            "phone",
            outcome="no_answer",
            by=cast.bea,
            at=when(f"2026-03-02 10:{minute}"),
        )
        bea.get(path)
        with counting() as tally:
            listed = bea.get(path)[1]["results"]
        numbers.append(len(tally.statements))
    assert len(set(numbers)) == 1
    assert [row["at"] for row in listed] == [
        "2026-03-02T16:50:00Z",
        "2026-03-02T16:40:00Z",
        "2026-03-02T16:30:00Z",
    ]


def test_attempts_are_of_those_who_work_on_the_lead(cast: Cast, caller: Any) -> None:
    handoff = factories.accepted(cast)
    path = f"handoffs/{handoff.pk}/begin/"
    people = {"ana": 403, "cruz": 404, "extra": 404, "elsa": 403, "dora": 201}
    found = {
        name: caller(getattr(cast, name)).post(path, {"channel": "phone"})[0] for name in people
    }
    assert found == people
    assert caller(cast.bea, "read").post(path, {"channel": "phone"})[0] == 403
    won = factories.won(cast)
    status, problem = caller(cast.bea).post(f"handoffs/{won.pk}/begin/", {"channel": "phone"})
    assert (status, problem["code"]) == (409, "moved_on")


@pytest.mark.parametrize("channel", ["meeting", "visit", "other"])
def test_channel_without_a_link_begins_no_attempt(
    cast: Cast, caller: Any, signed_in: Any, channel: str
) -> None:
    """Else a visit that a person only says would be known by a click."""
    handoff, typed = factories.accepted(cast), {"channel": channel}
    by_page = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/begin/", typed)
    by_key = caller(cast.bea).post(f"handoffs/{handoff.pk}/begin/", typed)
    assert (by_page.status_code, by_key[0], Attempt.objects.count()) == (400, 422, 0)


def test_attempt_sent_again_is_recorded_once(cast: Cast, moment: Moment, caller: Any) -> None:
    moment.set("2026-03-02 11:00")
    handoff, bea = factories.accepted(cast), caller(cast.bea)
    body = {"channel": "phone", "outcome": "call_back", "call_back_on": "2026-03-05"}
    first = bea.post(f"handoffs/{handoff.pk}/contact/", body, Idempotency_Key="a")
    assert bea.post(f"handoffs/{handoff.pk}/contact/", body, Idempotency_Key="a") == first
    assert Attempt.objects.get().outcome == "call_back"
    begun = bea.post(f"handoffs/{handoff.pk}/begin/", {"channel": "email"}, Idempotency_Key="b")
    again = bea.post(f"handoffs/{handoff.pk}/begin/", {"channel": "email"}, Idempotency_Key="b")
    assert again == begun
