"""Trying to reach a lead. An attempt that reached a person is a contact."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.errors import DomainError, IllegalMove
from leads import handoffs
from leads.models import Attempt, Handoff
from leads.states import WORKED, ContactChannel, EventKind, HandoffState
from sla import clocks
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
    """Note an attempt on an accepted handoff. The first that ``reached`` a person makes it contacted: stops the
    contact clock at the moment it happened and starts the clock of the SQL decision.

    ``happened_at``: when it was, if not now; raises OutsideHandoff before the acceptance or in the future,
    AlreadyTaken where somebody else has the handoff by now, IllegalMove where it is over.
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
        handoffs.record(
            handoff,
            EventKind.ATTEMPT,
            old=handoff.state,
            by=by,
            at=at,
            payload={**payload, "reached": reached},
        )
        return attempt
    old = handoffs.claim(handoff, HandoffState.CONTACTED, of=(HandoffState.ACCEPTED,), contacted_at=moment)
    clocks.stop(handoff, Metric.FIRST_CONTACT, at=moment)
    handoffs.start_clock(handoff, Metric.SQL_DECISION, at=moment, accountable=handoff.owner)
    handoffs.follow(handoff, EventKind.CONTACTED, old=old, by=by, at=at, happened_at=moment, payload=payload)
    return attempt


def _hold(handoff: Handoff) -> None:
    """Lock the row and bring the object's state up to date: an attempt belongs to whoever has the handoff now."""
    now = Handoff.objects.select_for_update(no_key=True).get(pk=handoff.pk)
    if now.owner_id != handoff.owner_id:
        raise handoffs.AlreadyTaken(now)
    if now.state not in WORKED:
        raise IllegalMove
    handoff.state = now.state
