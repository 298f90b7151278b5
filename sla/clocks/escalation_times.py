"""Ladder arithmetic: when each step is due. Pure: plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sla.worktime import arithmetic
from sla.worktime.calendar import WorkCalendar

# A step that fires later than this was held up by an outage of ours: the product promises at most
# 60 s.
ON_TIME = timedelta(seconds=60)
BREACH = "breach"  # StepKind.BREACH; this module imports no Django
NO_TIME = timedelta(0)
# A clock is at risk from a quarter of its limit on, but at least 15 minutes before the deadline.
SOON_SHARE = 0.25
SOON_AT_LEAST = timedelta(minutes=15)

Stretches = Iterable[tuple[datetime, datetime]]  # pauses (start, end) in order, without overlap


@dataclass(frozen=True)
class LadderStep:
    """One step. ``offset``: business time from the deadline, negative before it."""

    level: int
    kind: str
    offset: timedelta


@dataclass(frozen=True)
class Run:
    """The part of a clock without a pause: from ``started_at`` on, for ``limit`` business time.

    After a pause: the end of the last pause, and the rest of the limit.
    """

    calendar: WorkCalendar
    started_at: datetime
    due_at: datetime
    limit: timedelta


def read(ladder: Iterable[Mapping[str, Any]]) -> list[LadderStep]:
    """Return the steps of a JSON snapshot, lowest level first."""
    steps = [
        LadderStep(step["level"], step["kind"], timedelta(minutes=step["offset_minutes"]))
        for step in ladder
    ]
    return sorted(steps, key=lambda step: step.level)


def above(steps: Iterable[LadderStep], level: int) -> LadderStep:
    """Return the first step above ``level``; the breach itself if the ladder has none."""
    for step in steps:
        if step.level > level:
            return step
    return LadderStep(level + 1, BREACH, NO_TIME)


def planned_at(run: Run, step: LadderStep) -> datetime:
    """Return when ``step`` is due, in business time.

    Counted from the start for steps before the deadline, from the deadline for the others.
    """
    if step.offset < NO_TIME:
        wait = max(run.limit + step.offset, NO_TIME)
        return arithmetic.add(run.calendar, run.started_at, wait)
    if step.offset == NO_TIME:
        return run.due_at
    return arithmetic.add(run.calendar, run.due_at, step.offset)


def following(
    run: Run, steps: list[LadderStep], fired: LadderStep, *, planned: datetime, at: datetime
) -> tuple[LadderStep, datetime] | None:
    """Return the step after ``fired`` and its time; None at the top of the ladder.

    If an outage held up ``fired``, the time of the next level starts at the actual firing, and all
    later levels keep their distance; otherwise they would fire at once. The deadline never moves.
    """
    higher = [step for step in steps if step.level > fired.level]
    if not higher:
        return None
    step = higher[0]
    is_on_time = at - planned <= ON_TIME
    if step.offset == NO_TIME or (is_on_time and fired.offset < NO_TIME):
        return step, planned_at(run, step)
    since = planned if is_on_time else at
    distance = step.offset - fired.offset
    if distance == NO_TIME:
        return step, since
    return step, arithmetic.add(run.calendar, since, distance)


def soon_at(run: Run, whole: timedelta) -> datetime:
    """Return when the run becomes at risk; ``whole``: the clock's limit before any pause."""
    wait = run.limit - max(SOON_AT_LEAST, whole * SOON_SHARE)
    if wait <= NO_TIME:
        return run.started_at
    return arithmetic.add(run.calendar, run.started_at, wait)


def counted(
    calendar: WorkCalendar, started_at: datetime, pauses: Stretches
) -> tuple[datetime, timedelta]:
    """Return since when a clock runs without a pause, and the business time it ran before."""
    since = started_at
    spent = NO_TIME
    for start, end in pauses:
        # A start that was corrected to a later one may lie after a pause.
        if end > since:
            spent += _ran(calendar, since, start)
            since = end
    return since, spent


def deadline(
    calendar: WorkCalendar, started_at: datetime, pauses: Stretches, limit: timedelta
) -> datetime:
    """Return when a clock with these pauses has used up ``limit``."""
    since = started_at
    spent = NO_TIME
    for start, end in pauses:
        if end <= since:
            continue
        ran = _ran(calendar, since, start)
        if spent + ran >= limit:
            break
        spent += ran
        since = end
    return arithmetic.add(calendar, since, limit - spent)


def used(
    calendar: WorkCalendar, started_at: datetime, pauses: Stretches, at: datetime
) -> timedelta:
    """Return the business time that a clock had run by ``at``.

    A moment inside a pause counts as the beginning of the pause.
    """
    begun = [(start, end) for start, end in pauses if start < at]
    since, spent = counted(calendar, started_at, begun)
    return spent + _ran(calendar, since, at)


def shifted(calendar: WorkCalendar, moment: datetime, *, since: datetime, to: datetime) -> datetime:
    """Return ``moment`` moved as if its clock ran on at ``to`` instead of ``since``.

    A moment up to ``since`` stays. ``to`` may lie before ``since``: a pause that ends early.
    """
    if moment <= since:
        return moment
    return arithmetic.add(calendar, to, arithmetic.between(calendar, since, moment))


def _ran(calendar: WorkCalendar, start: datetime, end: datetime) -> timedelta:
    return max(arithmetic.between(calendar, start, end), NO_TIME)
