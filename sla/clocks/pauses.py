"""Pauses: a clock that waits for the lead stands still until a date, and its deadline moves by the
time it stood.

Rules. Only the clocks of the first contact and of the SQL decision pause, while they run and have
time left, for a reason that their policy allows. The deadline is moved when the pause begins, by
the business time that it will last: so nothing has to happen for a pause to be over on time, and
the sweep that notes it may be late without harm. A reason caps its pauses of one clock together, in
minutes of the wall's calendar; all pauses of a clock together last at most ``MOST``. A pause that
ends early moves the deadline back by what was left of it. Snoozing is none of this: it hides a lead
from one person's view and never touches a clock, so the wait in the queue always counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.lib import number_formats
from crm.lib.errors import Conflict, DomainError
from sla.clocks import escalation_times, snapshots
from sla.models import Clock, Pause, PauseReason
from sla.states import PAUSABLE, ClockState, PauseEnd

MOST = timedelta(days=30)  # all pauses of one clock together
MOVED = ("due_at", "soon_at", "assigned_due_at")


class NotPausable(Conflict):
    """The clock cannot pause now; the message says why."""

    code = "not_pausable"
    message = gettext_lazy("This clock cannot be paused.")


class BadPause(DomainError):
    """The reason or the end of the pause; ``fields`` names it: ``reason`` or ``until``."""

    code = "bad_pause"


@dataclass(frozen=True)
class Allowed:
    """A reason that a policy allows, and how long it may last at most."""

    reason: PauseReason
    longest: timedelta


def allowed(policy: Mapping[str, Any]) -> list[Allowed]:
    """The reasons in use that ``policy`` allows, each with the cap that was agreed; one query.

    A policy that says nothing of pauses (of a version that knew none) allows every reason of the
    catalogue.
    """
    agreed = policy.get("pauses")
    rows = PauseReason.objects.filter(archived_at__isnull=True)
    if agreed is None:
        return [Allowed(reason, timedelta(minutes=reason.longest_minutes)) for reason in rows]
    return [
        Allowed(r, timedelta(seconds=agreed[r.code])) for r in rows.filter(code__in=list(agreed))
    ]


def proposed() -> dict[str, int]:
    """What a draft of an agreement begins with: every reason in use, with the cap in minutes that
    it has by itself.
    """
    rows = PauseReason.objects.filter(archived_at__isnull=True)
    return dict(rows.values_list("code", "longest_minutes"))


def can_pause(clock: Clock, *, at: datetime) -> bool:
    """Whether ``clock`` may pause at ``at``, whatever the reason."""
    return not _obstacle(clock, at)


def _obstacle(clock: Clock, at: datetime) -> str:
    if clock.metric not in PAUSABLE:
        return _("Only the clocks of the first contact and of the SQL decision can be paused.")
    if clock.stopped_at is not None:
        return _("This clock is over.")
    if clock.paused_until is not None and at < clock.paused_until:
        return _("This clock is paused already.")
    if (
        clock.state == ClockState.BREACHED
        or at > clock.due_at
        or snapshots.used(clock, at) >= snapshots.limit_of(clock)
    ):
        return _("The deadline has passed: a pause would come too late.")
    return ""


def latest(clock: Clock, choice: Allowed, *, at: datetime) -> datetime:
    """Up to when a pause of ``clock`` that begins at ``at`` may last: what its reason and all
    pauses have left.
    """
    stood = [(p.reason_id, (p.ended_at or p.until) - p.started_at) for p in clock.pauses.all()]
    for_this = sum((length for reason, length in stood if reason == choice.reason.pk), timedelta(0))
    in_all = sum((length for _reason, length in stood), timedelta(0))
    return at + max(min(choice.longest - for_this, MOST - in_all), timedelta(0))


@transaction.atomic(savepoint=False)
def begin(
    clock: Clock, choice: Allowed, *, until: datetime, by: User, at: datetime, note: str = ""
) -> Pause:
    """Pause ``clock`` from ``at`` to ``until``. Raises NotPausable, BadPause naming ``until``.

    Moves the deadline, the moment of risk, the own deadline of who answers for it, and the ladder's
    next step.
    """
    clock = Clock.objects.select_for_update(no_key=True).get(pk=clock.pk)
    if clock.paused_until is not None and at >= clock.paused_until:
        end(clock, PauseEnd.ELAPSED, at=at, by=None)  # over, though no sweep has noted it
    if obstacle := _obstacle(clock, at):
        raise NotPausable(obstacle)
    _check_end(clock, choice, until=until, at=at)
    spent, planned = snapshots.used(clock, at), clock.next_step_at or clock.due_at
    _move(clock, since=at, to=until)
    calendar = snapshots.calendar_of(clock)
    then = (
        escalation_times.shifted(calendar, planned, since=at, to=until) if planned > at else until
    )
    pause = Pause.objects.create(
        clock=clock,
        reason=choice.reason,
        by=by,
        started_at=at,
        until=until,
        then_step_at=then,
        note=note,
    )
    clock.state, clock.paused_until, clock.next_step_at = ClockState.PAUSED, until, until
    clock.counted_from, clock.spent = until, spent
    clock.save(
        update_fields=["state", "paused_until", "next_step_at", "counted_from", "spent", *MOVED]
    )
    return pause


def _check_end(clock: Clock, choice: Allowed, *, until: datetime, at: datetime) -> None:
    if until <= at:
        text = _("Choose a moment that has not passed.")
        raise BadPause(text, fields={"until": text})
    most = latest(clock, choice, at=at)
    if until > most:
        text = _("This reason has no time left on this clock.")
        if most > at:
            words = {"moment": number_formats.when(timezone.localtime(most), "D j M Y, H:i")}
            text = _("Too long: for this reason until %(moment)s at most.") % words
        raise BadPause(text, fields={"until": text})


def _move(clock: Clock, *, since: datetime, to: datetime) -> None:
    """Move every deadline of the clock that lies after ``since``, as if it went on at ``to``
    instead.
    """
    calendar = snapshots.calendar_of(clock)
    for column in MOVED:
        moment = getattr(clock, column)
        if moment is not None:
            setattr(clock, column, escalation_times.shifted(calendar, moment, since=since, to=to))


@transaction.atomic(savepoint=False)
def end(clock: Clock, cause: PauseEnd, *, at: datetime, by: User | None) -> Pause | None:
    """End the pause of ``clock``: the clock runs on from ``at``, or from the planned end if that
    was before.

    Where the act that ends it lies before its beginning the pause has no length. None where the
    clock was not paused.
    """
    if clock.paused_until is None:
        return None
    clock.refresh_from_db(from_queryset=Clock.objects.select_for_update(no_key=True))
    pause = (
        Pause.objects.select_for_update(no_key=True)
        .filter(clock=clock, ended_at__isnull=True)
        .first()
    )
    if pause is None:
        return None
    ended_at = min(max(at, pause.started_at), pause.until)
    if at >= pause.until:
        cause, by = PauseEnd.ELAPSED, None
    _move(clock, since=pause.until, to=ended_at)
    then = ended_at  # what was due before the pause began is due now
    if pause.then_step_at > pause.until:
        then = escalation_times.shifted(
            snapshots.calendar_of(clock), pause.then_step_at, since=pause.until, to=ended_at
        )
    clock.state, clock.paused_until, clock.next_step_at = ClockState.RUNNING, None, then
    clock.counted_from = ended_at
    clock.save(update_fields=["state", "paused_until", "next_step_at", "counted_from", *MOVED])
    pause.ended_at, pause.ended_by, pause.end = ended_at, by, cause
    pause.save(update_fields=["ended_at", "ended_by", "end"])
    return pause


def replan(clock: Clock, step_at: datetime) -> None:
    """The ladder's next step after the pause of ``clock`` is due at ``step_at``, but not before the
    pause is over.
    """
    Pause.objects.filter(clock=clock, ended_at__isnull=True).update(
        then_step_at=Greatest("until", Value(step_at))
    )


def explain(clocks: Iterable[Clock | None], *, at: datetime) -> dict[int, Pause]:
    """The open pause, with its reason, of each clock that is paused at ``at``; a query only where
    one is.
    """
    paused = [
        clock.pk
        for clock in clocks
        if clock is not None and clock.paused_until and at < clock.paused_until
    ]
    if not paused:
        return {}
    rows = Pause.objects.filter(clock__in=paused, ended_at__isnull=True).select_related("reason")
    return {pause.clock_id: pause for pause in rows}
