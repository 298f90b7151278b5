"""Judging a lead by criteria.

Pure: plain data in, plain data out; the same code for pages, imports and previews.

Rules of the domain: an MQL meets every fit criterion and no disqualifier, has at least one valuable
action that counts, and the agreement looks for its persona; the score does not matter. An SQL is an
MQL that also has the means, the authority and what else the persona asks for (need, timing), each
proven as far as the agreement says. A person may overrule a fact with a reason, but never a
disqualifier that a fact meets, and never the valuable action.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar

from crm.lib.text import fold

MET = "met"
NOT_MET = "not_met"
UNKNOWN = "unknown"
FIT = "fit"
DISQUALIFIER = "disqualifier"
MEANS = "means"
AUTHORITY = "authority"
NEED = "need"
TIMING = "timing"
SQL_KINDS = (MEANS, AUTHORITY, NEED, TIMING)
# How to settle a judgement: give the missing field, ask a person, or check whether the fact is
# right.
GIVE = "give"
ASK = "ask"
CORRECT = "correct"
SETTLED = ""
# 0 and False are facts and not missing.
MISSING: tuple[Any, ...] = (None, "", [], {})
Ordered = TypeVar("Ordered", Decimal, date)


@dataclass(frozen=True)
class Rule:
    """A criterion as plain data; ``text`` is bilingual, ``weight`` its part of the fit score."""

    code: str
    kind: str
    text: Mapping[str, str]
    field: str
    operator: str
    operand: Any
    weight: int = 1


@dataclass(frozen=True)
class Proof:
    """Evidence as plain data: a person's statement about one criterion.

    ``overrides``: it counts even if a fact says otherwise.
    """

    verdict: str
    value: str
    source: str
    by: str
    at: Any
    overrides: bool = False
    reason: str = ""


@dataclass(frozen=True)
class MqlTerms:
    """The terms of an agreement for an MQL.

    ``actions``: codes of the kinds of valuable actions that count, None for all. ``personas``: ids
    of those that are looked for, None for all. ``minimum_score``: the fit score that a lead should
    have at the hand-off. ``half_life``: the days in which engagement loses half its points.
    """

    actions: frozenset[str] | None = None
    personas: frozenset[int] | None = None
    minimum_score: int | None = None
    half_life: int = 30

    def counting(self, kinds: Iterable[str]) -> int:
        """Return how many of the actions, by the codes of their kinds, count for an MQL."""
        if self.actions is None:
            return len(list(kinds))
        return sum(kind in self.actions for kind in kinds)

    def looks_for(self, persona: int | None) -> bool:
        return self.personas is None or persona in self.personas


ANY_TERMS = MqlTerms()


@dataclass(frozen=True)
class Judgement:
    """The verdict on one rule.

    ``value``: the fact or the statement that decided it. ``proof``: the person's statement, if it
    decided. ``fact``: the fact that the person overruled.
    """

    rule: Rule
    verdict: str
    value: Any = None
    proof: Proof | None = None
    fact: Any = None

    @property
    def is_overridden(self) -> bool:
        """Whether a person's statement outweighs a fact that says otherwise."""
        return self.fact is not None

    @property
    def lacks_fact(self) -> bool:
        """Whether the rule asks for a fact that is not known."""
        if self.rule.operator == "said" or self.is_overridden:
            return False
        return self.value is None or self.proof is not None

    @property
    def is_disqualifier_met(self) -> bool:
        return self.rule.kind == DISQUALIFIER and self.verdict == MET

    @property
    def can_be_overridden(self) -> bool:
        """Whether a fact decided it; but a disqualifier that a fact meets stays."""
        is_by_fact = self.proof is None and self.value is not None
        return is_by_fact and not self.is_disqualifier_met

    @property
    def settles(self) -> str:
        """How to settle it for the lead: GIVE the field, ASK a person, CORRECT the fact.

        SETTLED if it holds.
        """
        if self.holds:
            return SETTLED
        if self.is_overridden:
            return CORRECT
        if self.rule.operator == "said" or self.proof is not None:
            return ASK
        if self.value is None:
            return GIVE
        return CORRECT

    @property
    def holds(self) -> bool:
        """Whether it speaks for the lead; a disqualifier does so by not being met."""
        if self.rule.kind == DISQUALIFIER:
            return self.verdict == NOT_MET
        return self.verdict == MET


@dataclass(frozen=True)
class Assessment:
    """The whole judgement of a lead by one persona.

    ``action_count``: the number of valuable actions that count. ``is_looked_for``: whether the
    agreement looks for the persona.
    """

    judgements: tuple[Judgement, ...]
    action_count: int
    is_looked_for: bool = True

    def of(self, *kinds: str) -> tuple[Judgement, ...]:
        return tuple(each for each in self.judgements if each.rule.kind in kinds)

    @property
    def disqualifiers_met(self) -> tuple[Judgement, ...]:
        return tuple(each for each in self.judgements if each.is_disqualifier_met)

    @property
    def overridden(self) -> tuple[Judgement, ...]:
        return tuple(each for each in self.judgements if each.is_overridden)

    @property
    def fits(self) -> bool:
        """Whether every fit criterion is met and no disqualifier is.

        An unknown disqualifier does not hold a lead back.
        """
        return not self.disqualifiers_met and all(each.holds for each in self.of(FIT))

    @property
    def is_mql(self) -> bool:
        return self.fits and self.is_looked_for and self.action_count > 0

    def proves(self, kind: str) -> bool:
        """Return whether every criterion of ``kind`` is met and there is at least one."""
        judged = self.of(kind)
        return bool(judged) and all(each.holds for each in judged)

    @property
    def open_points(self) -> tuple[Judgement, ...]:
        """The judgements that keep the lead from being an MQL, in order."""
        points = []
        for each in self.of(FIT, DISQUALIFIER):
            # Unlike an unknown fit criterion, an unknown disqualifier holds no lead back.
            is_open = not each.holds
            if each.rule.kind == DISQUALIFIER:
                is_open = each.verdict == MET
            if is_open:
                points.append(each)
        return tuple(points)


def assess(
    rules: Iterable[Rule],
    facts: Mapping[str, Any],
    proofs: Mapping[str, Proof],
    *,
    action_count: int,
    is_looked_for: bool = True,
) -> Assessment:
    """Judge every rule by ``facts`` ("company.employees": 120) and by ``proofs``.

    ``proofs``: the newest evidence by the code of its criterion.
    """
    judgements = tuple(judge(rule, facts, proofs.get(rule.code)) for rule in rules)
    return Assessment(judgements, action_count, is_looked_for)


def judge(rule: Rule, facts: Mapping[str, Any], proof: Proof | None) -> Judgement:
    """Judge one rule: a fact decides, unless a person overrules it.

    Where the fact is missing, or the rule asks for a person's statement, the newest evidence
    decides.
    """
    value = facts.get(rule.field)
    if rule.operator != "said" and value not in MISSING:
        return _judge_by_fact(rule, value, proof)
    if proof is not None:
        return Judgement(rule, proof.verdict, proof.value, proof)
    # Here the missing fact is the answer.
    if rule.operator == "is_set":
        return Judgement(rule, NOT_MET)
    return Judgement(rule, UNKNOWN)


def _judge_by_fact(rule: Rule, value: Any, proof: Proof | None) -> Judgement:
    """Judge by the fact, or by the statement that says otherwise and may overrule the fact."""
    holds = OPERATORS[rule.operator](value, rule.operand)
    judgement = Judgement(rule, MET if holds else NOT_MET, value)
    if proof is None or not proof.overrides or not judgement.can_be_overridden:
        return judgement
    # A statement that agrees with the fact overrules nothing and is not counted.
    if proof.verdict == judgement.verdict:
        return judgement
    return Judgement(rule, proof.verdict, proof.value, proof, fact=value)


# -- Operators: each compares a fact with the operand of a rule


def _is(value: Any, operand: Any) -> bool:
    if isinstance(value, str) and isinstance(operand, str):
        # People type with and without accents and capitals.
        return fold(value) == fold(operand)
    return value == operand


def _in(value: Any, operand: Any) -> bool:
    return any(_is(value, one) for one in operand or [])


def _not_in(value: Any, operand: Any) -> bool:
    return not _in(value, operand)


def _at_least(value: Any, operand: Any) -> bool:
    return _compare(_number(value), _number(operand), lambda number, limit: number >= limit)


def _at_most(value: Any, operand: Any) -> bool:
    return _compare(_number(value), _number(operand), lambda number, limit: number <= limit)


def _before(value: Any, operand: Any) -> bool:
    return _compare(_day(value), _day(operand), lambda day, limit: day < limit)


def _after(value: Any, operand: Any) -> bool:
    return _compare(_day(value), _day(operand), lambda day, limit: day > limit)


def _compare(
    value: Ordered | None, limit: Ordered | None, holds: Callable[[Ordered, Ordered], bool]
) -> bool:
    """Return whether ``holds`` is true of both; False if one of them is not readable."""
    if value is None or limit is None:
        return False
    return holds(value, limit)


def _number(value: Any) -> Decimal | None:
    try:
        # As text: Decimal(0.1) would have the error of the binary number.
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    # "NaN" is a number for Decimal, but comparing it raises InvalidOperation.
    if not number.is_finite():
        return None
    return number


def _day(value: Any) -> date | None:
    try:
        # A moment counts by its date.
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _contains_any(value: Any, operand: Any) -> bool:
    """Return whether the text contains one of the phrases, as whole words."""
    # With spaces around both, "cto" is not found in "director".
    text = f" {fold(str(value))} "
    phrases = (_folded(str(phrase)) for phrase in operand or [])
    return any(phrase and f" {phrase} " in text for phrase in phrases)


@lru_cache(maxsize=1000)
def _folded(phrase: str) -> str:
    # The same phrases for every lead of a list.
    return fold(phrase)


def _is_set(value: Any, operand: Any) -> bool:
    return True


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "is": _is,
    "in": _in,
    "not_in": _not_in,
    "at_least": _at_least,
    "at_most": _at_most,
    "before": _before,
    "after": _after,
    "contains_any": _contains_any,
    "is_set": _is_set,
}
