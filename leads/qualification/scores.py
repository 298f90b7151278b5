"""Fit and engagement in points, apart, each from 0 to 100. Pure: plain data in, plain data out.

Every point is a line of a log, and the sum of its lines is the score, exactly: what was gained,
what time took away, what lies beyond 100. A score never decides whether a lead is an MQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from leads.qualification.rules import DISQUALIFIER, MET, Assessment, Rule

MOST = 100
CRITERION, ACTION, DECAY, CAP = "criterion", "action", "decay", "cap"
BANDS = ((0, 24), (25, 49), (50, 74), (75, 100))


@dataclass(frozen=True)
class Done:
    """A valuable action as plain data; ``name`` is bilingual, ``on`` the day on which the lead did
    it.
    """

    code: str
    name: Any
    points: int
    on: date


@dataclass(frozen=True)
class Line:
    """One line of a log: ``points`` for what ``kind`` says; ``code`` and bilingual ``text`` of the
    criterion or action.

    ``on``: the day of the action; ``days``: of decay, how long ago it was.
    """

    points: int
    kind: str
    code: str = ""
    text: Any = ""
    on: date | None = None
    days: int | None = None

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON keeps it; what is not there is left out."""
        found = {**vars(self), "on": self.on.isoformat() if self.on else None}
        return {name: value for name, value in found.items() if value not in (None, "")}


@dataclass(frozen=True)
class Score:
    """A log and what it comes to.

    ``open``: the lines that would still be gained, in the order of the criteria.
    """

    lines: tuple[Line, ...]
    open: tuple[Line, ...] = ()

    @property
    def total(self) -> int:
        return sum(line.points for line in self.lines)

    @property
    def plain(self) -> dict[str, Any]:
        return {"total": self.total, "log": [line.plain for line in self.lines]}


@dataclass(frozen=True)
class Scores:
    """Both scores of a lead at one moment."""

    fit: Score
    engagement: Score

    @property
    def plain(self) -> dict[str, Any]:
        return {"fit": self.fit.plain, "engagement": self.engagement.plain}


def of(assessment: Assessment, actions: Iterable[Done], *, on: date, half_life: int) -> Scores:
    """Both scores of a lead as it is judged, on the day ``on``."""
    return Scores(fit(assessment), engagement(actions, on=on, half_life=half_life))


def fit(assessment: Assessment) -> Score:
    """How much of the persona the lead meets, criteria of fit and of SQL by their weights; a
    disqualifier takes all.
    """
    asked = [j for j in assessment.judgements if j.rule.kind != DISQUALIFIER]
    worth = shares([j.rule for j in asked])
    lines = [_of_rule(j.rule, points) for j, points in zip(asked, worth, strict=True)]
    gained = [line for line, j in zip(lines, asked, strict=True) if j.holds and line.points]
    missing = tuple(
        line for line, j in zip(lines, asked, strict=True) if not j.holds and line.points
    )
    gone = next((j for j in assessment.of(DISQUALIFIER) if j.verdict == MET), None)
    if gone is not None and gained:
        gained.append(_of_rule(gone.rule, -sum(line.points for line in gained)))
    return Score(tuple(gained), missing)


def _of_rule(rule: Rule, points: int) -> Line:
    return Line(points, CRITERION, rule.code, rule.text)


def shares(rules: list[Rule]) -> list[int]:
    """What each rule is worth of 100 points, by weight and in whole points; together 100, or 0
    without any weight.
    """
    total, so_far, before, found = sum(rule.weight for rule in rules), 0, 0, []
    for rule in rules:
        so_far += rule.weight
        upto = MOST * so_far // total if total else 0
        found.append(upto - before)
        before = upto
    return found


def engagement(actions: Iterable[Done], *, on: date, half_life: int) -> Score:
    """What the lead did, worth half after every ``half_life`` days, in whole points; never more
    than 100.
    """
    lines: list[Line] = []
    for action in sorted(actions, key=lambda each: (each.on, each.code)):
        days = max((on - action.on).days, 0)
        lines.append(Line(action.points, ACTION, action.code, action.name, action.on))
        if lost := action.points - left(action.points, days=days, half_life=half_life):
            lines.append(Line(-lost, DECAY, action.code, action.name, days=days))
    beyond = sum(line.points for line in lines) - MOST
    if beyond > 0:
        lines.append(Line(-beyond, CAP))
    return Score(tuple(lines))


def left(points: int, *, days: int, half_life: int) -> int:
    """What is left of ``points`` after ``days``, rounded down."""
    return int(points * 0.5 ** (days / half_life))


def band(total: int) -> tuple[int, int]:
    """The band of BANDS that a score lies in."""
    return next(each for each in BANDS if each[0] <= total <= each[1])
