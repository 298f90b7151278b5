"""Clocks: starting, stopping and reading them. The deadline is stored when the clock starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, Func, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team, User
from sla.clocks import escalation_times, heartbeats, pauses, snapshots
from sla.clocks import status as standing
from sla.clocks.snapshots import calendar_of, run_of
from sla.models import Clock
from sla.states import ClockState, ClockStatus, Metric, PauseEnd, StepKind
from sla.worktime import arithmetic
from sla.worktime.calendar import WorkCalendar

__all__ = ["Reading", "calendar_of", "cancel", "reading", "run_of", "start", "stop"]

DONE_WORDS: dict[str, Any] = {
    Metric.ACCEPT: _("Decided"),
    Metric.FIRST_CONTACT: _("Contacted"),
    Metric.SQL_DECISION: _("Decided"),
}
WAITING = "waiting"


@dataclass(frozen=True)
class Reading:
    """What a clock shows at one moment.

    ``seconds``: business seconds left, late or used, by ``status``.

    ``standing`` is the status by the rule that queries know, too (sla.clocks.status); ``status`` is
    the same, but "waiting" where a clock that is ok or at risk is read outside its working hours.
    """

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
    standing: str = ""
    resumes_at: datetime | None = None

    @property
    def is_waiting(self) -> bool:
        return self.status == WAITING

    @property
    def done_word(self) -> str:
        """What was done when the clock stopped: "Decided in 18 min"."""
        return str(DONE_WORDS.get(self.metric, _("Done")))


def begun(
    policy: Mapping[str, Any], metric: str, *, at: datetime, accountable: User | None = None
) -> dict[str, Any] | None:
    """The columns of a clock of ``metric`` that starts under ``policy``; None where none is agreed.

    Writes nothing.
    """
    terms = policy["clocks"].get(metric)
    if terms is None:
        return None
    calendar, limit = (
        snapshots.calendar(policy["calendar"]),
        timedelta(seconds=terms["limit_seconds"]),
    )
    run = escalation_times.Run(calendar, at, arithmetic.add(calendar, at, limit), limit)
    ladder = escalation_times.read(terms["ladder"])
    return {
        "metric": metric,
        "commitment_id": terms["commitment"],
        "accountable": accountable,
        "started_at": at,
        "due_at": run.due_at,
        "soon_at": min(escalation_times.soon_at(run, limit), run.due_at),
        "limit_seconds": terms["limit_seconds"],
        "calendar": policy["calendar"],
        "ladder": terms["ladder"],
        "next_step_at": escalation_times.planned_at(run, ladder[0]) if ladder else run.due_at,
        "assigned_at": at if accountable else None,
        "assigned_due_at": run.due_at if accountable else None,
    }


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
    """Start the clock of ``metric`` on ``subject`` under ``policy`` (agreements.policy); None where
    none is agreed.

    ``pk``: the id that was reserved for it (:func:`reserved`).
    """
    columns = begun(policy, metric, at=at, accountable=accountable)
    if columns is None:
        return None
    name = str(subject._meta.model_name)
    return Clock.objects.create(
        pk=pk, subject_type=name, subject_id=subject.pk, team=team, **columns
    )


def reserved() -> Func:
    """The id of a clock that is started next, for the row that points at it: one UPDATE then does
    for both.
    """
    return Func(
        Value(f"{Clock._meta.db_table}_id_seq"),
        function="nextval",
        output_field=models.BigIntegerField(),
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
    """Stop the open clock of ``metric``: met when ``at`` is not after the deadline, else breached.

    A pause is over.

    Judges by the stored deadline and not by what the sweep has written: the earliest true act
    counts. ``known``: the clock as the caller has it, which saves looking for it. Returns None
    where no clock was open.
    """
    clock = known if known is not None and known.metric == metric else _open(subject, metric)
    if clock is None:
        return None
    ended = settle(clock, at=at, by=by)
    # What the caller had was over by now: another one may run.
    return ended or (stop(subject, metric, at=at) if known is not None else None)


def settle(clock: Clock, *, at: datetime, by: User | None = None) -> Clock | None:
    """Stop this ``clock``, judged by the act at ``at``; None where it was over."""
    pauses.end(clock, PauseEnd.DONE, at=at, by=by)
    return _end(clock, at=at, **_judged(clock, at))


def _judged(clock: Clock, at: datetime) -> dict[str, Any]:
    """What the promised act at ``at`` makes of ``clock``, and of the own clock of who answers for
    it.
    """
    return {
        "state": ClockState.MET if at <= clock.due_at else ClockState.BREACHED,
        "used_seconds": max(
            0, int(snapshots.used(clock, at).total_seconds())
        ),  # machines' clocks may differ by a moment
        "assigned_met": None if clock.assigned_due_at is None else at <= clock.assigned_due_at,
    }


def _end(clock: Clock, *, at: datetime, state: ClockState, **fields: Any) -> Clock | None:
    """End ``clock`` by one conditional UPDATE; None where it was over.

    What it is judged by never changes.
    """
    running = Clock.objects.filter(pk=clock.pk, stopped_at__isnull=True)
    changes = {**fields, "stopped_at": at, "next_step_at": None, "parked_until": None}
    return clock if _write(clock, running, state=state, **changes) else None


def _write(clock: Clock, rows: QuerySet[Clock], *, state: ClockState, **changes: Any) -> int:
    """Write to ``rows``, the clock's own as long as it is what it was, and to the object, with what
    a breach brings.
    """
    late = state == ClockState.BREACHED
    changes |= {"state": state, "breached_at": clock.due_at if late else None}
    in_outage = Exists(heartbeats.outages(clock.started_at, clock.due_at)) if late else Value(False)
    found = rows.update(**changes, in_outage=in_outage)
    for name, value in changes.items() if found else ():
        setattr(clock, name, value)
    return found


@transaction.atomic(savepoint=False)
def cancel(
    subject: models.Model, metric: str, *, at: datetime, by: User | None = None
) -> Clock | None:
    """End the open clock of ``metric`` without the promised act (withdrawn, requeued, superseded).

    A pause is over.

    A clock that is past its deadline stays breached: taking the handoff away does not undo the
    delay.
    """
    clock = _open(subject, metric)
    if clock is None:
        return None
    pauses.end(clock, PauseEnd.TAKEN, at=at, by=by)
    own_is_late = clock.assigned_due_at is not None and at > clock.assigned_due_at
    state = ClockState.BREACHED if at > clock.due_at else ClockState.CANCELLED
    return _end(clock, at=at, state=state, assigned_met=False if own_is_late else None)


@transaction.atomic(savepoint=False)
def reopen(clock: Clock) -> Clock:
    """Let ``clock`` run on as if it had never been stopped: the same deadline, the step of its
    ladder that is next.

    What fell due in between fires with the next sweep.
    """
    clock = Clock.objects.select_for_update(no_key=True).get(pk=clock.pk)
    breached = clock.firings.filter(kind=StepKind.BREACH).exists()
    clock.state = ClockState.BREACHED if breached else ClockState.RUNNING
    clock.breached_at = clock.due_at if breached else None
    clock.in_outage = breached and clock.in_outage
    clock.stopped_at = clock.used_seconds = clock.assigned_met = None
    clock.next_step_at = next_step(clock)
    fields = [
        "state",
        "breached_at",
        "in_outage",
        "stopped_at",
        "used_seconds",
        "next_step_at",
        "assigned_met",
    ]
    clock.save(update_fields=fields)
    return clock


def next_step(clock: Clock) -> datetime | None:
    """When the step of the ladder after those that fired is due; None at the top of it."""
    last = clock.firings.order_by("-level").first()
    if last is None:
        return snapshots.planned(clock)
    ladder = escalation_times.read(clock.ladder)
    step = escalation_times.above(ladder, last.level - 1)
    following = escalation_times.following(
        run_of(clock), ladder, step, planned=last.planned_at, at=last.at
    )
    return (
        following[1]
        if following
        else (None if clock.state == ClockState.BREACHED else clock.due_at)
    )


def correct(clock: Clock, *, at: datetime) -> bool:
    """The promised act was at ``at``, earlier than we knew: judge the stopped ``clock`` by it.

    False: nothing new.

    Never the other way round: a later act changes nothing. What the ladder did stays in the ledger.
    """
    if clock.stopped_at is None or at >= clock.stopped_at or clock.state == ClockState.CANCELLED:
        return False
    same = Clock.objects.filter(pk=clock.pk, stopped_at=clock.stopped_at)
    return bool(_write(clock, same, stopped_at=at, **_judged(clock, at)))


@transaction.atomic(savepoint=False)
def begin_earlier(clock: Clock, *, since: datetime, at: datetime) -> bool:
    """``clock`` began at ``since``, earlier than we knew; its deadline comes earlier, too.

    False: nothing changed.

    A clock that was found kept stays as it was judged where the earlier deadline would break it
    after the fact.
    """
    clock = Clock.objects.select_for_update(no_key=True).get(pk=clock.pk)
    if since >= clock.started_at or clock.state == ClockState.CANCELLED:
        return False
    limit, stood = snapshots.limit_of(clock), snapshots.stretches(clock)
    due_at = escalation_times.deadline(calendar_of(clock), since, stood, limit)
    if clock.state == ClockState.MET and clock.stopped_at is not None and clock.stopped_at > due_at:
        return False
    if clock.paused_until is not None and due_at <= clock.paused_until:
        pauses.end(clock, PauseEnd.CORRECTED, at=at, by=None)
        stood = snapshots.stretches(clock)
    if clock.assigned_at == clock.started_at:
        clock.assigned_at, clock.assigned_due_at = since, due_at
    clock.started_at, clock.due_at = since, due_at
    if stood:
        clock.counted_from, clock.spent = escalation_times.counted(calendar_of(clock), since, stood)
    clock.soon_at = min(escalation_times.soon_at(run_of(clock), limit), due_at)
    _follow(clock, at=at)
    clock.save()
    return True


def _follow(clock: Clock, *, at: datetime) -> None:
    """What hangs on a deadline that was corrected: the judgement of a clock that is over, the next
    step of another.
    """
    if clock.stopped_at is not None:
        clock.breached_at = clock.due_at if clock.state == ClockState.BREACHED else None
        clock.used_seconds = int(snapshots.used(clock, clock.stopped_at).total_seconds())
        if clock.assigned_due_at is not None and clock.assigned_met is not None:
            clock.assigned_met = clock.stopped_at <= clock.assigned_due_at
    elif clock.paused_until is not None:
        pauses.replan(clock, next_step(clock) or clock.due_at)
    elif clock.state == ClockState.RUNNING:
        clock.next_step_at = max(
            next_step(clock) or clock.due_at, at
        )  # late steps fire now, not before it was known


def last(subject: models.Model, metric: str) -> Clock | None:
    """The newest clock of ``metric``, running or not."""
    rows = Clock.objects.filter(
        subject_type=subject._meta.model_name, subject_id=subject.pk, metric=metric
    )
    return rows.order_by("-id").first()


def running(subject: models.Model) -> QuerySet[Clock]:
    """The clocks of ``subject`` that are still awaited."""
    return Clock.objects.filter(
        subject_type=subject._meta.model_name, subject_id=subject.pk, stopped_at__isnull=True
    )


def _open(subject: models.Model, metric: str) -> Clock | None:
    return running(subject).filter(metric=metric).select_for_update(no_key=True).first()


def reading(clock: Clock, *, at: datetime) -> Reading:
    """What ``clock`` shows at ``at``."""
    calendar, status = calendar_of(clock), standing.status(clock, at=at)
    seconds = _seconds(clock, calendar, status, at)
    is_open = clock.stopped_at is None and arithmetic.is_open(calendar, at)
    waits = status in (ClockStatus.OK, ClockStatus.SOON) and not is_open
    left = seconds if status in standing.AWAITED else 0
    return Reading(
        status=WAITING if waits else status.value,
        metric=clock.metric,
        seconds=seconds,
        limit_seconds=clock.limit_seconds,
        left_ratio=min(1.0, left / clock.limit_seconds),
        started_at=clock.started_at,
        due_at=clock.due_at,
        opens_at=None if is_open or clock.stopped_at else arithmetic.next_open(calendar, at),
        closes_at=arithmetic.next_close(calendar, at) if is_open else None,
        zone=calendar.zone,
        is_ticking=is_open and status in (ClockStatus.OK, ClockStatus.SOON, ClockStatus.LATE),
        standing=status.value,
        resumes_at=clock.paused_until if status == ClockStatus.PAUSED else None,
    )


def _seconds(clock: Clock, calendar: WorkCalendar, status: ClockStatus, at: datetime) -> int:
    """The business seconds that belong to the status."""
    match status:
        case ClockStatus.CANCELLED:
            return 0
        case ClockStatus.MET:
            return clock.used_seconds or 0
        case ClockStatus.MISSED | ClockStatus.LATE:
            return int(
                arithmetic.between(calendar, clock.due_at, clock.stopped_at or at).total_seconds()
            )
    # a paused clock goes on from the end of its pause
    since = max(at, clock.paused_until) if clock.paused_until is not None else at
    return int(arithmetic.between(calendar, since, clock.due_at).total_seconds())
