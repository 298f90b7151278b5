"""Correct a clock after the fact: an act or a start was earlier than known.

Never the other way round: a later act or start changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sla.clocks import clocks, escalation_times, pauses, snapshots
from sla.models import Clock
from sla.states import ClockState, PauseEnd


def stop_earlier(clock: Clock, *, at: datetime) -> bool:
    """Judge the stopped ``clock`` by its act at the earlier ``at``; return whether it changed.

    What the ladder did stays in the ledger.
    """
    if clock.stopped_at is None or at >= clock.stopped_at or clock.state == ClockState.CANCELLED:
        return False
    unchanged = {"id": clock.pk, "stopped_at": clock.stopped_at}
    return clocks.write(clock, unchanged, stopped_at=at, **clocks.judgement(clock, at))


@transaction.atomic(savepoint=False)
def start_earlier(clock: Clock, *, since: datetime, at: datetime) -> bool:
    """Move start and deadline of ``clock`` to the earlier ``since``; return whether it changed.

    A clock that was met stays as it is if the earlier deadline would break it after the fact.
    """
    clock = Clock.objects.select_for_update(no_key=True).get(pk=clock.pk)
    if since >= clock.started_at or clock.state == ClockState.CANCELLED:
        return False
    calendar = snapshots.calendar_of(clock)
    limit = snapshots.limit_of(clock)
    paused = snapshots.stretches(clock)
    due_at = escalation_times.deadline(calendar, since, paused, limit)
    if _was_met_after(clock, due_at):
        return False
    # The pause would last longer than the time that is left.
    if clock.paused_until is not None and due_at <= clock.paused_until:
        pauses.end(clock, PauseEnd.CORRECTED, at=at, by=None)
        paused = snapshots.stretches(clock)
    # The first person's own time starts with the clock; that of a later one stays.
    if clock.assigned_at == clock.started_at:
        clock.assigned_at = since
        clock.assigned_due_at = due_at
    clock.started_at = since
    clock.due_at = due_at
    if paused:
        counted_from, spent = escalation_times.counted(calendar, since, paused)
        clock.counted_from = counted_from
        clock.spent = spent
    soon_at = escalation_times.soon_at(snapshots.run_of(clock), limit)
    clock.soon_at = min(soon_at, due_at)
    _apply_deadline(clock, at=at)
    clock.save()
    return True


def _was_met_after(clock: Clock, due_at: datetime) -> bool:
    is_met = clock.state == ClockState.MET
    return is_met and clock.stopped_at is not None and clock.stopped_at > due_at


def _apply_deadline(clock: Clock, *, at: datetime) -> None:
    """Judge a stopped clock by its corrected deadline, or plan the next step of an open one."""
    if clock.stopped_at is not None:
        _judge_again(clock, clock.stopped_at)
        return
    if clock.paused_until is not None:
        pauses.replan(clock, clocks.next_step(clock) or clock.due_at)
    elif clock.state == ClockState.RUNNING:
        # A step that is late by the correction fires now, not before the correction was known.
        clock.next_step_at = max(clocks.next_step(clock) or clock.due_at, at)


def _judge_again(clock: Clock, stopped_at: datetime) -> None:
    clock.breached_at = clock.due_at if clock.state == ClockState.BREACHED else None
    clock.used_seconds = int(snapshots.used(clock, stopped_at).total_seconds())
    if clock.assigned_due_at is not None and clock.assigned_met is not None:
        clock.assigned_met = stopped_at <= clock.assigned_due_at
