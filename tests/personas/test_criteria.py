"""Criteria: operands read from what people type, and each rule said in one sentence."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from personas import criteria
from personas.fields import Field, operators
from personas.states import OPERATORS, FieldType, Operator

SIZES = (("s", "Small"), ("l", "Large"))
FIELDS = {
    "company.employees": Field("company.employees", "Employees", FieldType.NUMBER),
    "person.job_title": Field("person.job_title", "Job title", FieldType.TEXT),
    "attributes.decides": Field("attributes.decides", "Decides?", FieldType.YES_NO),
    "attributes.renewal": Field("attributes.renewal", "Renewal", FieldType.DATE),
    "attributes.size": Field("attributes.size", "Size", FieldType.CHOICE, SIZES),
}


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("code", "operator", "typed", "operand"),
    [
        ("company.employees", "at_least", ["20"], 20),
        ("company.employees", "at_most", ["1 500.50"], 1500.5),
        (
            "person.job_title",
            "contains_any",
            ["Head of", " head  of", "", "CEO"],
            ["Head of", "head of", "CEO"],
        ),
        ("attributes.decides", "is", ["false"], False),
        ("attributes.renewal", "before", ["2026-03-31"], "2026-03-31"),
        ("attributes.size", "in", ["l", "s", "l"], ["l", "s"]),
        ("person.job_title", "is_set", ["anything"], None),
        ("person.job_title", "said", [], None),
    ],
)
def test_operand_is_read_by_the_type_of_its_field(
    code: str, operator: str, typed: list[str], operand: Any
) -> None:
    found = criteria.operand_of(FIELDS[code], operator, typed)
    assert (found, type(found)) == (operand, type(operand))


@pytest.mark.parametrize(
    ("code", "operator", "typed", "words"),
    [
        ("company.employees", "at_least", ["NaN"], "“NaN” is not a number"),
        ("company.employees", "at_least", ["1e400"], "“1e400” is not a number"),
        ("company.employees", "at_least", [" "], "Say what it is compared with."),
        ("attributes.decides", "is", ["maybe"], "Choose yes or no."),
        ("attributes.renewal", "after", ["31/03/2026"], "“31/03/2026” is not a date"),
        ("attributes.size", "in", ["xl"], "“xl” is not in the list of “Size”."),
        ("person.job_title", "contains_any", ["CEO", "…"], "“…” has no letter and no digit."),
        ("person.job_title", "in", ["a" * 81], "at most 80 characters"),
        ("person.job_title", "in", [str(n) for n in range(61)], "at most 60 entries"),
    ],
)
def test_operand_that_does_not_fit_is_refused_in_words(
    code: str, operator: str, typed: list[str], words: str
) -> None:
    with pytest.raises(criteria.Unfit) as refused:
        criteria.operand_of(FIELDS[code], operator, typed)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "code", "operator", "operand", "sentence"),
    [
        ("fit", "company.employees", "at_least", 1500, "Fits when “Employees” is 1,500 or more."),
        ("fit", "company.employees", "at_most", 9, "Fits when “Employees” is 9 or less."),
        ("disqualifier", "attributes.decides", "is", False, "Ruled out when “Decides?” is no."),
        (
            "means",
            "person.job_title",
            "is_set",
            None,
            "Proven when “Job title” is given, whatever it says.",
        ),
        ("fit", "attributes.size", "in", ["s", "l"], "Fits when “Size” is Small or Large."),
        (
            "fit",
            "attributes.size",
            "not_in",
            ["s", "l"],
            "Fits when “Size” is neither Small nor Large.",
        ),
        (
            "timing",
            "attributes.renewal",
            "before",
            "2026-03-31",
            "Proven when “Renewal” is before 31 Mar 2026.",
        ),
        ("need", "", "said", None, "Proven when a person confirms it and notes who said so."),
        (
            "fit",
            "person.job_title",
            "contains_any",
            ["ceo", "head"],
            "Fits when “Job title” has any of these words: ceo, head.",
        ),
        ("fit", "company.mood", "is", "good", "Fits when “company.mood” is good."),
    ],
)
def test_rule_is_said_in_one_sentence(
    kind: str, code: str, operator: str, operand: Any, sentence: str
) -> None:
    assert criteria.reads(kind, code, operator, operand, FIELDS) == sentence


def test_every_type_has_operators_and_a_person_may_confirm_all() -> None:
    assert set(OPERATORS) == set(FieldType)
    assert all(Operator.SAID in fitting for fitting in OPERATORS.values())


def test_without_a_field_only_a_person_can_say_so() -> None:
    assert operators(Field("", "", FieldType.TEXT)) == (Operator.SAID,)


@pytest.mark.parametrize("operand", [None, True, 20, 0.5, "x", ["a", "b"]])
def test_operand_comes_back_as_it_was_shown(operand: Any) -> None:
    types = {bool: FieldType.YES_NO, int: FieldType.NUMBER, float: FieldType.NUMBER}
    field = Field("x", "X", types.get(type(operand), FieldType.TEXT))
    operator = (
        Operator.IS_SET
        if operand is None
        else Operator.IN
        if isinstance(operand, list)
        else Operator.IS
    )
    assert criteria.operand_of(field, operator, criteria.typed_of(operand)) == operand
