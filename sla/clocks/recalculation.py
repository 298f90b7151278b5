"""Giving a clock that runs the terms of another policy: where its deadline would lie, and the
columns to write.

Rules. A clock that is over, overdue, or paused stays as it is: the first two are judged already,
the third is brought along once its pause is over. A clock whose new deadline has passed stays as
well: no breach is made after the fact. Everything else is counted anew from its own start, in the
new calendar, without its pauses. Steps that fired stay in the ladder as they were; of the new one
only what lies ahead is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sla.clocks import escalation_times, snapshots
from sla.models import Clock
from sla.states import ClockState, Retime, StepKind


@dataclass(frozen=True)
class Retimed:
    """What a policy makes of a clock.

    ``due_at``: where the deadline would lie, None where no time is agreed; ``is_new``: whether
    there is anything to write (:func:`columns`).
    """

    outcome: Retime
    due_at: datetime | None = None
    is_new: bool = False


def retimed(clock: Clock, policy: Mapping[str, Any], *, at: datetime) -> Retimed:
    """What ``policy`` (agreements.policy) makes of ``clock`` at ``at``. Writes nothing."""
    terms = policy["clocks"].get(clock.metric)
    if clock.stopped_at is not None or terms is None:
        return Retimed(Retime.NOT_AGREED)
    limit = timedelta(seconds=terms["limit_seconds"])
    due_at = escalation_times.deadline(
        snapshots.calendar(policy["calendar"]), clock.started_at, snapshots.stretches(clock), limit
    )
    if stays := _why_it_stays(clock, due_at, at):
        return Retimed(stays, due_at)
    outcome = (
        Retime.LATER
        if due_at > clock.due_at
        else Retime.EARLIER
        if due_at < clock.due_at
        else Retime.SAME
    )
    return Retimed(outcome, due_at, is_new=not _is_same(clock, policy, terms, due_at))


def columns(clock: Clock, policy: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """The columns of ``clock`` under ``policy``, where :func:`retimed` says that there is something
    new.
    """
    terms, calendar = policy["clocks"][clock.metric], snapshots.calendar(policy["calendar"])
    limit, stood = timedelta(seconds=terms["limit_seconds"]), snapshots.stretches(clock)
    since, spent = escalation_times.counted(calendar, clock.started_at, stood)
    run = escalation_times.Run(
        calendar,
        since,
        escalation_times.deadline(calendar, clock.started_at, stood, limit),
        limit - spent,
    )
    ladder = _ladder(clock, terms["ladder"], run, at)
    ahead = [step for step in escalation_times.read(ladder) if step.level > clock.level]
    return {
        "commitment_id": terms["commitment"],
        "limit_seconds": terms["limit_seconds"],
        "calendar": policy["calendar"],
        "ladder": ladder,
        "due_at": run.due_at,
        "soon_at": min(escalation_times.soon_at(run, limit), run.due_at),
        "counted_from": since if stood else None,
        "spent": spent,
        "next_step_at": escalation_times.planned_at(run, ahead[0]) if ahead else run.due_at,
        "assigned_due_at": _own_due_at(clock, run, stood, limit, at),
    }


def _why_it_stays(clock: Clock, due_at: datetime, at: datetime) -> Retime | None:
    if clock.state == ClockState.BREACHED or at > clock.due_at:
        return Retime.OVERDUE
    if clock.paused_until is not None:
        return Retime.PAUSED
    return Retime.PAST if due_at <= at else None


def _is_same(
    clock: Clock, policy: Mapping[str, Any], terms: Mapping[str, Any], due_at: datetime
) -> bool:
    same_calendar = snapshots.calendar_of(clock) == snapshots.calendar(policy["calendar"])
    same_terms = (clock.commitment_id, clock.limit_seconds) == (
        terms["commitment"],
        terms["limit_seconds"],
    )
    return same_calendar and same_terms and clock.due_at == due_at


def _ladder(
    clock: Clock, ladder: list[dict[str, Any]], run: escalation_times.Run, at: datetime
) -> list[dict[str, Any]]:
    """The steps of the clock that fired, and after them those of ``ladder`` that are still ahead,
    numbered on.
    """
    fired = [step for step in clock.ladder if step["level"] <= clock.level]
    ahead = [
        raw
        for raw, step in zip(
            sorted(ladder, key=lambda raw: raw["level"]), escalation_times.read(ladder), strict=True
        )
        if step.kind != StepKind.WARN or escalation_times.planned_at(run, step) > at
    ]
    return [
        *fired,
        *({**raw, "level": level} for level, raw in enumerate(ahead, start=clock.level + 1)),
    ]


def _own_due_at(
    clock: Clock,
    run: escalation_times.Run,
    stood: list[tuple[datetime, datetime]],
    limit: timedelta,
    at: datetime,
) -> datetime | None:
    """The own deadline of who answers for the clock; one that has passed, or would have, stays as
    well.
    """
    if clock.assigned_at is None or clock.assigned_due_at is None:
        return clock.assigned_due_at
    due_at = escalation_times.deadline(run.calendar, clock.assigned_at, stood, limit)
    return clock.assigned_due_at if min(due_at, clock.assigned_due_at) <= at else due_at
