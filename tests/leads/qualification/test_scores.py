"""Fit and engagement: every point is a line of the log, and the lines are the score, whatever has
happened.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from leads.qualification import scores
from leads.qualification.rules import Assessment, Judgement, Rule
from leads.qualification.scores import DoneAction, Score, ScoreLine

TODAY = date(2026, 3, 31)
KINDS = ("fit", "fit", "means", "authority", "need", "timing", "disqualifier")


def rule(code: str, kind: str = "fit", weight: int = 1) -> Rule:
    return Rule(code, kind, {"en": code}, "f", "said", None, weight)


def judged(*each: tuple[str, str, int]) -> Assessment:
    """An assessment by (kind, verdict, weight)."""
    rows = (
        Judgement(rule(f"c{n}", kind, weight), verdict)
        for n, (kind, verdict, weight) in enumerate(each)
    )
    return Assessment(tuple(rows), 1)


def action(points: int, on: str | date, code: str = "demo") -> DoneAction:
    return DoneAction(
        code, {"en": code}, points, date.fromisoformat(on) if isinstance(on, str) else on
    )


def lines(score: Score) -> list[tuple[int, str, Any]]:
    return [
        (line.points, line.kind, line.days if line.kind == "decay" else line.code)
        for line in score.lines
    ]


# -- Fit


def test_fit_is_the_weight_of_what_is_met() -> None:
    found = scores.fit(
        judged(
            ("fit", "met", 3),
            ("fit", "not_met", 1),
            ("means", "met", 4),
            ("authority", "unknown", 2),
        )
    )
    assert lines(found) == [(30, "criterion", "c0"), (40, "criterion", "c2")]
    assert [(line.code, line.points) for line in found.open] == [("c1", 10), ("c3", 20)]


def test_fit_of_a_lead_that_meets_everything_is_100_however_the_weights_divide() -> None:
    found = scores.fit(judged(*[("fit", "met", 1)] * 3))
    assert ([line.points for line in found.lines], found.total) == ([33, 33, 34], 100)


def test_disqualifier_that_is_met_takes_everything() -> None:
    found = scores.fit(
        judged(("fit", "met", 1), ("disqualifier", "met", 1), ("disqualifier", "met", 1))
    )
    assert lines(found) == [(100, "criterion", "c0"), (-100, "criterion", "c1")]


def test_disqualifier_that_is_not_met_gives_nothing() -> None:
    assert scores.fit(judged(("fit", "unknown", 1), ("disqualifier", "not_met", 5))).total == 0


def test_persona_without_weight_scores_nothing() -> None:
    assert scores.fit(judged(("fit", "met", 0))).lines == ()


# -- Engagement


def test_action_loses_half_its_points_in_a_half_life() -> None:
    found = scores.engagement([action(20, "2026-03-01")], on=TODAY, half_life=30)
    assert lines(found) == [(20, "action", "demo"), (-10, "decay", 30)]


def test_action_of_today_has_lost_nothing() -> None:
    assert lines(scores.engagement([action(20, TODAY)], on=TODAY, half_life=30)) == [
        (20, "action", "demo")
    ]


def test_action_that_is_dated_tomorrow_has_lost_nothing() -> None:
    assert scores.engagement([action(20, "2026-04-01")], on=TODAY, half_life=30).total == 20


@pytest.mark.parametrize(
    ("points", "days", "half_life", "left"),
    [
        (20, 60, 30, 5),
        (20, 300, 30, 0),
        (1, 1, 30, 0),
        (40, 15, 30, 28),
        (100, 7, 7, 50),
        (0, 5, 30, 0),
    ],
)
def test_what_is_left_is_rounded_down(points: int, days: int, half_life: int, left: int) -> None:
    assert scores.points_left(points, days=days, half_life=half_life) == left


def test_what_lies_beyond_100_is_a_line_of_its_own() -> None:
    found = scores.engagement(
        [action(60, TODAY, "a"), action(45, TODAY, "b")], on=TODAY, half_life=30
    )
    assert lines(found) == [(60, "action", "a"), (45, "action", "b"), (-5, "cap", "")]


def test_log_is_in_the_order_of_the_days() -> None:
    found = scores.engagement(
        [action(5, "2026-03-30", "b"), action(5, "2026-03-29", "a")], on=TODAY, half_life=999
    )
    assert [line.code for line in found.lines if line.kind == "action"] == ["a", "b"]


def test_line_as_json_keeps_what_it_says() -> None:
    line = ScoreLine(-10, "decay", "demo", {"en": "Demo"}, days=30)
    assert line.plain == {
        "points": -10,
        "kind": "decay",
        "code": "demo",
        "text": {"en": "Demo"},
        "days": 30,
    }


@pytest.mark.parametrize(
    ("total", "band"),
    [(0, (0, 24)), (24, (0, 24)), (25, (25, 49)), (74, (50, 74)), (100, (75, 100))],
)
def test_band_of_a_score(total: int, band: tuple[int, int]) -> None:
    assert scores.band(total) == band


# -- Any history


def exactly_left(points: int, days: int, half_life: int) -> int:
    """The whole number v with v <= points * 2 ** (-days / half_life) < v + 1, by whole numbers
    alone.
    """
    limit = points**half_life
    return max(v for v in range(points + 1) if v**half_life * 2**days <= limit)


def history(draw: Random) -> tuple[Assessment, list[DoneAction], int]:
    criteria = [
        (
            draw.choice(KINDS),
            draw.choice(("met", "not_met", "unknown")),
            draw.choice((0, 1, 1, 2, 5, 30, 100)),
        )
        for _each in range(draw.randrange(9))
    ]
    done = [
        action(draw.randrange(101), TODAY - timedelta(days=draw.randrange(400)), draw.choice("abc"))
        for _each in range(draw.randrange(8))
    ]
    return judged(*criteria), done, draw.choice((1, 7, 14, 30, 90))


def check_history(assessment: Assessment, done: list[DoneAction], half_life: int) -> None:
    found = scores.scores_of(assessment, done, on=TODAY, half_life=half_life)
    for score in (found.fit, found.engagement):
        assert score.total == sum(line.points for line in score.lines)
        assert 0 <= score.total <= 100
        assert score.plain["total"] == sum(line["points"] for line in score.plain["log"])
    kept = sum(exactly_left(each.points, (TODAY - each.on).days, half_life) for each in done)
    assert found.engagement.total == min(kept, 100)
    asked = [j.rule for j in assessment.judgements if j.rule.kind != "disqualifier"]
    if all(j.holds for j in assessment.judgements) and any(rule.weight for rule in asked):
        assert found.fit.total == 100
    if any(j.rule.kind == "disqualifier" and j.verdict == "met" for j in assessment.judgements):
        assert found.fit.total == 0
    else:
        whole = found.fit.total + sum(line.points for line in found.fit.open)
        assert whole == (100 if any(rule.weight for rule in asked) else 0)
    later = scores.engagement(done, on=TODAY + timedelta(days=9), half_life=half_life)
    assert later.total <= found.engagement.total


def check_histories(count: int) -> None:
    draw = Random(20260331)
    for _each in range(count):
        check_history(*history(draw))


def test_score_is_the_sum_of_its_log_for_1000_histories() -> None:
    check_histories(1_000)


@pytest.mark.soak
def test_score_is_the_sum_of_its_log_for_10000_histories() -> None:
    check_histories(10_000)
