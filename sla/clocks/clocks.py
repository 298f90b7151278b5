"""Start, stop, cancel and reopen clocks. The deadline is stored when the clock starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import QuerySet

from crm.accounts.models import Team, User
from crm.lib.db.inserts import insert
from crm.lib.db.returning import Computed, update_returning
from crm.lib.errors import Conflict
from sla import snapshot_bodies
from sla.clocks import escalation_times, heartbeats, pauses, snapshots, subjects, tries
from sla.clocks.escalation_times import LadderStep
from sla.models import Clock, Outage
from sla.states import ClockState, PauseEnd, StepKind
from sla.worktime import arithmetic


def initial_columns(
    policy: Mapping[str, Any], metric: str, *, at: datetime, accountable: User | None = None
) -> dict[str, Any] | None:
    """Return the columns of a clock of ``metric`` that starts under ``policy``.

    Writes at most the snapshots that they refer to. None if the policy has no time for this metric.
    """
    terms = policy["clocks"].get(metric)
    if terms is None:
        return None
    calendar = snapshots.calendar(policy["calendar"])
    limit = timedelta(seconds=terms["limit_seconds"])
    due_at = arithmetic.add(calendar, at, limit)
    run = escalation_times.Run(calendar, at, due_at, limit)
    ladder = escalation_times.read(terms["ladder"])
    return {
        "metric": metric,
        "commitment_id": terms["commitment"],
        "started_at": at,
        "due_at": due_at,
        "soon_at": min(escalation_times.soon_at(run, limit), due_at),
        "limit_seconds": terms["limit_seconds"],
        "calendar_ref_id": snapshot_bodies.keep(policy["calendar"]),
        "ladder_ref_id": snapshot_bodies.keep(terms["ladder"]),
        "next_step_at": escalation_times.planned_at(run, ladder[0]) if ladder else due_at,
        **_assignment(accountable, at, due_at),
    }


def _assignment(accountable: User | None, at: datetime, due_at: datetime) -> dict[str, Any]:
    """Return the columns of the accountable person's own time."""
    if accountable is None:
        return {"accountable": None, "assigned_at": None, "assigned_due_at": None}
    return {"accountable": accountable, "assigned_at": at, "assigned_due_at": due_at}


def start(
    subject: models.Model,
    metric: str,
    policy: Mapping[str, Any],
    *,
    team: Team,
    at: datetime,
    accountable: User | None = None,
) -> Clock | None:
    """Start the clock of ``metric`` on ``subject`` under ``policy`` (policies.policy_for).

    Returns None if the policy has no time for this metric.
    """
    clock = new(subject, metric, policy, team=team, at=at, accountable=accountable)
    if clock is not None:
        insert(clock)
    return clock


def new(
    subject: models.Model,
    metric: str,
    policy: Mapping[str, Any],
    *,
    team: Team,
    at: datetime,
    accountable: User | None = None,
    pk: int | None = None,
) -> Clock | None:
    """Return the unsaved clock of :func:`start`, to be inserted with what starts it.

    ``pk``: the id that was taken for it before.
    """
    columns = initial_columns(policy, metric, at=at, accountable=accountable)
    if columns is None:
        return None
    return Clock(
        pk=pk,
        subject_type=subjects.type_of(subject),
        subject_id=subject.pk,
        team=team,
        **columns,
    )


@transaction.atomic(savepoint=False)
def stop(
    subject: models.Model,
    metric: str,
    *,
    at: datetime,
    known: Clock | None = None,
    by: User | None = None,
) -> Clock | None:
    """Stop the open clock of ``metric`` and end its pause: met up to the deadline, else breached.

    Judged by the stored deadline and not by what the sweep wrote: the earliest true act counts.
    ``known``: the clock as the caller has it, which saves a query. Returns None if no clock was
    open.
    """
    if known is not None and known.metric == metric:
        stopped = settle(known, at=at, by=by)
        if stopped is not None:
            return stopped
    # The clock that the caller had is over; another one may be open.
    clock = _lock_open(subject, metric)
    if clock is None:
        return None
    return settle(clock, at=at, by=by)


def settle(clock: Clock, *, at: datetime, by: User | None = None) -> Clock | None:
    """Stop this ``clock``, judged by the act at ``at``; return None if it was over."""
    pauses.end(clock, PauseEnd.DONE, at=at, by=by)
    return _end(clock, at=at, **judgement(clock, at))


def judgement(clock: Clock, at: datetime) -> dict[str, Any]:
    """Return the columns that judge ``clock`` by the promised act at ``at``."""
    used_seconds = int(snapshots.used(clock, at).total_seconds())
    state = ClockState.BREACHED
    if at <= clock.due_at:
        state = ClockState.MET
    assigned_met = None
    if clock.assigned_due_at is not None:
        assigned_met = at <= clock.assigned_due_at
    return {
        "state": state,
        # Never below 0: the clocks of two machines may differ by a moment.
        "used_seconds": max(0, used_seconds),
        "assigned_met": assigned_met,
    }


def _end(clock: Clock, *, at: datetime, state: ClockState, **fields: Any) -> Clock | None:
    """End ``clock`` by one conditional UPDATE; return None if it was over."""
    open_row = {"id": clock.pk, "stopped_at": None}
    # The constraint clock_stopped_has_no_step: a stopped clock has no next step.
    ended = {"stopped_at": at, "next_step_at": None, "parked_until": None}
    if not write(clock, open_row, state=state, **fields, **ended):
        return None
    return clock


def write(clock: Clock, unchanged: Mapping[str, Any], *, state: ClockState, **changes: Any) -> bool:
    """Write ``state`` and ``changes`` to the row and to the object; return False if none matched.

    ``unchanged``: the values that the row must still have, with its id. A breach also gets its
    moment, and whether an outage of ours overlaps it.
    """
    is_breach = state == ClockState.BREACHED
    changes["state"] = state
    changes["breached_at"] = clock.due_at if is_breach else None
    # A subquery in the UPDATE instead of a query before it.
    in_outage: Computed | bool = False
    if is_breach:
        in_outage = heartbeats.overlapped(clock.started_at, clock.due_at)
    if not update_returning(Clock, unchanged, "id", **changes, in_outage=in_outage):
        return False
    for name, value in changes.items():
        setattr(clock, name, value)
    return True


@transaction.atomic(savepoint=False)
def cancel(
    subject: models.Model, metric: str, *, at: datetime, by: User | None = None
) -> Clock | None:
    """End the open clock of ``metric`` and its pause without the promised act.

    For a handoff that is withdrawn, requeued or superseded. A clock past its deadline is breached:
    taking the handoff away does not undo the delay. Returns None if no clock was open.
    """
    clock = _lock_open(subject, metric)
    if clock is None:
        return None
    pauses.end(clock, PauseEnd.TAKEN, at=at, by=by)
    state = ClockState.CANCELLED
    if at > clock.due_at:
        state = ClockState.BREACHED
    # Without the act the person's own time can only be missed, never met; not if it was tried.
    assigned_met = None
    was_late = clock.assigned_due_at is not None and at > clock.assigned_due_at
    if was_late and not tries.own_in_time(clock):
        assigned_met = False
    return _end(clock, at=at, state=state, assigned_met=assigned_met)


@transaction.atomic(savepoint=False)
def reopen(clock: Clock) -> Clock:
    """Let ``clock`` run on as if it had never been stopped, with the same deadline and ladder.

    Steps that became due in between fire with the next sweep.
    """
    clock = Clock.objects.select_for_update(no_key=True).get(pk=clock.pk)
    # The ledger decides: a breach that was announced stays, one that only the stop saw does not.
    is_breached = clock.firings.filter(kind=StepKind.BREACH).exists()
    if is_breached:
        clock.state = ClockState.BREACHED
        clock.breached_at = clock.due_at
    else:
        clock.state = ClockState.RUNNING
        clock.breached_at = None
        clock.in_outage = False
    clock.stopped_at = None
    clock.used_seconds = None
    clock.assigned_met = None
    clock.next_step_at = next_step(clock)
    clock.save(
        update_fields=[
            "state",
            "breached_at",
            "in_outage",
            "stopped_at",
            "used_seconds",
            "next_step_at",
            "assigned_met",
        ]
    )
    return clock


def next_step(clock: Clock) -> datetime | None:
    """Return when the step after the last firing is due; None at the top of the ladder."""
    last_firing = clock.firings.order_by("-level").first()
    if last_firing is None:
        return snapshots.planned(clock)
    ladder = snapshots.ladder_of(clock)
    fired = escalation_times.above(ladder, last_firing.level - 1)
    return step_after(clock, ladder, fired, planned=last_firing.planned_at, at=last_firing.at)


@dataclass(frozen=True)
class FiredStep:
    """A step that fires on its clock; ``planned``: when it was due."""

    clock: Clock
    ladder: list[LadderStep]
    step: LadderStep
    planned: datetime


class ClockMoved(Conflict):
    """A clock of a batch changed after it was read."""

    code = "clock_moved"


ADVANCE = """
UPDATE sla_clock AS clock SET level = fired.level, state = fired.state,
    breached_at = fired.breached_at, in_outage = fired.in_outage,
    next_step_at = fired.next_step_at, failures = 0, parked_until = NULL
FROM unnest(
    %s::bigint[], %s::smallint[], %s::smallint[], %s::text[], %s::timestamptz[], %s::boolean[],
    %s::timestamptz[]
) AS fired (id, from_level, level, state, breached_at, in_outage, next_step_at)
WHERE clock.id = fired.id AND clock.stopped_at IS NULL
"""
# The condition that the clock has not changed since it was read.
UNCHANGED = " AND clock.level = fired.from_level"
ADVANCE += UNCHANGED


def advance(fired: Sequence[FiredStep], *, at: datetime) -> None:
    """Write that a step of each clock fired at ``at``, and when the next one is due.

    One UPDATE, on the condition that no clock has changed since it was read. Raises ClockMoved.
    """
    if not fired:
        return
    breaches = [each.clock for each in fired if each.step.kind == StepKind.BREACH]
    outages = heartbeats.outages_of(breaches)
    rows = [_moved(each, outages, at=at) for each in fired]
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, [list(column) for column in zip(*rows, strict=True)])
        if cursor.rowcount != len(fired):
            raise ClockMoved


def _moved(fired: FiredStep, outages: list[Outage], *, at: datetime) -> tuple[Any, ...]:
    """Move the clock on past the step that fired; return its row for ADVANCE."""
    clock = fired.clock
    from_level = clock.level
    clock.level = fired.step.level
    if fired.step.kind == StepKind.BREACH:
        clock.state = ClockState.BREACHED
        clock.breached_at = clock.due_at
        clock.in_outage = heartbeats.overlaps(outages, clock.started_at, clock.due_at)
    clock.next_step_at = step_after(clock, fired.ladder, fired.step, planned=fired.planned, at=at)
    clock.failures = 0
    clock.parked_until = None
    return (
        clock.pk,
        from_level,
        clock.level,
        str(clock.state),
        clock.breached_at,
        clock.in_outage,
        clock.next_step_at,
    )


def step_after(
    clock: Clock, ladder: list[LadderStep], fired: LadderStep, *, planned: datetime, at: datetime
) -> datetime | None:
    """Return when the step after ``fired`` is due; None at the top of the ladder.

    A ladder that ends before the deadline still has the breach itself.
    """
    run = snapshots.run_of(clock)
    following = escalation_times.following(run, ladder, fired, planned=planned, at=at)
    if following is not None:
        return following[1]
    if clock.state == ClockState.BREACHED:
        return None
    return clock.due_at


def last(subject: models.Model, metric: str) -> Clock | None:
    """Return the newest clock of ``metric`` on ``subject``, open or not."""
    rows = Clock.objects.filter(
        subject_type=subjects.type_of(subject), subject_id=subject.pk, metric=metric
    )
    return rows.order_by("-id").first()


def running(subject: models.Model) -> QuerySet[Clock]:
    """Return the open clocks of ``subject``."""
    return Clock.objects.filter(
        subject_type=subjects.type_of(subject), subject_id=subject.pk, stopped_at__isnull=True
    )


def _lock_open(subject: models.Model, metric: str) -> Clock | None:
    return running(subject).filter(metric=metric).select_for_update(no_key=True).first()
