"""Attempts worth a question, over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from leads.follow_up import attempts
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when

CLOSE = when("2026-03-02 14:19")


def test_contact_by_word_alone_is_listed_for_its_person_and_lead(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    handoff = factories.accepted(cast)
    attempts.record(handoff, "phone", outcome="reached", by=cast.bea, at=CLOSE, note="Sí")
    moment.set("2026-03-12 10:00")
    path = "attempts/unconfirmed/"
    [own] = caller(cast.bea).get(path)[1]["results"]
    assert (own["note"], own["tier"], own["lead"]["id"], own["times"]) == (
        "Sí",
        "said",
        handoff.lead_id,
        None,
    )
    assert caller(cast.dora).get(path)[1]["results"] == []
    assert caller(cast.dora).get(f"{path}?of=team")[1]["results"] == [own]
    assert caller(cast.bea).get(f"{path}?of=team")[0] == 403
    for query in ("list=all", "of=all", "who=1"):
        status, problem = caller(cast.bea).get(f"{path}?{query}")
        assert (status, list(problem["fields"])) == (400, [query.split("=")[0]])


def test_equal_notes_say_how_often(cast: Cast, moment: Moment, caller: Any) -> None:
    for number in range(5):
        handoff = factories.accepted(cast)
        at = CLOSE + number * timedelta(hours=20)
        attempts.record(
            handoff, "phone", outcome="no_answer", by=cast.bea, at=at, note="Buzón de voz"
        )
    moment.set("2026-03-12 10:00")
    [row] = caller(cast.bea).get("attempts/unconfirmed/?list=notes")[1]["results"]
    assert (row["note"], row["times"], row["by"]["name"]) == ("Buzón de voz", 5, "Bea Quintero")
