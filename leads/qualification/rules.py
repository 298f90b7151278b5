"""Judging a lead by criteria.

Pure: plain data in, plain data out; the same code for pages, import and previews.

Domain rules: MQL = every fit criterion met, no disqualifier met, at least one valuable action that
counts, by a persona that the agreement looks for; whatever the score. SQL = an MQL that also has
the means, the authority and what else the persona asks for (need, timing), each proven as far as
the agreement says. A person may overrule a fact with a reason; never a disqualifier that a fact
meets, and never the valuable action.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from crm.lib.text import fold

MET, NOT_MET, UNKNOWN = "met", "not_met", "unknown"
FIT, DISQUALIFIER, MEANS, AUTHORITY = "fit", "disqualifier", "means", "authority"
NEED, TIMING = "need", "timing"
SQL_KINDS = (MEANS, AUTHORITY, NEED, TIMING)
# What would settle a judgement: give the missing field, ask and note who said so, or look whether
# the fact is right.
GIVE, ASK, CORRECT, SETTLED = "give", "ask", "correct", ""
MISSING: tuple[Any, ...] = (None, "", [], {})


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
    """Evidence as plain data: what a person said about one criterion.

    ``overrides``: even if a fact says otherwise.
    """

    verdict: str
    value: str
    source: str
    by: str
    at: Any
    overrides: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Terms:
    """What an agreement says about the MQL.

    None: every kind of valuable action counts, every persona is looked for.

    ``actions``: codes of kinds; ``personas``: ids; ``minimum_score``: of fit, that a lead should
    have to be handed off; ``half_life``: the days in which engagement loses half its points.
    """

    actions: frozenset[str] | None = None
    personas: frozenset[int] | None = None
    minimum_score: int | None = None
    half_life: int = 30

    def counting(self, kinds: Iterable[str]) -> int:
        """How many of the actions, given by their kinds' codes, count for an MQL."""
        return sum(1 for kind in kinds if self.actions is None or kind in self.actions)

    def looks_for(self, persona: int | None) -> bool:
        return self.personas is None or persona in self.personas


ANY = Terms()


@dataclass(frozen=True)
class Judgement:
    """One rule's verdict. ``value``: the fact that decided it; ``proof``: the person's word, if
    that decided it.

    ``fact``: the fact that the person overruled.
    """

    rule: Rule
    verdict: str
    value: Any = None
    proof: Proof | None = None
    fact: Any = None

    @property
    def is_overridden(self) -> bool:
        """Whether a person's word outweighs a fact that says otherwise."""
        return self.fact is not None

    @property
    def can_be_overridden(self) -> bool:
        """A fact decided it, and a person may know better; a disqualifier that a fact
        meets stays.
        """
        by_fact = self.proof is None and self.value is not None
        return by_fact and not (self.rule.kind == DISQUALIFIER and self.verdict == MET)

    @property
    def settles(self) -> str:
        """What would settle it for the lead: GIVE the field, ASK somebody, CORRECT the fact;
        SETTLED if it holds.
        """
        if self.holds:
            return SETTLED
        if self.rule.operator == "said":
            return ASK
        if self.proof is not None:
            return CORRECT if self.is_overridden else ASK
        return GIVE if self.value is None else CORRECT

    @property
    def holds(self) -> bool:
        """Whether this judgement speaks for the lead (a disqualifier speaks for it by not being
        met).
        """
        return self.verdict == (NOT_MET if self.rule.kind == DISQUALIFIER else MET)


@dataclass(frozen=True)
class Assessment:
    """The whole judgement of a lead by one persona.

    ``action_count``: the valuable actions that count.
    """

    judgements: tuple[Judgement, ...]
    action_count: int
    is_looked_for: bool = True

    def of(self, *kinds: str) -> tuple[Judgement, ...]:
        return tuple(j for j in self.judgements if j.rule.kind in kinds)

    @property
    def overridden(self) -> tuple[Judgement, ...]:
        return tuple(j for j in self.judgements if j.is_overridden)

    @property
    def fits(self) -> bool:
        """Every fit criterion is met and no disqualifier is; an unknown disqualifier does not hold
        a lead back.
        """
        disqualified = any(j.verdict == MET for j in self.of(DISQUALIFIER))
        return not disqualified and all(j.holds for j in self.of(FIT))

    @property
    def is_mql(self) -> bool:
        return self.fits and self.is_looked_for and self.action_count > 0

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
    rules: Iterable[Rule],
    facts: Mapping[str, Any],
    proofs: Mapping[str, Proof],
    *,
    action_count: int,
    is_looked_for: bool = True,
) -> Assessment:
    """Judge every rule by ``facts`` ({"company.employees": 120, …}) and by ``proofs`` ({criterion
    code: newest}).
    """
    judged = tuple(judge(rule, facts, proofs.get(rule.code)) for rule in rules)
    return Assessment(judged, action_count, is_looked_for)


def judge(rule: Rule, facts: Mapping[str, Any], proof: Proof | None) -> Judgement:
    """A fact decides, unless a person overrides it; where it is missing, or the rule asks for a
    person's word, the newest evidence does.
    """
    value = facts.get(rule.field)
    if rule.operator != "said" and value not in MISSING:
        return _overruled(Judgement(rule, MET if _holds(rule, value) else NOT_MET, value), proof)
    if proof is not None:
        return Judgement(rule, proof.verdict, proof.value, proof)
    if rule.operator == "is_set":
        return Judgement(rule, NOT_MET)
    return Judgement(rule, UNKNOWN)


def _overruled(by_fact: Judgement, proof: Proof | None) -> Judgement:
    """``by_fact``, or the person's word where it says otherwise, overrides and may."""
    if (
        proof is None
        or not proof.overrides
        or proof.verdict == by_fact.verdict
        or not by_fact.can_be_overridden
    ):
        return by_fact
    return Judgement(by_fact.rule, proof.verdict, proof.value, proof, fact=by_fact.value)


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


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _before(value: Any, operand: Any) -> bool:
    day, limit = _day(value), _day(operand)
    return day is not None and limit is not None and day < limit


def _after(value: Any, operand: Any) -> bool:
    day, limit = _day(value), _day(operand)
    return day is not None and limit is not None and day > limit


def _contains_any(value: Any, operand: Any) -> bool:
    words = f" {fold(str(value))} "
    return any(f" {fold(str(word))} " in words for word in operand or [] if fold(str(word)))


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "is": _same,
    "in": lambda value, operand: any(_same(value, one) for one in operand or []),
    "not_in": lambda value, operand: not any(_same(value, one) for one in operand or []),
    "at_least": _at_least,
    "at_most": _at_most,
    "before": _before,
    "after": _after,
    "contains_any": _contains_any,
    "is_set": lambda value, operand: True,
}
