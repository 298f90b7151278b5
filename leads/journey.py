"""The journey of a lead: the stages it has passed, its one next step, and who takes it.

Pure: the stepper, the next step with its button and the column of "My leads" all read it, so that
they agree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from leads.states import NextStep, Stage

DONE = "done"
NOW = "now"
AHEAD = "todo"
UNKNOWN = "unknown"  # passed, but the date was not recorded
OUT = "out"

USUAL = (
    Stage.CAPTURED,
    Stage.MQL,
    Stage.HANDED_OFF,
    Stage.ACCEPTED,
    Stage.CONTACTED,
    Stage.SQL,
    Stage.OPPORTUNITY,
    Stage.WON,
)
# The ways out after which nothing more is expected of the lead.
ENDED = (Stage.LOST, Stage.DISQUALIFIED, Stage.CLOSED, Stage.RECYCLED)


class Part(StrEnum):
    """The part that a person plays for a lead."""

    MARKETING = "marketing"  # qualifies it and hands it off
    QUEUE = "queue"  # decides on it
    WORKER = "worker"  # works on it: its owner, or a lead of the team


NEXT: dict[Stage, tuple[NextStep, Part]] = {
    Stage.CAPTURED: (NextStep.QUALIFY, Part.MARKETING),
    Stage.MQL: (NextStep.HAND_OFF, Part.MARKETING),
    Stage.RETURNED: (NextStep.FIX, Part.MARKETING),
    Stage.HANDED_OFF: (NextStep.DECIDE, Part.QUEUE),
    Stage.ACCEPTED: (NextStep.CONTACT, Part.WORKER),
    Stage.CONTACTED: (NextStep.SQL, Part.WORKER),
    Stage.SQL: (NextStep.OPPORTUNITY, Part.WORKER),
    Stage.OPPORTUNITY: (NextStep.CLOSE, Part.WORKER),
}


@dataclass(frozen=True)
class StageMark:
    """One stage of the stepper. ``state``: done, now, todo, unknown or out."""

    stage: Stage
    state: str

    @property
    def label(self) -> str:
        return str(self.stage.label)


@dataclass(frozen=True)
class Journey:
    """Where a lead stands.

    ``step``: the one next step, or None. ``part``: who takes it. ``is_own``: whether the viewer
    does.
    """

    marks: tuple[StageMark, ...]
    step: NextStep | None = None
    part: Part | None = None
    is_own: bool = False


def journey(
    stage: Stage,
    parts: Collection[Part],
    *,
    reached: Collection[Stage],
    is_open: bool = True,
) -> Journey:
    """Return the journey of a lead at ``stage`` for a viewer who plays ``parts``.

    ``reached``: the stages that have a date. ``is_open``: whether any person may act on the lead;
    an imported lead without a handoff has no next step.
    """
    marks = _marks(stage, reached)
    step = next_step(stage)
    if step is None or not is_open:
        return Journey(marks)
    part = NEXT[stage][1]
    return Journey(marks, step, part, is_own=part in parts)


def next_step(stage: Stage) -> NextStep | None:
    """Return the step that follows ``stage``; None after the last one."""
    if stage not in NEXT:
        return None
    return NEXT[stage][0]


def _marks(stage: Stage, reached: Collection[Stage]) -> tuple[StageMark, ...]:
    if stage in ENDED:
        passed = [each for each in USUAL if each == Stage.CAPTURED or each in reached]
        return (*_all(passed, DONE), StageMark(stage, OUT))
    if stage == Stage.RETURNED:
        # Back with marketing: whatever an earlier cycle reached lies ahead again.
        return (
            *_passed(Stage.ACCEPTED, reached),
            StageMark(stage, OUT),
            *_all(_from(Stage.ACCEPTED), AHEAD),
        )
    marks = (*_passed(stage, reached), StageMark(stage, NOW))
    return (*marks, *_all(_from(stage)[1:], AHEAD))


def _passed(stage: Stage, reached: Collection[Stage]) -> Iterable[StageMark]:
    """Return the marks of the stages before ``stage``."""
    for each in USUAL[: USUAL.index(stage)]:
        is_dated = each == Stage.CAPTURED or each in reached
        yield StageMark(each, DONE if is_dated else UNKNOWN)


def _from(stage: Stage) -> tuple[Stage, ...]:
    return USUAL[USUAL.index(stage) :]


def _all(stages: Iterable[Stage], state: str) -> Iterable[StageMark]:
    return (StageMark(stage, state) for stage in stages)
