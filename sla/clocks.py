"""Clocks: starting, stopping and reading them. The deadline is stored when the clock starts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team, User
from sla import liveness, steps, worktime
from sla.models import Clock
from sla.states import ClockState, Metric

DONE_WORDS: dict[str, Any] = {
    Metric.ACCEPT: _("Decided"),
    Metric.FIRST_CONTACT: _("Contacted"),
    Metric.SQL_DECISION: _("Decided"),
}
SOON_SHARE, SOON = 0.25, timedelta(minutes=15)  # design: due soon is a quarter of the window, or 15 minutes


@dataclass(frozen=True)
class Reading:
    """What a clock shows at one moment. ``seconds``: business seconds left, late or used, by ``status``."""

    status: str  # ok, soon, late, waiting, paused, met, missed, cancelled
    metric: str
    seconds: int
    limit_seconds: int
    left_ratio: float
    started_at: datetime
    due_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    zone: str
    is_ticking: bool

    @property
    def done_word(self) -> str:
        """What was done when the clock stopped: "Decided in 18 min"."""
        return str(DONE_WORDS.get(self.metric, _("Done")))


def start(
    subject: models.Model,
    metric: str,
    policy: Mapping[str, Any],
    *,
    team: Team,
    at: datetime,
    accountable: User | None = None,
) -> Clock | None:
    """Start the clock of ``metric`` on ``subject`` under ``policy`` (agreements.policy); None where none is agreed."""
    terms = policy["clocks"].get(metric)
    if terms is None:
        return None
    calendar, limit = _calendar(policy["calendar"]), timedelta(seconds=terms["limit_seconds"])
    run = steps.Run(calendar, at, worktime.add(calendar, at, limit), limit)
    ladder = steps.read(terms["ladder"])
    return Clock.objects.create(
        subject_type=str(subject._meta.model_name),
        subject_id=subject.pk,
        metric=metric,
        commitment_id=terms["commitment"],
        team=team,
        accountable=accountable,
        started_at=at,
        due_at=run.due_at,
        limit_seconds=terms["limit_seconds"],
        calendar=policy["calendar"],
        ladder=terms["ladder"],
        next_step_at=steps.planned_at(run, ladder[0]) if ladder else run.due_at,
    )


@transaction.atomic
def stop(subject: models.Model, metric: str, *, at: datetime) -> Clock | None:
    """Stop the open clock of ``metric``: met when ``at`` is not after the deadline, else breached.

    Judges by the stored deadline and not by what the sweep has written: the earliest true act counts.
    Returns None where no clock was open.
    """
    clock = _open(subject, metric)
    if clock is None:
        return None
    met = at <= clock.due_at
    clock.state = ClockState.MET if met else ClockState.BREACHED
    clock.breached_at = None if met else clock.due_at
    clock.in_outage = not met and liveness.was_down(clock.started_at, clock.due_at)
    clock.stopped_at, clock.next_step_at, clock.parked_until = at, None, None
    used = worktime.between(calendar_of(clock), clock.started_at, at)
    clock.used_seconds = max(0, int(used.total_seconds()))  # machines' clocks may differ by a moment
    clock.save(
        update_fields=[
            "state",
            "breached_at",
            "in_outage",
            "stopped_at",
            "next_step_at",
            "parked_until",
            "used_seconds",
        ]
    )
    return clock


@transaction.atomic
def cancel(subject: models.Model, metric: str, *, at: datetime) -> Clock | None:
    """End the open clock of ``metric`` without the promised act (withdrawn, requeued, superseded).

    A clock that is past its deadline stays breached: taking the handoff away does not undo the delay.
    """
    clock = _open(subject, metric)
    if clock is None:
        return None
    late = at > clock.due_at
    clock.state = ClockState.BREACHED if late else ClockState.CANCELLED
    clock.breached_at = clock.due_at if late else None
    clock.in_outage = late and liveness.was_down(clock.started_at, clock.due_at)
    clock.stopped_at, clock.next_step_at, clock.parked_until = at, None, None
    clock.save(update_fields=["state", "breached_at", "in_outage", "stopped_at", "next_step_at", "parked_until"])
    return clock


def hand_to(subject: models.Model, accountable: User) -> int:
    """Somebody else answers for what is still awaited of ``subject``; returns how many clocks that is. Deadlines and
    calendars stay: the promise is the team's."""
    running = Clock.objects.filter(
        subject_type=subject._meta.model_name, subject_id=subject.pk, stopped_at__isnull=True
    )
    return running.update(accountable=accountable)


def _open(subject: models.Model, metric: str) -> Clock | None:
    return (
        Clock.objects.select_for_update(no_key=True)
        .filter(
            subject_type=subject._meta.model_name,
            subject_id=subject.pk,
            metric=metric,
            stopped_at__isnull=True,
        )
        .first()
    )


def run_of(clock: Clock) -> steps.Run:
    """The clock as plain data for the ladder's arithmetic."""
    return steps.Run(calendar_of(clock), clock.started_at, clock.due_at, timedelta(seconds=clock.limit_seconds))


def calendar_of(clock: Clock) -> worktime.WorkCalendar:
    """The calendar that the clock carries."""
    return _calendar(clock.calendar)


def _calendar(snapshot: Mapping[str, Any]) -> worktime.WorkCalendar:
    return _parsed(json.dumps(snapshot, sort_keys=True))


@lru_cache(maxsize=256)
def _parsed(text: str) -> worktime.WorkCalendar:
    return worktime.WorkCalendar.from_json(json.loads(text))


def reading(clock: Clock, *, at: datetime) -> Reading:
    """What ``clock`` shows at ``at``."""
    calendar = calendar_of(clock)
    status, seconds = _status(clock, calendar, at)
    is_open = clock.stopped_at is None and worktime.is_open(calendar, at)
    left = seconds if status in ("ok", "soon", "waiting") else 0
    return Reading(
        status=status,
        metric=clock.metric,
        seconds=seconds,
        limit_seconds=clock.limit_seconds,
        left_ratio=min(1.0, left / clock.limit_seconds),
        started_at=clock.started_at,
        due_at=clock.due_at,
        opens_at=None if is_open or clock.stopped_at else worktime.next_open(calendar, at),
        closes_at=worktime.next_close(calendar, at) if is_open else None,
        zone=calendar.zone,
        is_ticking=is_open and status in ("ok", "soon", "late"),
    )


def _status(clock: Clock, calendar: worktime.WorkCalendar, at: datetime) -> tuple[str, int]:
    """The word for the clock at ``at`` and its business seconds."""
    if clock.state == ClockState.CANCELLED:
        return "cancelled", 0
    if clock.stopped_at is not None:
        if clock.state == ClockState.MET:
            return "met", clock.used_seconds or 0
        return "missed", int(worktime.between(calendar, clock.due_at, clock.stopped_at).total_seconds())
    if at > clock.due_at:
        return "late", int(worktime.between(calendar, clock.due_at, at).total_seconds())
    left = worktime.between(calendar, at, clock.due_at)
    if clock.state == ClockState.PAUSED:
        return "paused", int(left.total_seconds())
    if not worktime.is_open(calendar, at):
        return "waiting", int(left.total_seconds())
    soon = left <= SOON or left <= timedelta(seconds=clock.limit_seconds) * SOON_SHARE
    return "soon" if soon else "ok", int(left.total_seconds())
