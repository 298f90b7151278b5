"""Judging a lead by criteria. Pure: plain data in, plain data out; the same code for pages, import and previews.

Domain rules: MQL = every fit criterion met, no disqualifier met, at least one valuable action.
SQL = an MQL that also has the means and the authority, each proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from crm.lib.text import fold

MET, NOT_MET, UNKNOWN = "met", "not_met", "unknown"
FIT, DISQUALIFIER, MEANS, AUTHORITY = "fit", "disqualifier", "means", "authority"
MISSING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Rule:
    """A criterion as plain data; ``text`` is bilingual."""

    code: str
    kind: str
    text: Mapping[str, str]
    field: str
    operator: str
    operand: Any


@dataclass(frozen=True)
class Proof:
    """Evidence as plain data: what a person said about one criterion."""

    verdict: str
    value: str
    source: str
    by: str
    at: Any


@dataclass(frozen=True)
class Judgement:
    """One rule's verdict. ``value``: the fact that decided it; ``proof``: the person's word, if that decided it."""

    rule: Rule
    verdict: str
    value: Any = None
    proof: Proof | None = None

    @property
    def holds(self) -> bool:
        """Whether this judgement speaks for the lead (a disqualifier speaks for it by not being met)."""
        return self.verdict == (NOT_MET if self.rule.kind == DISQUALIFIER else MET)


@dataclass(frozen=True)
class Assessment:
    """The whole judgement of a lead by one persona."""

    judgements: tuple[Judgement, ...]
    action_count: int

    def of(self, *kinds: str) -> tuple[Judgement, ...]:
        return tuple(j for j in self.judgements if j.rule.kind in kinds)

    @property
    def fits(self) -> bool:
        """Every fit criterion is met and no disqualifier is; an unknown disqualifier does not hold a lead back."""
        disqualified = any(j.verdict == MET for j in self.of(DISQUALIFIER))
        return not disqualified and all(j.holds for j in self.of(FIT))

    @property
    def is_mql(self) -> bool:
        return self.fits and self.action_count > 0

    def proves(self, kind: str) -> bool:
        """Whether every criterion of ``kind`` is met and there is at least one."""
        judged = self.of(kind)
        return bool(judged) and all(j.holds for j in judged)

    @property
    def open_points(self) -> tuple[Judgement, ...]:
        """What keeps the lead from being an MQL, in order."""
        return tuple(
            j
            for j in self.of(FIT, DISQUALIFIER)
            if not j.holds and not (j.rule.kind == DISQUALIFIER and j.verdict == UNKNOWN)
        )


def assess(
    rules: Iterable[Rule], facts: Mapping[str, Any], proofs: Mapping[str, Proof], *, action_count: int
) -> Assessment:
    """Judge every rule by ``facts`` ({"company.employees": 120, …}) and by ``proofs`` ({criterion code: newest})."""
    return Assessment(tuple(judge(rule, facts, proofs.get(rule.code)) for rule in rules), action_count)


def judge(rule: Rule, facts: Mapping[str, Any], proof: Proof | None) -> Judgement:
    """A fact decides; where it is missing, or the rule asks for a person's word, the newest evidence does."""
    value = facts.get(rule.field)
    if rule.operator != "said" and value not in MISSING:
        return Judgement(rule, MET if _holds(rule, value) else NOT_MET, value)
    if proof is not None:
        return Judgement(rule, proof.verdict, proof.value, proof)
    if rule.operator == "is_set":
        return Judgement(rule, NOT_MET)
    return Judgement(rule, UNKNOWN)


def _holds(rule: Rule, value: Any) -> bool:
    return OPERATORS[rule.operator](value, rule.operand)


def _same(value: Any, operand: Any) -> bool:
    if isinstance(value, str) and isinstance(operand, str):
        return fold(value) == fold(operand)
    return value == operand


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _at_least(value: Any, operand: Any) -> bool:
    number, limit = _number(value), _number(operand)
    return number is not None and limit is not None and number >= limit


def _at_most(value: Any, operand: Any) -> bool:
    number, limit = _number(value), _number(operand)
    return number is not None and limit is not None and number <= limit


def _contains_any(value: Any, operand: Any) -> bool:
    words = f" {fold(str(value))} "
    return any(f" {fold(str(word))} " in words for word in operand or [] if fold(str(word)))


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "is": _same,
    "in": lambda value, operand: any(_same(value, one) for one in operand or []),
    "not_in": lambda value, operand: not any(_same(value, one) for one in operand or []),
    "at_least": _at_least,
    "at_most": _at_most,
    "contains_any": _contains_any,
    "is_set": lambda value, operand: True,
}
