"""The sweep: every due step of every clock fires exactly once, whoever calls it and how often.

The rows carry the deadlines. A step is: lock the due clock (SKIP LOCKED), insert its firing (unique
per clock and level), move the clock on, act on its subject, all in one transaction. A row that
raises is parked and never holds up others.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from crm.lib import clock as time
from sla.clocks import clocks, escalation_times, heartbeats, pauses
from sla.clocks.escalation_times import LadderStep
from sla.clocks.subjects import SubjectBusy, Subjects
from sla.models import Clock, Firing
from sla.states import ClockState, PauseEnd, StepKind

log = logging.getLogger("relevo.ladder")

BATCH = 100
LAG = timedelta(seconds=4)  # about how long a due step waits for the next sweep
MAX_FAILURES = 1000  # counted no further: the column is a small integer
FIRST_WAIT = timedelta(seconds=10)  # doubled after each failure
LONGEST_WAIT = timedelta(minutes=10)


def sweep(subjects: Subjects, *, batch: int = BATCH) -> int:
    """Fire what is due, at most ``batch`` clocks; return how many fired or were parked.

    Call again until it returns 0. ``subjects``: what to do, by subject type (crm/tasks.py).
    """
    moved = 0
    busy: set[int] = set()
    with transaction.atomic():
        now = time.now()
        # A batch full of busy subjects must not hide the clocks behind them: read the next batch.
        while not moved:
            due = _lock_due(now, batch, besides=busy)
            if not due:
                break
            for clock in due:
                if _fire_or_park(clock, subjects, at=now):
                    moved += 1
                else:
                    busy.add(clock.pk)
    return moved


@transaction.atomic
def catch_up(clock: Clock, subjects: Subjects, *, until: datetime) -> None:
    """Fire each step of ``clock`` that was due before ``until``, shortly after its own time.

    For a past that is written after the fact. The sweep fires late steps at the present moment.
    """
    while True:
        clock = Clock.objects.select_for_update(no_key=True).get(pk=clock.pk)
        if clock.next_step_at is None or clock.next_step_at + LAG >= until:
            return
        _fire(clock, subjects, at=clock.next_step_at + LAG)


def _lock_due(now: datetime, batch: int, *, besides: set[int]) -> list[Clock]:
    # Strictly after its time: an act at the very deadline is in time.
    not_parked = Q(parked_until__isnull=True) | Q(parked_until__lt=now)
    return list(
        Clock.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(not_parked, next_step_at__lt=now)
        .exclude(pk__in=besides)
        .order_by("next_step_at")[:batch]
    )


def _fire_or_park(clock: Clock, subjects: Subjects, *, at: datetime) -> bool:
    """Fire the next step of ``clock``, or park it if that raises; return False if it is busy."""
    failures = clock.failures
    try:
        with transaction.atomic():
            if clock.paused_until is None:
                _fire(clock, subjects, at=at)
            else:
                _resume(clock, subjects, at=at)
    except SubjectBusy:
        return False
    except Exception as error:
        log.exception("clock %s could not fire", clock.pk)
        _park(clock.pk, error, failures=failures + 1, at=at)
    return True


def _fire(clock: Clock, subjects: Subjects, *, at: datetime) -> None:
    ladder = escalation_times.read(clock.ladder)
    step, planned = _due_step(clock, ladder, at=at)
    if step.kind == StepKind.BREACH:
        # What was done in time is met, even if the clock was not stopped with it.
        done_at = subjects[clock.subject_type].done_at(clock)
        if done_at is not None and done_at <= clock.due_at:
            clocks.settle(clock, at=done_at)
            return
    firing = _record(clock, step, planned, at)
    _move_on(clock, ladder, step, planned=planned, at=at)
    subjects[clock.subject_type].steps[step.kind](clock, firing)


def _due_step(
    clock: Clock, ladder: list[LadderStep], *, at: datetime
) -> tuple[LadderStep, datetime]:
    """Return the step to fire and its planned moment.

    A warning that an outage delayed beyond the deadline is only recorded; the breach fires instead.
    """
    step = escalation_times.above(ladder, clock.level)
    planned = clock.next_step_at or clock.due_at
    while step.kind == StepKind.WARN and at > clock.due_at:
        _record(clock, step, planned, at, outcome="overtaken")
        step = escalation_times.above(ladder, step.level)
        planned = clock.due_at
    return step, planned


def _move_on(
    clock: Clock, ladder: list[LadderStep], step: LadderStep, *, planned: datetime, at: datetime
) -> None:
    """Write that ``step`` fired, and when the next one is due."""
    clock.level = step.level
    if step.kind == StepKind.BREACH:
        clock.state = ClockState.BREACHED
        clock.breached_at = clock.due_at
        clock.in_outage = heartbeats.was_down(clock.started_at, clock.due_at)
    clock.next_step_at = clocks.step_after(clock, ladder, step, planned=planned, at=at)
    clock.failures = 0
    clock.parked_until = None
    clock.save(
        update_fields=[
            "level",
            "state",
            "breached_at",
            "in_outage",
            "next_step_at",
            "failures",
            "parked_until",
        ]
    )


def _resume(clock: Clock, subjects: Subjects, *, at: datetime) -> None:
    """End a pause at its planned end; ladder steps that became due fire in the next round."""
    pause = pauses.end(clock, PauseEnd.ELAPSED, at=at, by=None)
    Clock.objects.filter(pk=clock.pk, failures__gt=0).update(failures=0, parked_until=None)
    if pause is not None:
        subjects[clock.subject_type].resume(clock, pause, at)


def _record(
    clock: Clock, step: LadderStep, planned: datetime, at: datetime, outcome: str = "done"
) -> Firing:
    return Firing.objects.create(
        clock=clock, level=step.level, kind=step.kind, planned_at=planned, at=at, outcome=outcome
    )


def _park(pk: int, error: Exception, *, failures: int, at: datetime) -> None:
    counted = min(failures, MAX_FAILURES)
    wait = min(FIRST_WAIT * 2 ** min(counted, 10), LONGEST_WAIT)
    Clock.objects.filter(pk=pk).update(
        failures=counted, last_error=repr(error)[:2000], parked_until=at + wait
    )
