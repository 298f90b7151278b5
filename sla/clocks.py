"""Clocks: starting, stopping and reading them. The deadline is stored when the clock starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, Func, Value
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team, User
from crm.lib.snapshots import Snapshot
from sla import liveness, steps, worktime
from sla.models import Clock
from sla.states import ClockState, Metric, StepKind

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
    pk: int | None = None,
) -> Clock | None:
    """Start the clock of ``metric`` on ``subject`` under ``policy`` (agreements.policy); None where none is agreed.

    ``pk``: the id that was reserved for it (:func:`reserved`).
    """
    terms = policy["clocks"].get(metric)
    if terms is None:
        return None
    calendar, limit = _calendar(policy["calendar"]), timedelta(seconds=terms["limit_seconds"])
    run = steps.Run(calendar, at, worktime.add(calendar, at, limit), limit)
    ladder = steps.read(terms["ladder"])
    return Clock.objects.create(
        pk=pk,
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


def reserved() -> Func:
    """The id of a clock that is started next, for the row that points at it: one UPDATE then does for both."""
    return Func(Value(f"{Clock._meta.db_table}_id_seq"), function="nextval", output_field=models.BigIntegerField())


@transaction.atomic(savepoint=False)
def stop(subject: models.Model, metric: str, *, at: datetime, known: Clock | None = None) -> Clock | None:
    """Stop the open clock of ``metric``: met when ``at`` is not after the deadline, else breached.

    Judges by the stored deadline and not by what the sweep has written: the earliest true act counts.
    ``known``: the clock as the caller has it, which saves looking for it. Returns None where no clock was open.
    """
    clock = known if known is not None and known.metric == metric else _open(subject, metric)
    if clock is None:
        return None
    met = at <= clock.due_at
    used = worktime.between(calendar_of(clock), clock.started_at, at)
    ended = _end(
        clock,
        at=at,
        state=ClockState.MET if met else ClockState.BREACHED,
        used_seconds=max(0, int(used.total_seconds())),  # machines' clocks may differ by a moment
    )
    # What the caller had was over by now: another one may run.
    return ended or (stop(subject, metric, at=at) if known is not None else None)


def _end(clock: Clock, *, at: datetime, state: ClockState, **fields: Any) -> Clock | None:
    """End ``clock`` by one conditional UPDATE; None where it was over. What it is judged by never changes."""
    late = state == ClockState.BREACHED
    changes = {
        "state": state,
        "breached_at": clock.due_at if late else None,
        "stopped_at": at,
        "next_step_at": None,
        "parked_until": None,
        **fields,
    }
    in_outage = Exists(liveness.outages(clock.started_at, clock.due_at)) if late else Value(False)
    if not Clock.objects.filter(pk=clock.pk, stopped_at__isnull=True).update(**changes, in_outage=in_outage):
        return None
    for name, value in changes.items():
        setattr(clock, name, value)
    return clock


@transaction.atomic(savepoint=False)
def cancel(subject: models.Model, metric: str, *, at: datetime) -> Clock | None:
    """End the open clock of ``metric`` without the promised act (withdrawn, requeued, superseded).

    A clock that is past its deadline stays breached: taking the handoff away does not undo the delay.
    """
    clock = _open(subject, metric)
    if clock is None:
        return None
    return _end(clock, at=at, state=ClockState.BREACHED if at > clock.due_at else ClockState.CANCELLED)


@transaction.atomic(savepoint=False)
def reopen(clock: Clock) -> Clock:
    """Let ``clock`` run on as if it had never been stopped: the same deadline, the step of its ladder that is next.

    What fell due in between fires with the next sweep.
    """
    clock = Clock.objects.select_for_update(no_key=True).get(pk=clock.pk)
    ladder, run = steps.read(clock.ladder), run_of(clock)
    fired = list(clock.firings.order_by("level"))
    breached = any(firing.kind == StepKind.BREACH for firing in fired)
    clock.state = ClockState.BREACHED if breached else ClockState.RUNNING
    clock.breached_at = clock.due_at if breached else None
    clock.in_outage = breached and clock.in_outage
    clock.stopped_at = clock.used_seconds = None
    if fired:
        last = fired[-1]
        step = steps.above(ladder, last.level - 1)
        following = steps.following(run, ladder, step, planned=last.planned_at, at=last.at)
        clock.next_step_at = following[1] if following else (None if breached else clock.due_at)
    else:
        clock.next_step_at = steps.planned_at(run, ladder[0]) if ladder else clock.due_at
    clock.save(update_fields=["state", "breached_at", "in_outage", "stopped_at", "used_seconds", "next_step_at"])
    return clock


def last(subject: models.Model, metric: str) -> Clock | None:
    """The newest clock of ``metric``, running or not."""
    rows = Clock.objects.filter(subject_type=subject._meta.model_name, subject_id=subject.pk, metric=metric)
    return rows.order_by("-id").first()


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
    return _of(snapshot if isinstance(snapshot, Snapshot) else Snapshot(snapshot))


@lru_cache(maxsize=256)
def _of(snapshot: Snapshot) -> worktime.WorkCalendar:
    return worktime.WorkCalendar.from_json(snapshot)


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
