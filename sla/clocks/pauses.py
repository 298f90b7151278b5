"""Pauses: a clock that waits for the lead stands still until a moment; its deadline moves along.

Rules. Only the clocks of the first contact and of the SQL decision pause, while they run and have
time left, for a reason that their policy allows. The deadline is moved when the pause begins, by
the business time that it will last: so a pause ends in time without any event, and a late sweep
does no harm. A reason caps its pauses of one clock together, in calendar minutes; all pauses of a
clock together last at most ``LONGEST_TOTAL``. A pause that ends early moves the deadline back by
the remainder. Snoozing is different: it hides a lead from one person's view and never touches a
clock, so the wait in the queue always counts.
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
from sla.clocks.snapshots import ClockRow
from sla.models import Clock, Pause, PauseReason
from sla.states import PAUSABLE, ClockState, PauseEnd

LONGEST_TOTAL = timedelta(days=30)  # all pauses of one clock together
DEADLINES = ("due_at", "soon_at", "assigned_due_at")  # the columns that a pause moves


class NotPausable(Conflict):
    """The clock cannot pause now; the message says why."""

    code = "not_pausable"
    message: object = gettext_lazy("This clock cannot be paused.")


class BadPause(DomainError):
    """The reason or the end of the pause is wrong; ``fields`` names ``reason`` or ``until``."""

    code = "bad_pause"


@dataclass(frozen=True)
class AllowedReason:
    """A reason that a policy allows, and the cap on its pauses of one clock."""

    reason: PauseReason
    longest: timedelta


def allowed(policy: Mapping[str, Any]) -> list[AllowedReason]:
    """Return the reasons in use that ``policy`` allows, with the agreed caps; one query.

    A policy of an agreement without a rule on pauses allows every reason of the catalogue.
    """
    agreed = policy.get("pauses")
    reasons = PauseReason.objects.filter(archived_at__isnull=True)
    if agreed is None:
        return [AllowedReason(each, timedelta(minutes=each.longest_minutes)) for each in reasons]
    return [
        AllowedReason(reason, timedelta(seconds=agreed[reason.code]))
        for reason in reasons.filter(code__in=list(agreed))
    ]


def default_caps() -> dict[str, int]:
    """Return every reason in use with its own cap in minutes: the pauses of a new draft."""
    reasons = PauseReason.objects.filter(archived_at__isnull=True)
    return dict(reasons.values_list("code", "longest_minutes"))


def can_pause(clock: Clock, *, at: datetime) -> bool:
    """Return whether ``clock`` may pause at ``at``, whatever the reason."""
    return not _obstacle(clock, at)


def _obstacle(clock: Clock, at: datetime) -> str:
    if clock.metric not in PAUSABLE:
        return _("Only the clocks of the first contact and of the SQL decision can be paused.")
    if clock.stopped_at is not None:
        return _("This clock is over.")
    if clock.paused_until is not None and at < clock.paused_until:
        return _("This clock is paused already.")
    is_late = clock.state == ClockState.BREACHED or at > clock.due_at
    if is_late or snapshots.used(clock, at) >= snapshots.limit_of(clock):
        return _("The deadline has passed: a pause would come too late.")
    return ""


def latest(clock: Clock, choice: AllowedReason, *, at: datetime) -> datetime:
    """Return the latest end of a pause that begins at ``at``: what reason and total have left."""
    for_reason = timedelta(0)
    total = timedelta(0)
    for pause in clock.pauses.all():
        length = (pause.ended_at or pause.until) - pause.started_at
        total += length
        if pause.reason_id == choice.reason.pk:
            for_reason += length
    remaining = min(choice.longest - for_reason, LONGEST_TOTAL - total)
    return at + max(remaining, timedelta(0))


@transaction.atomic(savepoint=False)
def begin(
    clock: Clock, choice: AllowedReason, *, until: datetime, by: User, at: datetime, note: str = ""
) -> Pause:
    """Pause ``clock`` from ``at`` to ``until``.

    Moves the deadline, the moment of risk, the accountable person's own deadline and the next step
    of the ladder. Raises NotPausable, BadPause naming ``until``.
    """
    clock = Clock.objects.select_for_update(no_key=True).get(pk=clock.pk)
    if clock.paused_until is not None and at >= clock.paused_until:
        # The previous pause is over, but no sweep has recorded its end yet.
        end(clock, PauseEnd.ELAPSED, at=at, by=None)
    obstacle = _obstacle(clock, at)
    if obstacle:
        raise NotPausable(obstacle)
    _check_end(clock, choice, until=until, at=at)
    spent = snapshots.used(clock, at)
    next_step_at = clock.next_step_at or clock.due_at
    _move_deadlines(clock, since=at, to=until)
    then_step_at = until
    if next_step_at > at:
        calendar = snapshots.calendar_of(clock)
        then_step_at = escalation_times.shifted(calendar, next_step_at, since=at, to=until)
    pause = Pause.objects.create(
        clock=clock,
        reason=choice.reason,
        by=by,
        started_at=at,
        until=until,
        then_step_at=then_step_at,
        note=note,
    )
    clock.state = ClockState.PAUSED
    clock.paused_until = until
    clock.next_step_at = until
    clock.counted_from = until
    clock.spent = spent
    changed = ["state", "paused_until", "next_step_at", "counted_from", "spent"]
    clock.save(update_fields=[*changed, *DEADLINES])
    return pause


def _check_end(clock: Clock, choice: AllowedReason, *, until: datetime, at: datetime) -> None:
    """Raise BadPause unless ``until`` lies after ``at`` and within the caps."""
    text = ""
    latest_end = latest(clock, choice, at=at)
    if until <= at:
        text = _("Choose a moment that has not passed.")
    elif until > latest_end > at:
        moment = number_formats.when(timezone.localtime(latest_end), "D j M Y, H:i")
        text = _("Too long: for this reason until %(moment)s at most.") % {"moment": moment}
    elif until > latest_end:
        text = _("This reason has no time left on this clock.")
    if text:
        raise BadPause(text, fields={"until": text})


def _move_deadlines(clock: Clock, *, since: datetime, to: datetime) -> None:
    """Move every deadline after ``since``, as if the clock ran on at ``to`` instead."""
    calendar = snapshots.calendar_of(clock)
    for column in DEADLINES:
        moment = getattr(clock, column)
        if moment is not None:
            setattr(clock, column, escalation_times.shifted(calendar, moment, since=since, to=to))


@transaction.atomic(savepoint=False)
def end(clock: Clock, cause: PauseEnd, *, at: datetime, by: User | None) -> Pause | None:
    """End the pause of ``clock``; the clock runs on from ``at``, or from an earlier planned end.

    A pause that ends before its beginning has no length. Returns None if the clock was not paused.
    """
    if clock.paused_until is None:
        return None
    # The sweep and a person may end the pause at once: read the row again under its lock.
    clock.refresh_from_db(from_queryset=Clock.objects.select_for_update(no_key=True))
    open_pauses = Pause.objects.filter(clock=clock, ended_at__isnull=True)
    pause = open_pauses.select_for_update(no_key=True).first()
    if pause is None:
        return None
    ended_at = min(max(at, pause.started_at), pause.until)
    _run_on(clock, pause, ended_at)
    pause.ended_at = ended_at
    pause.ended_by = by
    pause.end = cause
    if at >= pause.until:
        pause.ended_by = None
        pause.end = PauseEnd.ELAPSED
    pause.save(update_fields=["ended_at", "ended_by", "end"])
    return pause


def _run_on(clock: Clock, pause: Pause, ended_at: datetime) -> None:
    """Let ``clock`` run on from ``ended_at`` instead of the planned end of ``pause``."""
    _move_deadlines(clock, since=pause.until, to=ended_at)
    # A step that was due before the pause began is due at once.
    next_step_at = ended_at
    if pause.then_step_at > pause.until:
        calendar = snapshots.calendar_of(clock)
        next_step_at = escalation_times.shifted(
            calendar, pause.then_step_at, since=pause.until, to=ended_at
        )
    clock.state = ClockState.RUNNING
    clock.paused_until = None
    clock.next_step_at = next_step_at
    clock.counted_from = ended_at
    changed = ["state", "paused_until", "next_step_at", "counted_from"]
    clock.save(update_fields=[*changed, *DEADLINES])


def replan(clock: Clock, step_at: datetime) -> None:
    """Plan the next ladder step after the pause for ``step_at``, but not before the pause ends."""
    Pause.objects.filter(clock=clock, ended_at__isnull=True).update(
        then_step_at=Greatest("until", Value(step_at))
    )


def open_pauses(clocks: Iterable[Clock | ClockRow | None], *, at: datetime) -> dict[int, Pause]:
    """Return the open pause, with its reason, of each clock that is paused at ``at``, by clock id.

    A query only if one of them is paused.
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
