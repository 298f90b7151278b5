"""The truth of a package over the API."""

from __future__ import annotations

from typing import Any

from tests import factories
from tests.conftest import Moment
from tests.factories import Cast


def test_each_criterion_is_answered_after_the_end(cast: Cast, moment: Moment, caller: Any) -> None:
    moment.set("2026-03-09 16:30")
    handoff, bea = factories.won(cast), caller(cast.bea)
    path = f"handoffs/{handoff.pk}/truth/"
    rows = bea.get(path)[1]["results"]
    assert [(row["code"], row["answer"], row["by"]) for row in rows] == [
        ("size", None, None),
        ("role", None, None),
        ("budget", None, None),
        ("decides", None, None),
    ]
    for body, field in (
        ({"code": "size", "answer": "perhaps"}, "answer"),
        ({"code": "mood", "answer": "yes"}, "code"),
    ):
        status, problem = bea.post(path, body)
        assert (status, list(problem["fields"])) == (422, [field])
    status, shown = bea.post(path, {"code": "size", "answer": "no"})
    assert (status, shown["state"]) == (200, "won")
    first = caller(cast.ana).get(path)[1]["results"][0]
    assert (first["answer"], first["by"]["name"], first["at"]) == (
        "no",
        "Bea Quintero",
        "2026-03-09T22:30:00Z",
    )
    assert caller(cast.ana).post(path, {"code": "size", "answer": "no"})[0] == 403
    pending = factories.accepted(cast)
    status, problem = bea.post(f"handoffs/{pending.pk}/truth/", {"code": "size", "answer": "no"})
    assert (status, problem["code"]) == (409, "moved_on")
