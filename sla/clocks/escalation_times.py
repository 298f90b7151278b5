"""Arithmetic of the ladder: when each step is due. Pure: plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sla.worktime import arithmetic
from sla.worktime.calendar import WorkCalendar

# A step that fires later than this after its time was held up by an outage of ours (promise: 60 s
# late at most).
ON_TIME = timedelta(seconds=60)
BREACH = "breach"  # StepKind.BREACH; this module imports no Django
SOON_SHARE, SOON = (
    0.25,
    timedelta(minutes=15),
)  # design: due soon is a quarter of the window, or 15 minutes


@dataclass(frozen=True)
class Step:
    """``offset``: business time from the deadline, negative before it."""

    level: int
    kind: str
    offset: timedelta


@dataclass(frozen=True)
class Run:
    """What the arithmetic has to know of a clock: since ``started_at`` it runs without a pause, for
    ``limit``.

    Of a clock that was paused these are the end of the last pause, and what was left of its limit
    then.
    """

    calendar: WorkCalendar
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
    """When ``step`` has to fire, counted in business time from the start (before the deadline) or
    from it.
    """
    if step.offset < timedelta(0):
        return arithmetic.add(
            run.calendar, run.started_at, max(run.limit + step.offset, timedelta(0))
        )
    return arithmetic.add(run.calendar, run.due_at, step.offset) if step.offset else run.due_at


def following(
    run: Run, steps: list[Step], fired: Step, *, planned: datetime, at: datetime
) -> tuple[Step, datetime] | None:
    """The step after ``fired`` and its time, None at the top of the ladder.

    Where ``fired`` was held up by an outage the next level's time starts at the actual firing, and
    all levels after it keep their distance, else they would fire at once; the deadline itself never
    moves.
    """
    above = [step for step in steps if step.level > fired.level]
    if not above:
        return None
    step, on_time = above[0], at - planned <= ON_TIME
    if step.offset == timedelta(0) or (on_time and fired.offset < timedelta(0)):
        return step, planned_at(run, step)
    begun, apart = planned if on_time else at, step.offset - fired.offset
    return step, arithmetic.add(run.calendar, begun, apart) if apart else begun


def soon_at(run: Run, whole: timedelta) -> datetime:
    """From when on the run is at risk: a quarter of its ``whole`` limit is left, or 15 minutes."""
    wait = run.limit - max(SOON, whole * SOON_SHARE)
    return (
        arithmetic.add(run.calendar, run.started_at, wait)
        if wait > timedelta(0)
        else run.started_at
    )


Stretches = Iterable[
    tuple[datetime, datetime]
]  # pauses from, until; in order, apart from one another


def counted(
    calendar: WorkCalendar, started_at: datetime, pauses: Stretches
) -> tuple[datetime, timedelta]:
    """Since when a clock runs without a pause, and the business time it had run before that."""
    since, spent = started_at, timedelta(0)
    for start, end in pauses:
        if end > since:  # a start that was corrected to a later one leaves pauses behind
            spent += max(arithmetic.between(calendar, since, start), timedelta(0))
            since = end
    return since, spent


def deadline(
    calendar: WorkCalendar, started_at: datetime, pauses: Stretches, limit: timedelta
) -> datetime:
    """When the ``limit`` of a clock with these pauses is used up."""
    since, spent = started_at, timedelta(0)
    for start, end in pauses:
        if end <= since:
            continue
        ran = max(arithmetic.between(calendar, since, start), timedelta(0))
        if spent + ran >= limit:
            break
        since, spent = end, spent + ran
    return arithmetic.add(calendar, since, limit - spent)


def used(
    calendar: WorkCalendar, started_at: datetime, pauses: Stretches, at: datetime
) -> timedelta:
    """The business time that a clock had run by ``at``.

    A moment inside a pause is as its beginning.
    """
    since, spent = counted(
        calendar, started_at, ((start, end) for start, end in pauses if start < at)
    )
    return spent + max(arithmetic.between(calendar, since, at), timedelta(0))


def shifted(calendar: WorkCalendar, moment: datetime, *, since: datetime, to: datetime) -> datetime:
    """Where ``moment`` comes to lie when its clock, instead of at ``since``, goes on at ``to``;
    what lies at or before ``since`` stays. ``to`` may be the earlier one: a pause that ends early.
    """
    if moment <= since:
        return moment
    return arithmetic.add(calendar, to, arithmetic.between(calendar, since, moment))
