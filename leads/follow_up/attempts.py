"""Contact attempts. An attempt that reached a person is a contact."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.errors import DomainError
from leads import events
from leads.conflicts import AlreadyTaken, MovedOn
from leads.handoffs import stages, state_changes
from leads.models import Attempt, Handoff
from leads.states import WORKED, ContactChannel, EventKind, HandoffState, Stage
from sla.clocks import clocks, corrections
from sla.states import Metric


class OutsideHandoff(DomainError):
    """The attempt was before the acceptance or in the future; ``fields`` names ``happened_at``."""

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
    """Record an attempt on an accepted handoff.

    The first that ``reached`` a person makes the handoff contacted: it stops the contact clock at
    the moment of the contact and starts the clock of the SQL decision. A contact that was earlier
    than the known one replaces it, whatever the order in which they are recorded.

    ``happened_at``: when it was, default ``at``.

    Raises OutsideHandoff, AlreadyTaken if another person owns the handoff by now, MovedOn if
    it is closed.
    """
    _lock(handoff)
    moment = happened_at or at
    _check_moment(handoff, moment, at=at)
    attempt = Attempt.objects.create(
        handoff=handoff,
        channel=ContactChannel(channel),
        reached=reached,
        by=by,
        at=moment,
        recorded_at=at,
        note=note,
    )
    if reached and handoff.state == HandoffState.ACCEPTED:
        _contact(handoff, attempt, at=at)
    else:
        _record_further(handoff, attempt, at=at)
    return attempt


def _record_further(handoff: Handoff, attempt: Attempt, *, at: datetime) -> None:
    """Record an attempt that is not the first contact to be recorded."""
    payload = {"channel": attempt.channel, "note": attempt.note, "reached": attempt.reached}
    state_changes.record(handoff, EventKind.ATTEMPT, by=attempt.by, at=at, payload=payload)
    # Only the earliest contact counts, in whatever order contacts are recorded.
    known = handoff.contacted_at
    if attempt.reached and known is not None and attempt.at < known:
        _correct_contact(handoff, attempt.at, known=known, by=attempt.by, at=at)


def _lock(handoff: Handoff) -> None:
    """Lock the row and refresh the object's state.

    Raises AlreadyTaken, MovedOn.
    """
    current = Handoff.objects.select_for_update(no_key=True).get(pk=handoff.pk)
    # An attempt belongs to the owner; after a reassignment it would be recorded for another person.
    if current.owner_id != handoff.owner_id:
        raise AlreadyTaken(current)
    if current.state not in WORKED:
        raise MovedOn(current)
    handoff.state = current.state
    handoff.accepted_at = current.accepted_at
    handoff.contacted_at = current.contacted_at


def _check_moment(handoff: Handoff, moment: datetime, *, at: datetime) -> None:
    accepted_at = handoff.accepted_at
    if accepted_at is not None and accepted_at <= moment <= at:
        return
    text = _("The moment must lie between the acceptance and now.")
    raise OutsideHandoff(text, fields={"happened_at": text})


def _contact(handoff: Handoff, attempt: Attempt, *, at: datetime) -> None:
    """Move the handoff to contacted by its first contact."""
    moment = attempt.at
    from_state = state_changes.claim(
        handoff, HandoffState.CONTACTED, of=(HandoffState.ACCEPTED,), contacted_at=moment
    )
    # Judged at the moment of the contact, not of its record; a pause ends with it.
    clocks.stop(handoff, Metric.FIRST_CONTACT, at=moment, by=attempt.by)
    state_changes.start_clock(handoff, Metric.SQL_DECISION, at=moment, accountable=handoff.owner)
    state_changes.update_lead(
        handoff,
        EventKind.CONTACTED,
        from_state=from_state,
        by=attempt.by,
        at=at,
        happened_at=moment,
        payload={"channel": attempt.channel, "note": attempt.note},
    )


def _correct_contact(
    handoff: Handoff, moment: datetime, *, known: datetime, by: User, at: datetime
) -> None:
    """Move the first contact from ``known`` to the earlier ``moment``.

    The contact clock is judged again; the clock of the SQL decision starts at ``moment``.
    """
    handoff.contacted_at = moment
    Handoff.objects.filter(pk=handoff.pk).update(contacted_at=moment)
    contact_clock = clocks.last(handoff, Metric.FIRST_CONTACT)
    if contact_clock is not None:
        corrections.stop_earlier(contact_clock, at=moment)
    decision_clock = clocks.last(handoff, Metric.SQL_DECISION)
    if decision_clock is not None:
        corrections.start_earlier(decision_clock, since=moment, at=at)
    stages.reach_earlier(
        handoff.lead, Stage.CONTACTED, on=events.today(moment), known_on=events.today(known)
    )
    payload = {"contacted_at": [known.isoformat(), moment.isoformat()]}
    state_changes.record(handoff, EventKind.CORRECTED, by=by, at=at, payload=payload)
