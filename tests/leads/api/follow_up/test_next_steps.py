"""The next step over the API: of a lead, and the open ones of a person."""

from __future__ import annotations

from typing import Any

import pytest

from leads.models import PlannedStep
from tests import factories
from tests.bench.meter import counting
from tests.conftest import Moment
from tests.factories import Cast


def test_lead_shows_its_next_step_and_takes_another(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    moment.set("2026-03-02 10:30")
    handoff, bea = factories.accepted(cast), caller(cast.bea)
    path = f"leads/{handoff.lead_id}/"
    owner = {"id": cast.bea.pk, "name": "Bea Quintero"}
    assert bea.get(path)[1]["next_step"] == {
        "kind": "first_contact",
        "text": "",
        "due_at": "2026-03-02T20:20:00Z",
        "owner": owner,
    }
    status, step = bea.post(f"{path}next-step/", {"on": "2026-03-04", "text": "Enviar la demo"})
    assert (status, step["kind"], step["text"]) == (201, "other", "Enviar la demo")
    assert (step["handoff"], step["set_by"], step["owner"]) == (handoff.pk, owner, owner)
    assert step["lead"]["id"] == handoff.lead_id
    shown = bea.get(path)[1]["next_step"]
    assert shown == {name: step[name] for name in shown}
    # Without words it is a call on that day.
    assert bea.post(f"{path}next-step/", {"on": "2026-03-05"})[1]["kind"] == "call_back"
    assert PlannedStep.objects.open().get().kind == "call_back"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "on"),
        ({"on": "2026-03-01"}, "on"),
        ({"on": "2026-06-01"}, "on"),
        ({"on": "mañana"}, "on"),
        ({"on": "2026-03-04", "text": "x" * 201}, "text"),
        ({"on": "2026-03-04", "what": "x"}, "what"),
    ],
)
def test_wrong_step_names_the_field(
    cast: Cast, moment: Moment, caller: Any, body: dict[str, Any], field: str
) -> None:
    moment.set("2026-03-02 10:30")
    handoff = factories.accepted(cast)
    path = f"leads/{handoff.lead_id}/next-step/"
    status, problem = caller(cast.bea).post(path, body)
    assert (status, list(problem["fields"])) == (422, [field])


def test_step_is_set_by_whoever_has_the_lead(cast: Cast, moment: Moment, caller: Any) -> None:
    moment.set("2026-03-02 10:30")
    worked, logged, lost = factories.accepted(cast), factories.lead(cast), factories.lost(cast)
    cases = {
        worked.lead_id: {"ana": 403, "bea": 201, "cruz": 404, "dora": 201},
        logged.pk: {"ana": 201, "bea": 404, "luis": 201, "elsa": 403},
        lost.lead_id: {"ana": 409, "bea": 403},
    }
    for pk, wanted in cases.items():
        path = f"leads/{pk}/next-step/"
        found = {
            name: caller(getattr(cast, name)).post(path, {"on": "2026-03-04"})[0] for name in wanted
        }
        assert found == wanted


def test_open_steps_are_listed_by_deadline(cast: Cast, moment: Moment, caller: Any) -> None:
    handoffs = [factories.contacted(cast), factories.accepted(cast)]
    asks = caller(cast.bea)
    moment.set("2026-03-02 15:00")

    def listed(query: str = "") -> list[int]:
        return [row["handoff"] for row in asks.get(f"next-steps/{query}")[1]["results"]]

    first, second = handoffs[1].pk, handoffs[0].pk
    assert listed() == [first, second]
    assert (listed("?due=overdue"), listed("?due=today")) == ([first], [first])
    page = asks.get("next-steps/?limit=1")[1]
    rest = asks.get(f"next-steps/?limit=1&cursor={page['next_cursor']}")[1]
    assert [row["handoff"] for row in rest["results"]] == [second]
    # Those of a person are read by the lead of the team and by directors.
    for reader, status in (("dora", 200), ("elsa", 200), ("cruz", 400), ("ana", 400)):
        answer = caller(getattr(cast, reader)).get(f"next-steps/?owner={cast.bea.pk}")
        assert answer[0] == status
        if status == 200:
            assert [row["handoff"] for row in answer[1]["results"]] == [first, second]
    for query in ("?due=soon", "?owner=x", "?who=1"):
        assert asks.get(f"next-steps/{query}")[0] == 400


def test_list_has_a_constant_number_of_queries(cast: Cast, moment: Moment, caller: Any) -> None:
    asks, numbers = caller(cast.bea), []
    asks.get("next-steps/")
    for _ in range(2):
        factories.accepted(cast)
        with counting() as tally:
            asks.get("next-steps/")
        numbers.append(len(tally.statements))
    assert numbers[0] == numbers[1]
