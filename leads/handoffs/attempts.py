"""Trying to reach a lead. An attempt that reached a person is a contact."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.errors import DomainError, IllegalMove
from leads import events
from leads.handoffs import stages, transitions
from leads.models import Attempt, Handoff
from leads.states import WORKED, ContactChannel, EventKind, HandoffState, Stage
from sla.clocks import clocks
from sla.states import Metric


class OutsideHandoff(DomainError):
    code = "outside_handoff"


@transaction.atomic
def record(
    handoff: Handoff,
    channel: ContactChannel,
    *,
    reached: bool,
    by: User,
    at: datetime,
    happened_at: datetime | None = None,
    note: str = "",
) -> Attempt:
    """Note an attempt on an accepted handoff.

    The first that ``reached`` a person makes it contacted: stops the contact clock at the moment it
    happened, pause or not, and starts the clock of the SQL decision. One that was earlier than the
    contact we knew of takes its place: the earliest counts, in whatever order we learn of them.

    ``happened_at``: when it was, if not now; raises OutsideHandoff before the acceptance or in the
    future, AlreadyTaken where somebody else has the handoff by now, IllegalMove where it is over.
    """
    _hold(handoff)
    moment = happened_at or at
    if handoff.accepted_at is None or not handoff.accepted_at <= moment <= at:
        text = _("The moment must lie between the acceptance and now.")
        raise OutsideHandoff(text, fields={"happened_at": text})
    attempt = Attempt.objects.create(
        handoff=handoff,
        channel=ContactChannel(channel),
        reached=reached,
        by=by,
        at=moment,
        recorded_at=at,
        note=note,
    )
    payload = {"channel": attempt.channel, "note": note}
    if not reached or handoff.state != HandoffState.ACCEPTED:
        said = {**payload, "reached": reached}
        transitions.record(
            handoff, EventKind.ATTEMPT, old=handoff.state, by=by, at=at, payload=said
        )
        if reached and handoff.contacted_at is not None and moment < handoff.contacted_at:
            _correct(handoff, moment, by=by, at=at)
        return attempt
    old = transitions.claim(
        handoff, HandoffState.CONTACTED, of=(HandoffState.ACCEPTED,), contacted_at=moment
    )
    clocks.stop(handoff, Metric.FIRST_CONTACT, at=moment, by=by)
    transitions.start_clock(handoff, Metric.SQL_DECISION, at=moment, accountable=handoff.owner)
    transitions.follow(
        handoff, EventKind.CONTACTED, old=old, by=by, at=at, happened_at=moment, payload=payload
    )
    return attempt


def _correct(handoff: Handoff, moment: datetime, *, by: User, at: datetime) -> None:
    """The first contact was at ``moment``: the clock that waited for it is judged by it, the next
    began then.
    """
    known, handoff.contacted_at = handoff.contacted_at, moment
    Handoff.objects.filter(pk=handoff.pk).update(contacted_at=moment)
    if (waited := clocks.last(handoff, Metric.FIRST_CONTACT)) is not None:
        clocks.correct(waited, at=moment)
    if (decides := clocks.last(handoff, Metric.SQL_DECISION)) is not None:
        clocks.begin_earlier(decides, since=moment, at=at)
    if known is not None:
        stages.earlier(
            handoff.lead, Stage.CONTACTED, on=events.today(moment), than=events.today(known)
        )
    said = {"contacted_at": [known and known.isoformat(), moment.isoformat()]}
    transitions.record(handoff, EventKind.CORRECTED, old=handoff.state, by=by, at=at, payload=said)


def _hold(handoff: Handoff) -> None:
    """Lock the row and bring the object's state up to date: an attempt belongs to whoever has the
    handoff now.
    """
    now = Handoff.objects.select_for_update(no_key=True).get(pk=handoff.pk)
    if now.owner_id != handoff.owner_id:
        raise transitions.AlreadyTaken(now)
    if now.state not in WORKED:
        raise IllegalMove
    handoff.state, handoff.accepted_at, handoff.contacted_at = (
        now.state,
        now.accepted_at,
        now.contacted_at,
    )
