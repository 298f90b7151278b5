"""The sweep: every due step of every clock fires exactly once, whoever calls it and however often.

The rows carry the deadlines. A step is: lock the due clock (SKIP LOCKED), insert its firing (unique
per clock and level), move the clock on, act, all in one transaction. A row that raises is parked
and never holds up others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from crm.lib import clock as time
from sla.clocks import clocks, escalation_times, heartbeats, pauses
from sla.models import Clock, Firing, Pause
from sla.states import ClockState, PauseEnd, StepKind

log = logging.getLogger("relevo.ladder")

BATCH = 100
MOST_FAILURES = 1000  # counted no further: the column is a small integer


@dataclass(frozen=True)
class Resumed:
    """That ``pause`` is over, as a sweep found at ``at``."""

    pause: Pause
    at: datetime


# What a step, or the end of a pause, does to the subject of the clock; and when the promised act
# was done by the
# subject's own records. The tables stand in crm/tasks.py: only the top of the layers knows both
# clocks and leads.
Action = Callable[[Clock, Firing | Resumed], None]
Truth = Callable[[Clock], datetime | None]


class SubjectBusy(Exception):
    """A person is changing the subject right now: leave the step for the next sweep instead of
    waiting.
    """


def unknown(clock: Clock) -> datetime | None:
    """The truth of a subject that keeps no record of its own beside the clock."""
    return None


def sweep(act: Action, *, truth: Truth = unknown, batch: int = BATCH) -> int:
    """Fire what is due, at most ``batch`` clocks; returns how many fired or were parked.

    Call again until it is 0.

    ``truth`` is asked before a breach, with the subject locked: what was done in time is met,
    whatever was missed.
    """
    moved, busy = 0, set[int]()
    with transaction.atomic():
        now = time.now()
        while not moved and (
            due := _due(now, batch, besides=busy)
        ):  # a batch full of busy ones hides the rest
            for clock in due:
                if _handled(clock, act, truth, at=now):
                    moved += 1
                else:
                    busy.add(clock.pk)
    return moved


def _handled(clock: Clock, act: Action, truth: Truth, *, at: datetime) -> bool:
    """Fire the next step of ``clock``, or park it where that raises; False where its subject is
    busy.
    """
    failures = clock.failures
    try:
        with transaction.atomic():
            _fire(clock, act, truth, at=at)
    except SubjectBusy:
        return False
    except Exception as error:
        log.exception("clock %s could not fire", clock.pk)
        _park(clock.pk, error, failures=failures + 1, at=at)
    return True


def _due(now: datetime, batch: int, *, besides: set[int]) -> list[Clock]:
    # strictly after its time: an act at the very deadline is in time
    waiting = Q(parked_until__isnull=True) | Q(parked_until__lt=now)
    return list(
        Clock.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(waiting, next_step_at__lt=now)
        .exclude(pk__in=besides)
        .order_by("next_step_at")[:batch]
    )


def _fire(clock: Clock, act: Action, truth: Truth, *, at: datetime) -> None:
    if clock.paused_until is not None:
        _resume(clock, act, at=at)
        return
    ladder, run = escalation_times.read(clock.ladder), clocks.run_of(clock)
    step, planned = escalation_times.above(ladder, clock.level), clock.next_step_at or clock.due_at
    while step.kind == StepKind.WARN and at > clock.due_at:
        # An outage swallowed the warning: it stands in the ledger, and the breach follows at once.
        _ledger(clock, step, planned, at, outcome="overtaken")
        step, planned = escalation_times.above(ladder, step.level), clock.due_at
    if (
        step.kind == StepKind.BREACH
        and (done_at := truth(clock)) is not None
        and done_at <= clock.due_at
    ):
        clocks.settle(clock, at=done_at)
        return
    firing = _ledger(clock, step, planned, at)
    clock.level = step.level
    if step.kind == StepKind.BREACH:
        clock.state, clock.breached_at = ClockState.BREACHED, clock.due_at
        clock.in_outage = heartbeats.was_down(clock.started_at, clock.due_at)
    following = escalation_times.following(run, ladder, step, planned=planned, at=at)
    at_the_top = None if clock.state == ClockState.BREACHED else clock.due_at
    clock.next_step_at = following[1] if following else at_the_top
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


def _resume(clock: Clock, act: Action, *, at: datetime) -> None:
    """The pause is over, at its planned end; steps of the ladder that fell due since fire with the
    next round.
    """
    pause = pauses.end(clock, PauseEnd.ELAPSED, at=at, by=None)
    Clock.objects.filter(pk=clock.pk, failures__gt=0).update(failures=0, parked_until=None)
    if pause is not None:
        act(clock, Resumed(pause, at))


def _ledger(
    clock: Clock,
    step: escalation_times.Step,
    planned: datetime,
    at: datetime,
    outcome: str = "done",
) -> Firing:
    return Firing.objects.create(
        clock=clock, level=step.level, kind=step.kind, planned_at=planned, at=at, outcome=outcome
    )


def _park(pk: int, error: Exception, *, failures: int, at: datetime) -> None:
    failures = min(failures, MOST_FAILURES)
    wait = timedelta(seconds=min(10 * 2**failures, 600))
    Clock.objects.filter(pk=pk).update(
        failures=failures, last_error=repr(error)[:2000], parked_until=at + wait
    )
