"""The sweep: every due step of every clock fires exactly once, whoever calls it and how often.

The rows carry the deadlines. One transaction takes a batch of due clocks (SKIP LOCKED), locks their
subjects without waiting, inserts the firings (unique per clock and level), moves the clocks on and
acts on the subjects. If anything raises, the batch is rolled back and tried again in halves, down
to one clock, which is parked and never holds up others.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from crm.lib.db import availability
from sla.clocks import clocks, escalation_times, pauses, snapshots
from sla.clocks.clocks import FiredStep
from sla.clocks.escalation_times import LadderStep
from sla.clocks.subjects import ClockSubject, Held, Step, Subjects
from sla.models import Clock, Firing
from sla.states import PauseEnd, StepKind

log = logging.getLogger("relevo.ladder")

BATCH = 150  # clocks; their handoffs stay locked for about a fifth of a second
SINGLES = 15  # of these, how many may need queries of their own
LAG = timedelta(seconds=4)  # about how long a due step waits for the next sweep
MAX_FAILURES = 1000  # counted no further: the column is a small integer
FIRST_WAIT = timedelta(seconds=10)  # doubled after each failure
LONGEST_WAIT = timedelta(minutes=10)
# Key of the advisory lock by which one sweep of Celery's runs at a time.
LOCK = 7_235_001
# The rows of a sweeper that hangs are released soon. SET LOCAL, and the time, in one statement.
BEGIN = "SELECT relevo_now(), set_config('idle_in_transaction_session_timeout', '8s', true)"
# What a batch takes, and how many. A clock that failed before is tried alone.
CALM = Q(failures=0)
LANES = (
    (CALM & Q(paused_until__isnull=True), BATCH),
    (CALM & Q(paused_until__isnull=False), SINGLES),
    (~CALM, 1),
)


class AnotherSweeps(Exception):
    """Another sweep holds the advisory lock; it goes on with what is due."""


@dataclass
class Run:
    """One run of the sweep over many batches.

    ``is_alone``: raise AnotherSweeps while another run with ``is_alone`` works on a batch.
    ``busy``: clocks whose subjects another transaction held; the next run tries them again.
    """

    subjects: Subjects
    batch: int = BATCH
    is_alone: bool = False
    busy: set[int] = field(default_factory=set)


def sweep(subjects: Subjects, *, batch: int = BATCH) -> int:
    """Fire what is due, at most ``batch`` clocks; return how many fired or were parked.

    Call again until it returns 0. ``subjects``: what to do, by subject type (crm/tasks.py).
    """
    return next_batch(Run(subjects, batch))


@transaction.atomic
def check_alone(run: Run) -> None:
    """Raise AnotherSweeps if ``run`` is to be alone and another one works on a batch."""
    _begin(run)


def next_batch(run: Run) -> int:
    """Fire the next batch of ``run``; return how many clocks fired or were parked, 0 at its end.

    Raises AnotherSweeps.
    """
    for rows, most in LANES:
        # A batch full of busy subjects must not hide the clocks behind them: read the next one.
        while True:
            taken, moved = _take(run, rows, min(most, run.batch))
            if moved:
                return moved
            if not taken:
                break
    return 0


@transaction.atomic
def catch_up(clock: Clock, subjects: Subjects, *, until: datetime) -> None:
    """Fire each step of ``clock`` that was due before ``until``, shortly after its own time.

    For a past that is written after the fact. The sweep fires late steps at the present moment.
    """
    while True:
        clock = Clock.objects.select_for_update(no_key=True).get(pk=clock.pk)
        if clock.next_step_at is None or clock.next_step_at + LAG >= until:
            return
        if not _work(Run(subjects), [clock], at=clock.next_step_at + LAG):
            return


@dataclass(frozen=True)
class Taken:
    """A clock as it was when a batch took it; firing changes the object."""

    pk: int
    level: int
    failures: int


def _take(run: Run, rows: Q, most: int) -> tuple[int, int]:
    """Take up to ``most`` due clocks of ``rows`` and fire their steps, in one transaction.

    Returns how many were taken, and how many fired or were parked.
    """
    taken: list[Taken] = []
    at = None
    try:
        with transaction.atomic():
            at = _begin(run)
            due = _lock_due(at, rows, most, besides=run.busy)
            taken = [Taken(clock.pk, clock.level, clock.failures) for clock in due]
            return len(due), _work(run, due, at=at)
    except AnotherSweeps:
        raise
    except Exception as error:
        if at is None or not taken or not availability.blames_row(error):
            raise
        if len(taken) == 1:
            log.exception("clock %s could not fire", taken[0].pk)
            _park(taken[0], error, at=at)
            # Whatever it does next, this run leaves it alone.
            run.busy.add(taken[0].pk)
            return 1, 1
    log.warning("a batch of %s clocks could not fire; trying it in halves", len(taken))
    return len(taken), _take_halves(run, [clock.pk for clock in taken])


def _take_halves(run: Run, pks: list[int]) -> int:
    """Fire each half of a batch that failed on its own; return how many fired or were parked."""
    moved = 0
    middle = len(pks) // 2
    for half in (pks[:middle], pks[middle:]):
        moved += _take(run, Q(pk__in=half), len(half))[1]
    return moved


def _begin(run: Run) -> datetime:
    """Begin a transaction of the sweep and return its moment. Raises AnotherSweeps."""
    with connection.cursor() as cursor:
        if run.is_alone:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise AnotherSweeps
        cursor.execute(BEGIN)
        return cursor.fetchone()[0]


def _lock_due(now: datetime, rows: Q, most: int, *, besides: set[int]) -> list[Clock]:
    # Strictly after its time: an act at the very deadline is in time.
    not_parked = Q(parked_until__isnull=True) | Q(parked_until__lt=now)
    return list(
        Clock.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(rows, not_parked, next_step_at__lt=now)
        .exclude(pk__in=besides)
        .order_by("next_step_at", "pk")[:most]
    )


def _work(run: Run, due: Sequence[Clock], *, at: datetime) -> int:
    """Fire the next step of each locked clock, or end its pause; return how many moved."""
    moved = 0
    by_type = sorted(_one_of_each_subject(due), key=attrgetter("subject_type"))
    for subject_type, group in groupby(by_type, key=attrgetter("subject_type")):
        subject = run.subjects[subject_type]
        batch = list(group)
        held = subject.hold(batch)
        run.busy.update(clock.pk for clock in batch if clock.pk not in held)
        free = [clock for clock in batch if clock.pk in held]
        running = [clock for clock in free if clock.paused_until is None]
        paused = [clock for clock in free if clock.paused_until is not None]
        for clock in paused:
            _resume(clock, subject, held[clock.pk], at=at)
        moved += len(paused) + _fire(running, subject, held, at=at)
    return moved


def _one_of_each_subject(due: Sequence[Clock]) -> list[Clock]:
    """Return the first clock of each subject: a step of one may change the others."""
    first: dict[tuple[str, int], Clock] = {}
    for clock in due:
        first.setdefault((clock.subject_type, clock.subject_id), clock)
    return list(first.values())


@dataclass(frozen=True)
class DueStep:
    """The step of a clock to fire; ``overtaken``: warnings before it, which are only recorded."""

    clock: Clock
    overtaken: list[tuple[LadderStep, datetime]]
    fired: FiredStep

    @property
    def kind(self) -> str:
        return self.fired.step.kind


def _fire(running: Sequence[Clock], subject: ClockSubject, held: Held, *, at: datetime) -> int:
    """Fire the next step of each clock; return how many moved.

    What was done in time is met, even if the clock was not stopped with it.
    """
    due = [_due_step(clock, at=at) for clock in running]
    breaches = [each.clock for each in due if each.kind == StepKind.BREACH]
    done_at = subject.done_at(breaches, held) if breaches else {}
    batch: list[DueStep] = []
    singles = 0
    moved = 0
    for each in due:
        clock = each.clock
        is_done = clock.pk in done_at and done_at[clock.pk] <= clock.due_at
        if is_done or subject.is_single(each.kind, held[clock.pk]):
            singles += 1
            # The subjects of the whole batch wait meanwhile: the rest comes with the next one.
            if singles > SINGLES:
                continue
        moved += 1
        if is_done:
            clocks.settle(clock, at=done_at[clock.pk])
        else:
            batch.append(each)
    _fire_batch(batch, subject, held, at=at)
    return moved


def _due_step(clock: Clock, *, at: datetime) -> DueStep:
    """Return the step of ``clock`` to fire.

    A warning that an outage delayed beyond the deadline is only recorded; the breach fires instead.
    """
    ladder = snapshots.ladder_of(clock)
    step = escalation_times.above(ladder, clock.level)
    planned = clock.next_step_at or clock.due_at
    overtaken = []
    while step.kind == StepKind.WARN and at > clock.due_at:
        overtaken.append((step, planned))
        step = escalation_times.above(ladder, step.level)
        planned = clock.due_at
    return DueStep(clock, overtaken, FiredStep(clock, ladder, step, planned))


def _fire_batch(
    batch: Sequence[DueStep], subject: ClockSubject, held: Held, *, at: datetime
) -> None:
    """Record the firings, move the clocks on, and act on their subjects, by kind of step."""
    firings = list(_firings(batch, at))
    Firing.objects.bulk_create(firings)
    clocks.advance([each.fired for each in batch], at=at)
    steps = [
        Step(firing.clock, held[firing.clock_id], firing)
        for firing in firings
        if firing.outcome == "done"
    ]
    by_kind: dict[str, list[Step]] = {}
    for step in steps:
        by_kind.setdefault(step.firing.kind, []).append(step)
    for kind, rows in by_kind.items():
        subject.steps[kind](rows)


def _firings(batch: Sequence[DueStep], at: datetime) -> Iterator[Firing]:
    for each in batch:
        for step, planned in each.overtaken:
            yield _firing(each.clock, step, planned, at, outcome="overtaken")
        yield _firing(each.clock, each.fired.step, each.fired.planned, at)


def _firing(clock: Clock, step: LadderStep, planned: datetime, at: datetime, **more: Any) -> Firing:
    return Firing(clock=clock, level=step.level, kind=step.kind, planned_at=planned, at=at, **more)


def _resume(clock: Clock, subject: ClockSubject, held: Any, *, at: datetime) -> None:
    """End a pause at its planned end; ladder steps that became due fire in the next round."""
    pause = pauses.end(clock, PauseEnd.ELAPSED, at=at, by=None)
    Clock.objects.filter(pk=clock.pk, failures__gt=0).update(failures=0, parked_until=None)
    if pause is not None:
        subject.resume(clock, held, pause, at)


def _park(taken: Taken, error: Exception, *, at: datetime) -> None:
    """Try the step again later, unless another sweep has fired it in the meantime."""
    counted = min(taken.failures + 1, MAX_FAILURES)
    wait = min(FIRST_WAIT * 2 ** min(counted, 10), LONGEST_WAIT)
    unchanged = Clock.objects.filter(pk=taken.pk, level=taken.level, stopped_at__isnull=True)
    unchanged.update(failures=counted, last_error=repr(error)[:2000], parked_until=at + wait)
