"""The fit score and the engagement score, each from 0 to 100. Pure: plain data in and out.

Every point is a line of a log, and a score is exactly the sum of its lines: what was gained, what
time took away, what lies above 100. A score never decides whether a lead is an MQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from leads.qualification.rules import DISQUALIFIER, Assessment, Rule

# A constraint of handoffs, too (handoff_scores_up_to_100).
MOST = 100
CRITERION = "criterion"
ACTION = "action"
DECAY = "decay"
CAP = "cap"
BANDS = ((0, 24), (25, 49), (50, 74), (75, 100))


@dataclass(frozen=True)
class DoneAction:
    """A valuable action as plain data; ``name`` is bilingual, ``on`` the day of the action."""

    code: str
    name: Any
    points: int
    on: date


@dataclass(frozen=True)
class ScoreLine:
    """One line of a log: ``points`` for a criterion or an action, or one of decay or cap.

    ``code`` and bilingual ``text`` are of the criterion or action. ``on``: the day of the action.
    ``days``: how long ago it was, on a line of decay.
    """

    points: int
    kind: str
    code: str = ""
    text: Any = ""
    on: date | None = None
    days: int | None = None

    @property
    def plain(self) -> dict[str, Any]:
        """The line as JSON keeps it, without what is empty."""
        values = dict(vars(self))
        if self.on is not None:
            values["on"] = self.on.isoformat()
        return {name: value for name, value in values.items() if value not in (None, "")}


@dataclass(frozen=True)
class Score:
    """A log. ``open``: the lines that could still be gained, in the order of the criteria."""

    lines: tuple[ScoreLine, ...]
    open: tuple[ScoreLine, ...] = ()

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


def scores_of(
    assessment: Assessment,
    actions: Iterable[DoneAction],
    *,
    on: date,
    half_life: int,
) -> Scores:
    """Return both scores of a judged lead on the day ``on``."""
    return Scores(fit(assessment), engagement(actions, on=on, half_life=half_life))


def fit(assessment: Assessment) -> Score:
    """Return how much of the persona the lead meets: criteria of fit and of SQL by their weights.

    A disqualifier takes all points away.
    """
    judged = [each for each in assessment.judgements if each.rule.kind != DISQUALIFIER]
    worth = shares([each.rule for each in judged])
    gained: list[ScoreLine] = []
    missing: list[ScoreLine] = []
    for judgement, points in zip(judged, worth, strict=True):
        if not points:
            continue
        line = _line_of(judgement.rule, points)
        if judgement.holds:
            gained.append(line)
        else:
            missing.append(line)
    # A line of its own, so that the log still adds up and shows why.
    if gained and assessment.disqualifiers_met:
        rule = assessment.disqualifiers_met[0].rule
        gained.append(_line_of(rule, -sum(line.points for line in gained)))
    return Score(tuple(gained), tuple(missing))


def _line_of(rule: Rule, points: int) -> ScoreLine:
    return ScoreLine(points, CRITERION, rule.code, rule.text)


def shares(rules: list[Rule]) -> list[int]:
    """Return the points of each rule of 100, by weight, in whole points.

    Together they are 100, or 0 without any weight.
    """
    total = sum(rule.weight for rule in rules)
    weight_so_far = 0
    points_so_far = 0
    points = []
    for rule in rules:
        weight_so_far += rule.weight
        # Rounding the running sum, not each share, keeps the total at 100.
        upto = MOST * weight_so_far // total if total else 0
        points.append(upto - points_so_far)
        points_so_far = upto
    return points


def engagement(actions: Iterable[DoneAction], *, on: date, half_life: int) -> Score:
    """Return what the lead did, worth half after every ``half_life`` days, in whole points.

    Never more than 100.
    """
    lines: list[ScoreLine] = []
    # By day for the reader, and by code, so that equal facts always give the same log.
    for action in sorted(actions, key=lambda each: (each.on, each.code)):
        days = max((on - action.on).days, 0)
        lines.append(ScoreLine(action.points, ACTION, action.code, action.name, action.on))
        lost = action.points - points_left(action.points, days=days, half_life=half_life)
        if lost:
            lines.append(ScoreLine(-lost, DECAY, action.code, action.name, days=days))
    above = sum(line.points for line in lines) - MOST
    if above > 0:
        # The cap is a line, too: the score stays the sum of its log.
        lines.append(ScoreLine(-above, CAP))
    return Score(tuple(lines))


def points_left(points: int, *, days: int, half_life: int) -> int:
    """Return what is left of ``points`` after ``days``, rounded down."""
    return int(points * 0.5 ** (days / half_life))


def band(total: int) -> tuple[int, int]:
    """Return the band of BANDS in which a score lies."""
    return next(each for each in BANDS if each[0] <= total <= each[1])
