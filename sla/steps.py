"""Arithmetic of the ladder: when each step is due. Pure: plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sla import worktime

# A step that fires later than this after its time was held up by an outage of ours (promise: 60 s late at most).
ON_TIME = timedelta(seconds=60)
BREACH = "breach"  # StepKind.BREACH; this module imports no Django


@dataclass(frozen=True)
class Step:
    """``offset``: business time from the deadline, negative before it."""

    level: int
    kind: str
    offset: timedelta


@dataclass(frozen=True)
class Run:
    """What the arithmetic has to know of a clock."""

    calendar: worktime.WorkCalendar
    started_at: datetime
    due_at: datetime
    limit: timedelta


def read(ladder: Iterable[Mapping[str, Any]]) -> list[Step]:
    """Steps from their JSON snapshot, lowest level first."""
    steps = [Step(s["level"], s["kind"], timedelta(minutes=s["offset_minutes"])) for s in ladder]
    return sorted(steps, key=lambda step: step.level)


def above(steps: Iterable[Step], level: int) -> Step:
    """The first step above ``level``; the breach itself where the ladder has none (left)."""
    found = (step for step in steps if step.level > level)
    return next(found, Step(level + 1, BREACH, timedelta(0)))


def planned_at(run: Run, step: Step) -> datetime:
    """When ``step`` has to fire, counted in business time from the start (before the deadline) or from it."""
    if step.offset < timedelta(0):
        return worktime.add(run.calendar, run.started_at, max(run.limit + step.offset, timedelta(0)))
    return worktime.add(run.calendar, run.due_at, step.offset) if step.offset else run.due_at


def following(
    run: Run, steps: list[Step], fired: Step, *, planned: datetime, at: datetime
) -> tuple[Step, datetime] | None:
    """The step after ``fired`` and its time, None at the top of the ladder.

    Where ``fired`` was held up by an outage the next level's time starts at the actual firing, and all levels
    after it keep their distance, else they would fire at once; the deadline itself never moves.
    """
    above = [step for step in steps if step.level > fired.level]
    if not above:
        return None
    step, on_time = above[0], at - planned <= ON_TIME
    if step.offset == timedelta(0) or (on_time and fired.offset < timedelta(0)):
        return step, planned_at(run, step)
    begun, apart = planned if on_time else at, step.offset - fired.offset
    return step, worktime.add(run.calendar, begun, apart) if apart else begun
