"""Count a running clock anew under another policy: its new deadline, and the columns to write.

Rules. A clock that is over, overdue or paused stays as it is: the first two are judged, the third
follows after its pause. A clock whose new deadline has passed stays as well: no breach is made
after the fact. Every other clock is counted anew from its own start, in the new calendar, without
its pauses. Steps that fired stay in the ladder; of the new ladder only what lies ahead is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sla import snapshot_bodies
from sla.clocks import escalation_times, snapshots
from sla.clocks.escalation_times import Run
from sla.models import Clock
from sla.states import ClockState, Retime, StepKind


@dataclass(frozen=True)
class Retiming:
    """What a policy makes of a clock.

    ``due_at``: the new deadline, None if the policy has no time for the metric. ``has_changes``:
    whether there is anything to write (:func:`columns`).
    """

    outcome: Retime
    due_at: datetime | None = None
    has_changes: bool = False


def retime(clock: Clock, policy: Mapping[str, Any], *, at: datetime) -> Retiming:
    """Return what ``policy`` (policies.policy_for) makes of ``clock`` at ``at``. Writes nothing."""
    terms = policy["clocks"].get(clock.metric)
    if clock.stopped_at is not None or terms is None:
        return Retiming(Retime.NOT_AGREED)
    calendar = snapshots.calendar(policy["calendar"])
    limit = timedelta(seconds=terms["limit_seconds"])
    paused = snapshots.stretches(clock)
    due_at = escalation_times.deadline(calendar, clock.started_at, paused, limit)
    stays = _reason_to_stay(clock, due_at, at)
    if stays:
        return Retiming(stays, due_at)
    has_changes = not _is_same(clock, policy, terms, due_at)
    return Retiming(_direction(clock.due_at, due_at), due_at, has_changes)


def _reason_to_stay(clock: Clock, due_at: datetime, at: datetime) -> Retime | None:
    if clock.state == ClockState.BREACHED or at > clock.due_at:
        return Retime.OVERDUE
    if clock.paused_until is not None:
        return Retime.PAUSED
    if due_at <= at:
        return Retime.PAST
    return None


def _direction(before: datetime, after: datetime) -> Retime:
    if after > before:
        return Retime.LATER
    if after < before:
        return Retime.EARLIER
    return Retime.SAME


def _is_same(
    clock: Clock, policy: Mapping[str, Any], terms: Mapping[str, Any], due_at: datetime
) -> bool:
    # Cheap comparisons first; calendars are compared by their hours.
    if clock.commitment_id != terms["commitment"]:
        return False
    if clock.limit_seconds != terms["limit_seconds"]:
        return False
    if clock.due_at != due_at:
        return False
    return snapshots.calendar_of(clock) == snapshots.calendar(policy["calendar"])


def columns(clock: Clock, policy: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """Return the columns of ``clock`` under ``policy``, if :func:`retime` has changes."""
    terms = policy["clocks"][clock.metric]
    limit = timedelta(seconds=terms["limit_seconds"])
    paused = snapshots.stretches(clock)
    calendar = snapshots.calendar(policy["calendar"])
    since, spent = escalation_times.counted(calendar, clock.started_at, paused)
    due_at = escalation_times.deadline(calendar, clock.started_at, paused, limit)
    run = Run(calendar, since, due_at, limit - spent)
    ladder = _ladder(clock, terms["ladder"], run, at)
    ahead = [step for step in escalation_times.read(ladder) if step.level > clock.level]
    return {
        "commitment_id": terms["commitment"],
        "limit_seconds": terms["limit_seconds"],
        "calendar_ref_id": snapshot_bodies.keep(policy["calendar"]),
        "ladder_ref_id": snapshot_bodies.keep(ladder),
        "due_at": due_at,
        "soon_at": min(escalation_times.soon_at(run, limit), due_at),
        "counted_from": since if paused else None,
        "spent": spent,
        "next_step_at": escalation_times.planned_at(run, ahead[0]) if ahead else due_at,
        "assigned_due_at": _assigned_due_at(clock, run, limit, at),
    }


def _ladder(
    clock: Clock, ladder: list[dict[str, Any]], run: Run, at: datetime
) -> list[dict[str, Any]]:
    """Return the steps that fired, followed by the steps of ``ladder`` that lie ahead."""
    combined = [step for step in clock.ladder if step["level"] <= clock.level]
    level = clock.level
    ordered = sorted(ladder, key=lambda step: step["level"])
    for raw, step in zip(ordered, escalation_times.read(ladder), strict=True):
        # A warning whose time has passed is left out: it would fire at once.
        if step.kind == StepKind.WARN and escalation_times.planned_at(run, step) <= at:
            continue
        level += 1
        combined.append({**raw, "level": level})
    return combined


def _assigned_due_at(clock: Clock, run: Run, limit: timedelta, at: datetime) -> datetime | None:
    """Return the accountable person's own deadline; one that has passed, or would have, stays."""
    current = clock.assigned_due_at
    if clock.assigned_at is None or current is None:
        return current
    paused = snapshots.stretches(clock)
    due_at = escalation_times.deadline(run.calendar, clock.assigned_at, paused, limit)
    if min(due_at, current) <= at:
        return current
    return due_at
