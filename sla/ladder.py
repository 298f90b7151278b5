"""The sweep: every due step of every clock fires exactly once, whoever calls it and however often.

The rows carry the deadlines. A step is: lock the due clock (SKIP LOCKED), insert its firing (unique per clock
and level), move the clock on, act, all in one transaction. A row that raises is parked and never holds up others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from crm.lib import clock as time
from sla import clocks, liveness, steps
from sla.models import Clock, Firing
from sla.states import ClockState, StepKind

log = logging.getLogger("relevo.ladder")

BATCH = 100

# What a step does to the subject of the clock. The table of kinds stands in crm/tasks.py, because only the top
# of the layers knows both clocks and leads.
Action = Callable[[Clock, Firing], None]


class SubjectBusy(Exception):
    """A person is changing the subject right now: leave the step for the next sweep instead of waiting."""


def sweep(act: Action, *, batch: int = BATCH) -> int:
    """Fire what is due, at most ``batch`` clocks; returns how many fired or were parked. Call again until it is 0."""
    moved = 0
    with transaction.atomic():
        now = time.now()
        for clock in _due(now, batch):
            try:
                with transaction.atomic():
                    _fire(clock, act, at=now)
                moved += 1
            except SubjectBusy:
                continue
            except Exception as error:
                log.exception("clock %s could not fire", clock.pk)
                _park(clock.pk, error, failures=clock.failures + 1, at=now)
                moved += 1  # out of the way: a batch full of them must not end the sweep
    return moved


def _due(now: datetime, batch: int) -> list[Clock]:
    # strictly after its time: an act at the very deadline is in time
    waiting = Q(parked_until__isnull=True) | Q(parked_until__lt=now)
    return list(
        Clock.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(waiting, next_step_at__lt=now)
        .order_by("next_step_at")[:batch]
    )


def _fire(clock: Clock, act: Action, *, at: datetime) -> None:
    ladder, run = steps.read(clock.ladder), clocks.run_of(clock)
    step = next((s for s in ladder if s.level > clock.level), None)
    if step is None:  # a commitment without a ladder still breaches
        step = steps.Step(clock.level + 1, StepKind.BREACH, timedelta(0))
    planned = clock.next_step_at or clock.due_at
    if step.kind == StepKind.WARN and at > clock.due_at:
        # An outage swallowed the warning: it stands in the ledger, and the breach follows at once.
        _ledger(clock, step, planned, at, outcome="overtaken")
        step = next(
            (s for s in ladder if s.level > step.level),
            steps.Step(step.level + 1, StepKind.BREACH, timedelta(0)),
        )
        planned = clock.due_at
    firing = _ledger(clock, step, planned, at)
    clock.level = step.level
    if step.kind == StepKind.BREACH:
        clock.state, clock.breached_at = ClockState.BREACHED, clock.due_at
        clock.in_outage = liveness.was_down(clock.started_at, clock.due_at)
    following = steps.following(run, ladder, step, planned=planned, at=at)
    clock.next_step_at = following[1] if following else None
    clock.failures, clock.parked_until = 0, None
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
    act(clock, firing)


def _ledger(clock: Clock, step: steps.Step, planned: datetime, at: datetime, outcome: str = "done") -> Firing:
    return Firing.objects.create(
        clock=clock, level=step.level, kind=step.kind, planned_at=planned, at=at, outcome=outcome
    )


def _park(pk: int, error: Exception, *, failures: int, at: datetime) -> None:
    wait = min(timedelta(seconds=10 * 2**failures), timedelta(minutes=10))
    Clock.objects.filter(pk=pk).update(failures=failures, last_error=repr(error)[:2000], parked_until=at + wait)
