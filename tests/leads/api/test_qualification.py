"""How a lead is judged over the API, overriding a fact, and the minimum score: the same as on the
pages.
"""

from __future__ import annotations

from typing import Any

from leads.models import Evidence, Handoff
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast


def judged(asks: Any, lead: Any) -> dict[str, Any]:
    status, body = asks.get(f"leads/{lead.pk}/qualification/")
    assert status == 200
    return dict(body)


def test_qualification_says_how_and_what_would_settle_it(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    found = judged(caller(cast.ana), factories.lead(cast, company={"employees": 9}))
    verdicts = {
        j["criterion"]: (j["kind"], j["verdict"], j["settles"]) for j in found["judgements"]
    }
    assert verdicts == {
        "size": ("fit", "not_met", "correct"),
        "role": ("fit", "met", None),
        "budget": ("means", "unknown", "give"),
        "decides": ("authority", "unknown", "give"),
    }
    assert (found["fits"], found["actions_that_count"], found["is_mql"]) == (False, 1, False)
    assert found["suggestions"][0]["persona"]["slug"] == "commercial-leader"


def test_scores_are_the_sums_of_their_logs(cast: Cast, moment: Moment, caller: Any) -> None:
    lead = factories.lead(cast)
    moment.advance(days=30)
    scores = judged(caller(cast.ana), lead)["scores"]
    assert {name: score["total"] for name, score in scores.items()} == {"fit": 50, "engagement": 10}
    assert [sum(line["points"] for line in score["log"]) for score in scores.values()] == [50, 10]
    log = [
        (line["points"], line["kind"], line["on"], line["days"])
        for line in scores["engagement"]["log"]
    ]
    assert log == [(20, "action", "2026-03-02", None), (-10, "decay", None, 30)]
    assert [line["code"] for line in scores["fit"]["open"]] == ["budget", "decides"]


def test_qualification_is_in_sight_only(cast: Cast, moment: Moment, caller: Any) -> None:
    lead = factories.lead(cast)
    people = (cast.ana, cast.luis, cast.elsa, cast.bea, cast.root)
    statuses = [caller(person).get(f"leads/{lead.pk}/qualification/")[0] for person in people]
    assert statuses == [200, 200, 200, 404, 404]


def test_reason_alone_overrides_the_fact(cast: Cast, moment: Moment, caller: Any) -> None:
    asks, lead = caller(cast.ana), factories.lead(cast, company={"employees": 9})
    status, shown = asks.post(
        f"leads/{lead.pk}/evidence/", {"criterion": "size", "reason": "They hire"}
    )[:2]
    assert (status, shown["overrides"], shown["verdict"], shown["reason"]) == (
        201,
        True,
        "met",
        "They hire",
    )
    assert judged(asks, lead)["is_mql"] is True


def test_reason_and_verdict_together_are_refused_by_name(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    asks, lead = caller(cast.ana), factories.lead(cast, company={"employees": 9})
    wrong = [
        ({"reason": "x", "verdict": "met", "value": "y"}, ["verdict", "value"]),
        ({"verdict": "met"}, ["value"]),
        ({}, ["verdict", "value"]),
        ({"reason": " "}, ["reason"]),
    ]
    for body, names in wrong:
        status, problem = asks.post(f"leads/{lead.pk}/evidence/", {"criterion": "size", **body})[:2]
        assert (status, sorted(problem["fields"])) == (422, sorted(names)), body
    assert not Evidence.objects.exists()


def test_what_no_fact_decided_is_a_conflict(cast: Cast, moment: Moment, caller: Any) -> None:
    lead = factories.lead(cast)
    body = {"criterion": "budget", "reason": "I know"}
    status, problem = caller(cast.ana).post(f"leads/{lead.pk}/evidence/", body)[:2]
    assert (status, problem["code"]) == (409, "cannot_override")


def test_low_score_needs_a_reason_and_the_handoff_tells_both(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    terms: dict[str, Any] = {"of": cast.agreement.agreement, "minimum_score": 60}
    factories.agreement(cast.calendar, marketing=cast.luis, sales=cast.dora, **terms)
    asks, lead = caller(cast.ana), factories.lead(cast)
    status, problem = asks.post(f"leads/{lead.pk}/handoffs/", {"team": cast.sales.pk})[:2]
    assert (status, problem["code"], list(problem["fields"])) == (
        422,
        "score_too_low",
        ["score_reason"],
    )
    body = {"team": cast.sales.pk, "score_reason": "A key account"}
    status, shown = asks.post(f"leads/{lead.pk}/handoffs/", body)[:2]
    assert (status, shown["fit_score"], shown["engagement_score"], shown["overrides"]) == (
        201,
        50,
        20,
        1,
    )
    assert Handoff.objects.get().package.payload["overrides"][0]["reason"] == "A key account"


def test_kinds_of_actions_say_their_points(cast: Cast, moment: Moment, caller: Any) -> None:
    kinds = caller(cast.ana).get("action-kinds/")[1]["results"]
    assert [(kind["code"], kind["points"]) for kind in kinds] == [
        ("asked_for_demo", 20),
        ("sent_form", 20),
    ]
