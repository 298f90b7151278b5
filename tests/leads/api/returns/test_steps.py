"""What sales sent back, over the API: the four answers, recycling, and what a handoff shows."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.leads.returns.rows import reason_to_close, reason_to_recycle

# Step, its body, the state of the return and the stage of the lead after it.
ANSWERS = [
    ("close", {"reason": "not_a_customer", "comment": "Proveedor"}, "closed", "closed"),
    ("recycle", {"reason": "not_now", "wake_on": "2026-03-20"}, "recycled", "recycled"),
    ("recycle", {"reason": "not_now", "wake_on": None}, "recycled", "recycled"),
    ("dispute", {"comment": "Sí cumple"}, "disputed", "returned"),
]


@pytest.fixture(autouse=True)
def reasons(db: None) -> None:
    reason_to_close()
    reason_to_recycle()


@pytest.mark.parametrize(("step", "body", "state", "stage"), ANSWERS)
def test_return_is_answered_once(
    cast: Cast,
    moment: Moment,
    caller: Any,
    step: str,
    body: dict[str, Any],
    state: str,
    stage: str,
) -> None:
    moment.set("2026-03-02 12:00")
    handoff, ana = factories.rejected(cast), caller(cast.ana)
    path = f"handoffs/{handoff.pk}/"
    opened = ana.get(path)[1]["return"]
    assert (opened["state"], opened["assigned_to"]["name"]) == ("open", "Ana Robles")
    assert [caller(who).post(f"{path}{step}/", body)[0] for who in (cast.bea, cast.cruz)] == [
        403,
        404,
    ]
    status, shown = ana.post(f"{path}{step}/", body)
    assert (status, shown["return"]["state"], shown["return"]["answered_by"]["name"]) == (
        200,
        state,
        "Ana Robles",
    )
    lead = ana.get(f"leads/{handoff.lead_id}/")[1]
    assert (lead["stage"], lead["standing_rejections"]) == (stage, 1)
    assert ana.post(f"{path}{step}/", body)[0] == 409


def test_fixed_and_handed_off_again(cast: Cast, moment: Moment, caller: Any) -> None:
    moment.set("2026-03-02 12:00")
    handoff, ana = factories.rejected(cast), caller(cast.ana)
    path = f"leads/{handoff.lead_id}/"
    status, problem = ana.post(f"{path}handoffs/", {"team": cast.sales.pk})
    assert (status, list(problem["fields"])) == (422, ["unchanged_reason"])
    assert ana.patch(path, {"version": 1, "job_title": "Gerente de Ventas"})[0] == 200
    status, following = ana.post(f"{path}handoffs/", {"team": cast.sales.pk})
    assert (status, following["cycle"], following["return"]) == (201, 2, None)
    assert ana.get(f"handoffs/{handoff.pk}/")[1]["return"]["state"] == "fixed"


@pytest.mark.parametrize(
    ("step", "body", "field"),
    [
        ("close", {}, "reason"),
        ("close", {"reason": "not_now"}, "reason"),
        ("recycle", {"reason": "not_a_customer"}, "reason"),
        ("recycle", {"reason": "not_now", "wake_on": "2026-03-01"}, "wake_on"),
        ("recycle", {"reason": "not_now", "wake_on": "2030-03-01"}, "wake_on"),
        ("dispute", {}, "comment"),
        ("dispute", {"comment": " "}, "comment"),
    ],
)
def test_wrong_answer_names_the_field(
    cast: Cast, moment: Moment, caller: Any, step: str, body: dict[str, Any], field: str
) -> None:
    moment.set("2026-03-02 12:00")
    handoff = factories.rejected(cast)
    status, problem = caller(cast.ana).post(f"handoffs/{handoff.pk}/{step}/", body)
    assert (status, list(problem["fields"])) == (422, [field])


def test_recycled_lead_says_when_it_wakes(cast: Cast, moment: Moment, caller: Any) -> None:
    moment.set("2026-03-02 12:00")
    handoff, bea, ana = factories.contacted(cast), caller(cast.bea), caller(cast.ana)
    body = {"reason": "not_now", "wake_on": "2026-03-20", "comment": "En abril"}
    shown = bea.post(f"handoffs/{handoff.pk}/recycle/", body)[1]
    assert (shown["state"], shown["return"], shown["case"]) == ("recycled", None, None)
    path = f"leads/{handoff.lead_id}/"
    lead = ana.get(path)[1]
    assert lead["parking"] == {
        "parked_at": "2026-03-02T18:00:00Z",
        "parked_by": {"id": cast.bea.pk, "name": "Bea Quintero"},
        "reason": "not_now",
        "comment": "En abril",
        "wakes_at": "2026-03-20T13:00:00Z",
    }
    assert (lead["stage"], lead["next_step"]) == ("recycled", None)
    assert bea.post(f"handoffs/{handoff.pk}/wake/")[0] == 403
    assert ana.post(f"handoffs/{handoff.pk}/wake/")[0] == 200
    lead = ana.get(path)[1]
    assert (lead["stage"], lead["parking"]) == ("captured", None)
    assert ana.post(f"handoffs/{handoff.pk}/wake/")[0] == 409


@pytest.mark.parametrize(("day", "stage"), [("2026-03-01", "recycled"), ("2026-03-03", "captured")])
def test_only_a_newer_action_wakes_a_recycled_lead(
    cast: Cast, moment: Moment, caller: Any, day: str, stage: str
) -> None:
    moment.set("2026-03-02 12:00")
    handoff, ana = factories.contacted(cast), caller(cast.ana)
    caller(cast.bea).post(f"handoffs/{handoff.pk}/recycle/", {"reason": "not_now"})
    moment.set("2026-03-03 12:00")
    path = f"leads/{handoff.lead_id}/"
    body = {"kind": "sent_form", "occurred_on": day}
    assert ana.post(f"{path}actions/", body)[0] == 201
    assert ana.get(path)[1]["stage"] == stage


def test_wrong_number_is_given_back(cast: Cast, moment: Moment, caller: Any) -> None:
    moment.set("2026-03-02 11:00")
    handoff, bea = factories.accepted(cast), caller(cast.bea)
    path = f"handoffs/{handoff.pk}/"
    status, problem = bea.post(f"{path}give-back/")
    assert (status, problem["code"]) == (422, "nothing_wrong")
    assert bea.post(f"{path}contact/", {"channel": "phone", "outcome": "wrong"})[0] == 200
    status, shown = bea.post(f"{path}give-back/")
    assert (status, shown["state"], shown["decision"]["kind"], shown["return"]["state"]) == (
        200,
        "rejected",
        "reject",
        "open",
    )


def test_lead_that_is_not_reached_is_recycled(cast: Cast, moment: Moment, caller: Any) -> None:
    moment.set("2026-03-02 11:00")
    handoff, bea = factories.accepted(cast), caller(cast.bea)
    path = f"handoffs/{handoff.pk}/"
    status, problem = bea.post(f"{path}not-reached/")
    assert (status, problem["code"]) == (409, "too_few_attempts")
    shown = bea.get(f"leads/{handoff.lead_id}/")[1]
    assert shown["next_step"]["kind"] == "first_contact"


# -- Filters of the list


def test_list_is_filtered_by_return_case_and_team(cast: Cast, moment: Moment, caller: Any) -> None:
    moment.set("2026-03-02 12:00")
    back, contested = factories.rejected(cast), factories.rejected(cast)
    factories.accepted(cast)
    ana, elsa = caller(cast.ana), caller(cast.elsa)
    assert ana.post(f"handoffs/{contested.pk}/dispute/", {"comment": "Sí cumple"})[0] == 200

    def listed(asks: Any, query: str) -> list[int]:
        return [row["id"] for row in asks.get(f"handoffs/?{query}")[1]["results"]]

    assert listed(ana, "return=open") == [back.pk]
    assert listed(ana, f"return=open&marketing_team={cast.marketing.pk}") == [back.pk]
    assert listed(elsa, f"return=open&marketing_team={cast.other_marketing.pk}") == []
    assert listed(ana, "return=disputed") == [contested.pk]
    assert (listed(ana, "case=open"), listed(ana, "case=mine")) == ([contested.pk], [])
    assert listed(elsa, "case=mine") == [contested.pk]
    for query in ("return=cancelled", "case=1", "marketing_team=x"):
        name = query.split("=")[0]
        status, problem = elsa.get(f"handoffs/?{query}")
        assert (status, list(problem["fields"])) == (400, [name])
