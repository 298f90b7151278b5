"""Pausing the clock of a handoff because the lead asked for time, and letting it run again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.errors import IllegalMove
from leads.handoffs import notices, transitions
from leads.models import Handoff
from leads.states import EventKind, HandoffState
from sla.clocks import clocks, pauses
from sla.models import Clock, Pause, PauseReason
from sla.states import PauseEnd

PAUSED_IN = (HandoffState.ACCEPTED, HandoffState.CONTACTED)


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
    """Pause the clock that ``handoff`` waits on until ``until``, for a reason that its policy
    allows.

    Raises IllegalMove, AlreadyTaken, pauses.NotPausable, pauses.BadPause naming ``reason`` or
    ``until``.
    """
    clock = _running(handoff)
    choice = next(
        (each for each in pauses.allowed(handoff.policy) if each.reason.pk == reason.pk), None
    )
    if choice is None:
        text = _("The agreement of this handoff allows no pause for this reason.")
        raise pauses.BadPause(text, fields={"reason": text})
    paused = pauses.begin(clock, choice, until=until, by=by, at=at, note=note)
    said = {
        "pause_reason": reason.code,
        "until": until.isoformat(),
        "metric": clock.metric,
        "note": note,
    }
    transitions.record(handoff, EventKind.PAUSED, old=handoff.state, by=by, at=at, payload=said)
    return paused


@transaction.atomic
def resume(handoff: Handoff, *, by: User, at: datetime) -> Pause:
    """End the pause of ``handoff`` before its time: the clock runs on from now.

    Raises IllegalMove where none is.
    """
    clock = _running(handoff)
    ended = pauses.end(clock, PauseEnd.BY_HAND, at=at, by=by)
    if ended is None:
        raise IllegalMove
    _say(handoff, clock, ended, by=ended.ended_by, at=at)
    return ended


def elapsed(handoff: Handoff, clock: Clock, pause: Pause, *, at: datetime) -> None:
    """The sweep found that ``pause`` is over: note it, and tell who works on the lead.

    The clock runs already.
    """
    _say(handoff, clock, pause, by=None, at=at)
    people = [handoff.owner] if handoff.owner is not None else []
    params = {"params": {"metric": clock.metric, "due_at": clock.due_at.isoformat()}}
    notices.tell("handoff.resumed", handoff, people, at=at, key=f"pause:{pause.pk}", **params)


def _say(handoff: Handoff, clock: Clock, pause: Pause, *, by: User | None, at: datetime) -> None:
    ended_at = pause.ended_at or pause.until
    said = {
        "ended_at": ended_at.isoformat(),
        "due_at": clock.due_at.isoformat(),
        "metric": clock.metric,
    }
    transitions.record(handoff, EventKind.RESUMED, old=handoff.state, by=by, at=at, payload=said)


def _running(handoff: Handoff) -> Clock:
    """Lock the row and find the clock that it waits on; the pause belongs to whoever has the
    handoff now.
    """
    now = Handoff.objects.select_for_update(no_key=True).get(pk=handoff.pk)
    if now.owner_id != handoff.owner_id or now.state != handoff.state:
        raise transitions.AlreadyTaken(now)
    clock = clocks.running(now).first()
    if now.state not in PAUSED_IN or clock is None:
        raise IllegalMove
    return clock
