"""Pause the clock of a handoff because the lead asked for time, and resume it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts.models import User
from leads.conflicts import AlreadyTaken, MovedOn
from leads.handoffs import notices, state_changes
from leads.handoffs.notices import News
from leads.models import Handoff
from leads.states import PAUSED_IN, EventKind
from sla.clocks import clocks, pauses
from sla.clocks.pauses import AllowedReason
from sla.models import Clock, Pause, PauseReason
from sla.states import PauseEnd


class NotPausable(MovedOn, pauses.NotPausable):
    """The clock cannot pause now; the message says why, and who changed it."""

    code = "not_pausable"


@transaction.atomic
def pause(
    handoff: Handoff,
    reason: PauseReason,
    *,
    until: datetime,
    by: User,
    at: datetime,
    note: str = "",
) -> Pause:
    """Pause the open clock of ``handoff`` until ``until``, for a reason that its policy allows.

    Raises MovedOn, AlreadyTaken, NotPausable, pauses.BadPause naming ``reason`` or
    ``until``.
    """
    clock = _lock_clock(handoff)
    # The handoff's policy says which reasons are allowed, not the catalogue of today.
    allowed = _allowed(handoff, reason)
    try:
        # A savepoint: the reason of a refusal is read from the database.
        with transaction.atomic():
            started = pauses.begin(clock, allowed, until=until, by=by, at=at, note=note)
    except pauses.NotPausable as error:
        raise NotPausable(handoff, error.message) from error
    payload = {
        "pause_reason": reason.code,
        "until": until.isoformat(),
        "metric": clock.metric,
        "note": note,
    }
    state_changes.record(handoff, EventKind.PAUSED, by=by, at=at, payload=payload)
    return started


def _allowed(handoff: Handoff, reason: PauseReason) -> AllowedReason:
    for allowed in pauses.allowed(handoff.policy):
        if allowed.reason.pk == reason.pk:
            return allowed
    text = _("The agreement of this handoff allows no pause for this reason.")
    raise pauses.BadPause(text, fields={"reason": text})


@transaction.atomic
def resume(handoff: Handoff, *, by: User, at: datetime) -> Pause:
    """End the pause of ``handoff`` early; the clock runs on from ``at``.

    Raises MovedOn if there is no pause, AlreadyTaken.
    """
    clock = _lock_clock(handoff)
    ended = pauses.end(clock, PauseEnd.BY_HAND, at=at, by=by)
    if ended is None:
        raise MovedOn(handoff)
    _record_end(handoff, clock, ended, by=ended.ended_by, at=at)
    return ended


def elapsed(handoff: Handoff, clock: Clock, pause: Pause, *, at: datetime) -> None:
    """Record that ``pause`` reached its planned end and notify the owner."""
    _record_end(handoff, clock, pause, by=None, at=at)
    if handoff.owner is None:
        return
    params = {"metric": clock.metric, "due_at": clock.due_at.isoformat()}
    owner = [handoff.owner]
    news = News("handoff.resumed", handoff, owner, key=f"pause:{pause.pk}", params=params)
    notices.notify_to_act(news, at=at)


def _record_end(
    handoff: Handoff, clock: Clock, pause: Pause, *, by: User | None, at: datetime
) -> None:
    ended_at = pause.ended_at or pause.until
    payload = {
        "ended_at": ended_at.isoformat(),
        "due_at": clock.due_at.isoformat(),
        "metric": clock.metric,
    }
    state_changes.record(handoff, EventKind.RESUMED, by=by, at=at, payload=payload)


def _lock_clock(handoff: Handoff) -> Clock:
    """Lock the handoff's row and return its open clock.

    Raises AlreadyTaken if state or owner changed, MovedOn if nothing can be paused.
    """
    current = Handoff.objects.select_for_update(no_key=True).get(pk=handoff.pk)
    # The pause belongs to the owner who agreed on it with the lead.
    if current.owner_id != handoff.owner_id or current.state != handoff.state:
        raise AlreadyTaken(current)
    clock = clocks.running(current).first()
    if current.state not in PAUSED_IN or clock is None:
        raise MovedOn(current)
    return clock
