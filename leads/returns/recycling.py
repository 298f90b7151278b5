"""Recycle a lead: park it until a date or its next valuable action, which wakes it once.

Awake, it is with marketing again, to be qualified anew with its history. Locks are taken in one
order: handoff, lead, return, parking. Permission is the caller's question (leads.permissions).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts import people
from crm.accounts.models import User
from crm.lib.db.returning import update_returning
from crm.lib.errors import Conflict, DomainError
from leads import events
from leads.conflicts import MovedOn, NoContactAsked
from leads.follow_up import next_steps
from leads.handoffs import notices, stages, state_changes
from leads.handoffs.notices import News
from leads.models import Handoff, Lead, OutcomeReason, Parking
from leads.returns import returns
from leads.returns.returns import WrongReason
from leads.states import (
    PARKED_AFTER,
    RECYCLED_FROM,
    SENT_BACK,
    EventKind,
    FollowUpEnd,
    HandoffState,
    OutcomeKind,
    ParkingState,
    ReturnState,
    Stage,
    WakeCause,
)
from sla.agreements import default_terms
from sla.clocks import clocks
from sla.states import Metric

# The time of day at which a lead wakes, in the organisation's zone: before work begins.
WAKES_AT = time(7)
LONGEST = timedelta(days=730)
BATCH = 100
NO_ANSWER = "no_answer"  # the reason of the starter's catalogue that stands for "not reached"


class TooFewAttempts(Conflict):
    """Fewer attempts were made since the acceptance than are agreed."""

    code = "too_few_attempts"


class BadDate(DomainError):
    """The date to wake is not in the future, or too far away; ``fields`` names ``wake_on``."""

    code = "bad_date"


@transaction.atomic
def park(
    handoff: Handoff,
    reason: OutcomeReason,
    *,
    wake_on: date | None,
    by: User,
    at: datetime,
    comment: str = "",
) -> Parking:
    """Park the lead of ``handoff`` until ``wake_on`` or its next valuable action.

    Answers an open return. An open handoff ends with it, which decides on a contacted lead; an
    outcome stays.

    Raises WrongReason, BadDate, MovedOn, AlreadyTaken.
    """
    if reason.kind != OutcomeKind.RECYCLED:
        raise WrongReason(fields={"reason": _("Choose one of the reasons.")})
    wake_at = _wake_at(wake_on, at=at)
    payload: dict[str, Any] = {"reason": reason.code, "comment": comment}
    if wake_on is not None:
        payload["wake_on"] = wake_on.isoformat()
    if handoff.is_open:
        _end_handoff(handoff, by=by, at=at, payload=payload)
    else:
        _leave_outcome(handoff, by=by, at=at, payload=payload)
    next_steps.end(handoff.lead_id, at=at)
    return _insert(handoff, reason, wake_at, by=by, at=at, comment=comment)


@transaction.atomic
def not_reached(
    handoff: Handoff, *, wake_on: date | None, by: User, at: datetime, comment: str = ""
) -> Parking:
    """Park an accepted lead that was not reached in the agreed attempts, as :func:`park` does.

    The contact clock ends without a contact. Raises TooFewAttempts, BadDate, AlreadyTaken.
    """
    made = next_steps.made_since(handoff)
    agreed = default_terms.attempts_of(handoff.policy, handoff.agreement_version).count
    if made < agreed:
        numbers = {"made": made, "agreed": agreed}
        raise TooFewAttempts(_("%(made)s of the %(agreed)s agreed attempts were made.") % numbers)
    reason = OutcomeReason.objects.get(code=NO_ANSWER)
    wake_at = _wake_at(wake_on, at=at)
    payload = {"reason": reason.code, "comment": comment, "attempts": made}
    if wake_on is not None:
        payload["wake_on"] = wake_on.isoformat()
    _end_handoff(handoff, of=(HandoffState.ACCEPTED,), by=by, at=at, payload=payload)
    next_steps.end(handoff.lead_id, at=at, why=FollowUpEnd.DONE)
    return _insert(handoff, reason, wake_at, by=by, at=at, comment=comment)


def _insert(
    handoff: Handoff,
    reason: OutcomeReason,
    wake_at: datetime | None,
    *,
    by: User,
    at: datetime,
    comment: str,
) -> Parking:
    return Parking.objects.create(
        lead=handoff.lead,
        handoff=handoff,
        parked_at=at,
        parked_by=by,
        reason=reason,
        comment=comment,
        wake_at=wake_at,
    )


def _wake_at(wake_on: date | None, *, at: datetime) -> datetime | None:
    """Return the moment of that date in the organisation's zone. Raises BadDate."""
    if wake_on is None:
        return None
    zone = ZoneInfo(people.organisation().time_zone)
    wake_at = datetime.combine(wake_on, WAKES_AT, tzinfo=zone)
    text = ""
    if wake_at <= at:
        text = _("Choose a date in the future.")
    elif wake_at - at > LONGEST:
        text = _("Two years at most.")
    if text:
        raise BadDate(text, fields={"wake_on": text})
    return wake_at


def _end_handoff(
    handoff: Handoff,
    *,
    of: tuple[HandoffState, ...] = RECYCLED_FROM,
    by: User,
    at: datetime,
    payload: dict[str, Any],
) -> None:
    from_state = state_changes.claim(handoff, HandoffState.RECYCLED, of=of, closed_at=at)
    # Of a contacted lead it is the decision, and one that was not reached has the contact clock
    # open; an SQL has no open clock.
    clocks.stop(handoff, Metric.SQL_DECISION, at=at, by=by)
    clocks.cancel(handoff, Metric.FIRST_CONTACT, at=at, by=by)
    state_changes.update_lead(
        handoff, EventKind.RECYCLED, from_state=from_state, by=by, at=at, payload=payload
    )
    people_of_marketing = notices.submitters(handoff, besides=by)
    notices.notify(
        "handoff.recycled",
        handoff,
        people_of_marketing,
        at=at,
        key=f"recycled:{at.timestamp()}",
        params={"by_id": by.pk},
    )


def _leave_outcome(handoff: Handoff, *, by: User, at: datetime, payload: dict[str, Any]) -> None:
    """Park after an outcome, which stays, or after a decision whose return this answers."""
    lead = returns.lock_lead(handoff)
    handoff.lead = lead
    if handoff.state in SENT_BACK:
        returns.answer(handoff, lead, ReturnState.RECYCLED, by=by, at=at)
    elif handoff.state not in PARKED_AFTER or lead.stage not in (Stage.LOST, Stage.DISQUALIFIED):
        raise MovedOn(handoff)
    elif lead.handoffs.filter(cycle__gt=handoff.cycle).exists():
        # The result of now is that of a later one.
        raise MovedOn(handoff)
    stages.reach(lead, Stage.RECYCLED, on=events.today(at))
    state_changes.record(handoff, EventKind.RECYCLED, by=by, at=at, payload=payload)


def parked(lead: Lead) -> Parking | None:
    """Return the parking of a parked lead, or None."""
    rows = Parking.objects.filter(lead=lead, state=ParkingState.PARKED)
    return rows.select_related("handoff__team", "reason", "parked_by").first()


# -- Waking


@transaction.atomic
def wake_by_hand(lead: Lead, *, by: User, at: datetime) -> None:
    """Wake a parked lead. Raises NoContactAsked, MovedOn if it is not parked any more."""
    locked = _lock(lead)
    if locked.person.no_contact_at is not None:
        raise NoContactAsked(locked)
    if not _wake(locked, WakeCause.PERSON, by=by, at=at):
        raise MovedOn(locked)


def wake_by_action(
    lead: Lead, *, occurred_on: date, occurred_at: datetime | None, by: User | None, at: datetime
) -> None:
    """Wake a parked lead whose row is locked, if the action happened after it was parked.

    An action without a time of day counts from the day of the parking on.
    """
    parking = parked(lead)
    if parking is None or lead.person.no_contact_at is not None:
        return
    if occurred_at is not None:
        is_new = occurred_at > parking.parked_at
    else:
        is_new = occurred_on >= events.today(parking.parked_at)
    if is_new:
        _wake(lead, WakeCause.ACTION, by=by, at=at)


@transaction.atomic
def wake_due(*, at: datetime) -> int:
    """Wake the leads whose date has come, once each; return how many of this batch.

    Leads that another transaction holds are left to the next call.
    """
    # One who asked not to be contacted sleeps on, until a new consent.
    due = Parking.objects.filter(
        state=ParkingState.PARKED, wake_at__lt=at, lead__person__no_contact_at__isnull=True
    )
    ids = list(due.order_by("wake_at").values_list("lead", flat=True)[:BATCH])
    if not ids:
        return 0
    rows = Lead.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    leads = rows.select_related("person").filter(pk__in=ids)
    return sum(_wake(lead, WakeCause.DATE, by=None, at=at) for lead in leads)


def _wake(lead: Lead, cause: WakeCause, *, by: User | None, at: datetime) -> bool:
    """Wake a locked lead; return False if it is not parked any more."""
    parking = parked(lead)
    if parking is None:
        return False
    if not _end(parking, ParkingState.WOKEN, by=by, at=at, cause=cause):
        return False
    handoff = parking.handoff
    handoff.lead = lead
    stages.reach(lead, Stage.CAPTURED, on=events.today(at))
    state_changes.record(handoff, EventKind.WOKEN, by=by, at=at, payload={"cause": cause.value})
    news = News(
        "handoff.woken",
        handoff,
        notices.submitters(handoff, besides=by),
        key=f"woken:{parking.pk}",
        params={"state": cause.value},
    )
    notices.notify_to_act(news, at=at)
    return True


def cancel(lead: Lead, *, by: User, at: datetime) -> None:
    """End the parking of a locked lead that is archived or whose outcome is reopened."""
    parking = parked(lead)
    if parking is not None:
        _end(parking, ParkingState.CANCELLED, by=by, at=at)


def _end(
    parking: Parking, state: ParkingState, *, by: User | None, at: datetime, cause: str = ""
) -> bool:
    still_parked = {"id": parking.pk, "state": ParkingState.PARKED}
    changes = {"state": state, "ended_at": at, "ended_by": by, "cause": str(cause)}
    return bool(update_returning(Parking, still_parked, "id", **changes))


def _lock(lead: Lead) -> Lead:
    rows = Lead.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("person", "company").get(pk=lead.pk)
