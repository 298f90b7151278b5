"""Judging a lead by criteria: met, not met, unknown; who decides; when it is an MQL and when it
proves an SQL.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from leads.qualification.rules import Assessment, Judgement, MqlTerms, Proof, Rule, assess, judge
from tests.factories import when


def rule(
    operator: str, operand: Any = None, *, kind: str = "fit", code: str = "c", field: str = "f"
) -> Rule:
    return Rule(code, kind, {"en": code}, field, operator, operand)


def proof(verdict: str) -> Proof:
    return Proof(verdict, "as she said", "Call", "Bea", when("2026-03-02 11:00"))


def better(verdict: str) -> Proof:
    """The same, knowing better than the fact."""
    return replace(proof(verdict), overrides=True, reason="They hire")


def verdict(operator: str, operand: Any, value: Any) -> str:
    return judge(rule(operator, operand), {"f": value}, None).verdict


# -- Operators


@pytest.mark.parametrize(
    ("operator", "operand", "value", "expected"),
    [
        ("is", "México", "mexico", "met"),
        ("is", "México", "Chile", "not_met"),
        ("is", True, True, "met"),
        ("is", True, False, "not_met"),
        ("in", ["MX", "CO"], "mx", "met"),
        ("in", ["MX", "CO"], "CL", "not_met"),
        ("not_in", ["student"], "Student", "not_met"),
        ("not_in", ["student"], "owner", "met"),
        ("at_least", 20, 20, "met"),
        ("at_least", 20, 19, "not_met"),
        ("at_least", "19.99", "20", "met"),
        ("at_least", 20, 0, "not_met"),
        ("at_least", 20, "many", "not_met"),
        ("at_least", 20, "NaN", "not_met"),
        ("at_most", 50, 50, "met"),
        ("at_most", 50, 51, "not_met"),
        ("contains_any", ["directora", "ceo"], "Directora de Ventas", "met"),
        ("contains_any", ["gerencia de ventas"], "Gerencia de Ventas Norte", "met"),
        ("contains_any", ["director"], "Subdirectora", "not_met"),
        ("contains_any", [""], "CEO", "not_met"),
        ("is_set", None, "x", "met"),
        ("is_set", None, 0, "met"),
        ("is_set", None, False, "met"),
        ("before", "2026-07-01", "2026-06-30", "met"),
        ("before", "2026-07-01", "2026-07-01", "not_met"),
        ("before", "2026-07-01", "soon", "not_met"),
        ("after", "2026-07-01", "2026-07-02T08:00:00", "met"),
        ("after", "2026-07-01", "2026-07-01", "not_met"),
    ],
)
def test_operator_judges_a_fact(operator: str, operand: Any, value: Any, expected: str) -> None:
    assert verdict(operator, operand, value) == expected


# -- Unknown is not "not met"

OPERATORS = [
    ("is", "x"),
    ("in", ["x"]),
    ("not_in", ["x"]),
    ("at_least", 1),
    ("at_most", 1),
    ("contains_any", ["x"]),
]


@pytest.mark.parametrize(("operator", "operand"), OPERATORS)
@pytest.mark.parametrize("missing", [None, "", [], {}])
def test_missing_fact_is_unknown(operator: str, operand: Any, missing: Any) -> None:
    assert verdict(operator, operand, missing) == "unknown"


def test_fact_that_nobody_asked_for_is_unknown() -> None:
    assert judge(rule("at_least", 20), {}, None).verdict == "unknown"


def test_missing_fact_that_had_to_be_given_is_not_met() -> None:
    assert verdict("is_set", None, "") == "not_met"


def test_rule_for_a_persons_word_is_unknown_until_somebody_says_it() -> None:
    assert judge(rule("said"), {"f": "a fact does not speak"}, None).verdict == "unknown"


# -- Evidence


@pytest.mark.parametrize("said", ["met", "not_met", "unknown"])
def test_persons_word_decides_where_the_fact_is_missing(said: str) -> None:
    assert judge(rule("at_least", 20), {}, proof(said)).verdict == said


@pytest.mark.parametrize("said", ["met", "not_met"])
def test_persons_word_decides_a_rule_that_asks_for_it(said: str) -> None:
    assert judge(rule("said"), {}, proof(said)).verdict == said


def test_known_fact_decides_before_a_persons_word() -> None:
    found = judge(rule("at_least", 20), {"f": 19}, proof("met"))
    assert (found.verdict, found.value, found.proof) == ("not_met", 19, None)


def test_judgement_by_word_carries_its_evidence() -> None:
    found = judge(rule("said"), {}, proof("met"))
    assert (found.value, found.proof) == ("as she said", proof("met"))


def test_word_that_overrides_decides_against_a_fact_and_keeps_it() -> None:
    found = judge(rule("at_least", 20), {"f": 19}, better("met"))
    assert (found.verdict, found.is_overridden, found.fact, found.proof) == (
        "met",
        True,
        19,
        better("met"),
    )


def test_word_that_says_what_the_fact_says_overrides_nothing() -> None:
    found = judge(rule("at_least", 20), {"f": 25}, better("met"))
    assert (found.verdict, found.is_overridden, found.proof) == ("met", False, None)


def test_override_where_the_fact_is_missing_is_plain_evidence() -> None:
    found = judge(rule("at_least", 20), {}, better("met"))
    assert (found.verdict, found.is_overridden) == ("met", False)


def test_disqualifier_that_a_fact_meets_is_never_overridden() -> None:
    found = judge(rule("is", True, kind="disqualifier"), {"f": True}, better("not_met"))
    assert (found.verdict, found.is_overridden, found.can_be_overridden) == ("met", False, False)


def test_disqualifier_that_a_fact_denies_may_be_said_to_apply() -> None:
    found = judge(rule("is", True, kind="disqualifier"), {"f": False}, better("met"))
    assert (found.verdict, found.is_overridden, found.holds) == ("met", True, False)


@pytest.mark.parametrize(
    ("asked", "facts", "said", "settles"),
    [
        (rule("at_least", 20), {"f": 25}, None, ""),
        (rule("at_least", 20), {"f": 19}, None, "correct"),
        (rule("at_least", 20), {}, None, "give"),
        (rule("at_least", 20), {}, proof("not_met"), "ask"),
        (rule("is_set"), {}, None, "give"),
        (rule("said"), {}, None, "ask"),
        (rule("said"), {}, proof("not_met"), "ask"),
        (rule("said"), {}, proof("met"), ""),
        (rule("at_least", 20), {"f": 25}, better("not_met"), "correct"),
        (rule("is", True, kind="disqualifier"), {"f": True}, None, "correct"),
        (rule("is", True, kind="disqualifier"), {"f": False}, None, ""),
    ],
)
def test_judgement_says_what_would_settle_it(
    asked: Rule, facts: Any, said: Proof | None, settles: str
) -> None:
    assert judge(asked, facts, said).settles == settles


# -- What the agreement counts


@pytest.mark.parametrize(
    ("actions", "count"),
    [(None, 3), (frozenset({"demo"}), 2), (frozenset({"demo", "form"}), 3), (frozenset({"x"}), 0)],
)
def test_terms_count_the_actions_that_the_agreement_names(
    actions: frozenset[str] | None, count: int
) -> None:
    assert MqlTerms(actions=actions).counting(["demo", "form", "demo"]) == count


@pytest.mark.parametrize(
    ("personas", "wanted"), [(None, True), (frozenset({7}), True), (frozenset({8}), False)]
)
def test_terms_look_for_the_personas_that_the_agreement_names(
    personas: frozenset[int] | None, wanted: bool
) -> None:
    assert MqlTerms(personas=personas).looks_for(7) is wanted


def test_persona_that_is_not_looked_for_makes_no_mql() -> None:
    found = assess([rule("said")], {}, {"c": proof("met")}, action_count=1, is_looked_for=False)
    assert (found.fits, found.is_mql) == (True, False)


# -- MQL


def assessment(*verdicts: tuple[str, str], actions: int = 1) -> Assessment:
    """An assessment by (kind, verdict) pairs."""
    judged = tuple(
        Judgement(rule("said", kind=kind, code=f"c{n}"), v) for n, (kind, v) in enumerate(verdicts)
    )
    return Assessment(judged, actions)


@pytest.mark.parametrize(
    ("verdicts", "fits"),
    [
        ([("fit", "met"), ("fit", "met")], True),
        ([("fit", "met"), ("fit", "not_met")], False),
        ([("fit", "met"), ("fit", "unknown")], False),
        ([("fit", "met"), ("disqualifier", "met")], False),
        ([("fit", "met"), ("disqualifier", "not_met")], True),
        ([("fit", "met"), ("disqualifier", "unknown")], True),
        ([("fit", "met"), ("means", "not_met"), ("authority", "unknown")], True),
    ],
)
def test_fit_needs_every_fit_criterion_and_no_disqualifier(
    verdicts: list[tuple[str, str]], fits: bool
) -> None:
    assert assessment(*verdicts).fits is fits


def test_without_valuable_action_a_lead_that_fits_is_no_mql() -> None:
    found = assessment(("fit", "met"), actions=0)
    assert (found.fits, found.is_mql) == (True, False)


def test_with_one_valuable_action_a_lead_that_fits_is_an_mql() -> None:
    assert assessment(("fit", "met"), actions=1).is_mql is True


def test_with_many_actions_a_lead_that_does_not_fit_is_no_mql() -> None:
    assert assessment(("fit", "not_met"), actions=9).is_mql is False


def test_open_points_are_what_keeps_it_from_being_an_mql() -> None:
    found = assessment(
        ("fit", "met"),
        ("fit", "unknown"),
        ("fit", "not_met"),
        ("disqualifier", "met"),
        ("disqualifier", "unknown"),
        ("means", "unknown"),
    )
    assert [(j.rule.code, j.verdict) for j in found.open_points] == [
        ("c1", "unknown"),
        ("c2", "not_met"),
        ("c3", "met"),
    ]


# -- SQL


@pytest.mark.parametrize(
    ("verdicts", "proven"),
    [
        ([("means", "met")], True),
        ([("means", "met"), ("means", "unknown")], False),
        ([("means", "not_met")], False),
        ([("authority", "met")], False),
        ([], False),
        ([("means", "met"), ("need", "unknown"), ("timing", "not_met")], True),
    ],
)
def test_means_are_proven_by_every_criterion_and_at_least_one(
    verdicts: list[tuple[str, str]], proven: bool
) -> None:
    assert assessment(*verdicts).proves("means") is proven


def test_assess_gives_each_rule_its_own_evidence() -> None:
    rules = [
        rule("at_least", 20, code="size", field="company.employees"),
        rule("said", kind="means", code="budget"),
    ]
    found = assess(
        rules,
        {"company.employees": 25},
        {"budget": proof("met"), "other": proof("met")},
        action_count=2,
    )
    assert [(j.rule.code, j.verdict, j.proof is None) for j in found.judgements] == [
        ("size", "met", True),
        ("budget", "met", False),
    ]
