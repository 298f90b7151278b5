"""Corrections of outcomes: another won amount, and the way back to the state before the outcome."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.lib.errors import Conflict, DomainError
from leads import events
from leads.conflicts import MovedOn, NoContactAsked
from leads.follow_up import next_steps
from leads.handoffs import stages, state_changes
from leads.handoffs.outcomes import BadAmount, check_amount
from leads.models import Handoff, Lead
from leads.returns import recycling
from leads.states import REOPENED_FROM, EventKind, HandoffState, Stage


class NeedsReason(DomainError):
    """The correction has no reason."""

    code = "needs_reason"


class OutcomeChanged(MovedOn):
    """Another person reopened or corrected the outcome first."""

    code = "outcome_changed"
    reason = gettext_lazy("This outcome was changed in the meantime. Look at it again.")


class HandedOffAgain(Conflict):
    """A later handoff of the lead exists, so the earlier one stays closed."""

    code = "handed_off_again"
    message = gettext_lazy("This lead was handed off again, so its earlier outcome stays.")


@transaction.atomic
def correct_amount(
    handoff: Handoff, amount: Decimal, *, why: str, by: User, at: datetime
) -> Handoff:
    """Replace the amount of a won handoff, and of its lead. The event keeps old and new.

    Raises NeedsReason, BadAmount, OutcomeChanged.
    """
    _check_reason(why)
    check_amount(amount)
    lead = _lock(handoff)
    old = handoff.amount
    if amount == old:
        text = _("This is the amount already.")
        raise BadAmount(text, fields={"amount": text})
    # By the amount that the person saw: two corrections at once must not overwrite each other.
    unchanged = {"id": handoff.pk, "state": HandoffState.WON, "amount": old}
    if not state_changes.write(handoff, unchanged, amount=amount):
        raise OutcomeChanged(Handoff.objects.get(pk=handoff.pk))
    _update_won(lead)
    payload = {"was": str(old), "amount": str(amount), "comment": why}
    state_changes.record(handoff, EventKind.AMOUNT_CORRECTED, by=by, at=at, payload=payload)
    return handoff


@transaction.atomic
def reopen(handoff: Handoff, *, why: str, by: User, at: datetime) -> Handoff:
    """Take an outcome back: the handoff is open again, in the state that it was closed from.

    No clock starts, and those that were judged stay judged. Amount, reason and the lead's date of
    the outcome go; the event keeps them. An owner who left is replaced by the person who reopens.

    Raises NeedsReason, NoContactAsked, HandedOffAgain, OutcomeChanged.
    """
    _check_reason(why)
    # A hand-off locks the lead, too: of the two at once, the second one sees the first.
    lead = _lock(handoff)
    row = Handoff.objects.select_related("outcome_reason").get(pk=handoff.pk)
    if row.state not in REOPENED_FROM or row.state != handoff.state:
        raise OutcomeChanged(row)
    later = Handoff.objects.filter(lead=lead, cycle__gt=row.cycle)
    # Not one that was withdrawn before, with the decision that had opened it.
    if later.exclude(closed_at__lt=row.closed_at).exists():
        raise HandedOffAgain
    if lead.person.no_contact_at is not None:
        raise NoContactAsked(lead)
    owner = _owner_after(row, by=by)
    from_state = state_changes.claim(
        handoff,
        state_before(row),
        of=REOPENED_FROM,
        owner=owner,
        closed_at=None,
        amount=None,
        outcome_reason=None,
    )
    recycling.cancel(lead, by=by, at=at)
    _take_date_back(lead, row)
    _update_won(lead)
    state_changes.update_lead(
        handoff,
        EventKind.REOPENED,
        from_state=from_state,
        by=by,
        at=at,
        payload={**_outcome(row), "comment": why},
        owner=owner,
    )
    # What marketing meant to do with a lead that woke after the outcome.
    next_steps.end(lead.pk, at=at)
    next_steps.follow(handoff, at=at)
    return handoff


def state_before(handoff: Handoff) -> HandoffState:
    """Return the open state in which a closed handoff reached its outcome."""
    if handoff.opportunity_at is not None:
        return HandoffState.OPPORTUNITY
    if handoff.sql_at is not None:
        return HandoffState.SQL
    # The person asked on another lead not to be contacted.
    if handoff.contacted_at is None:
        return HandoffState.ACCEPTED
    return HandoffState.CONTACTED


def _check_reason(why: str) -> None:
    if not why:
        text = _("Say why.")
        raise NeedsReason(text, fields={"reason": text})


def _lock(handoff: Handoff) -> Lead:
    """Lock the handoff and its lead, in the order of every step; return the lead."""
    rows = Handoff.objects.select_related("lead")
    locked = rows.select_for_update(no_key=True, of=("self", "lead")).get(pk=handoff.pk)
    # The functions below write to the lead of the handoff.
    handoff.lead = locked.lead
    return locked.lead


def _outcome(handoff: Handoff) -> dict[str, Any]:
    """Return the details of the outcome, for the event."""
    payload: dict[str, Any] = {}
    if handoff.amount is not None:
        payload["amount"] = str(handoff.amount)
    if handoff.outcome_reason is not None:
        payload["reason"] = handoff.outcome_reason.code
    return payload


def _owner_after(handoff: Handoff, *, by: User) -> User:
    """Return the owner of the reopened handoff. The row is locked against a deactivation."""
    locked = User.objects.select_for_update(no_key=True, of=("self",))
    owner = locked.get(handoffs=handoff)
    if owner.is_active:
        return owner
    return by


def _take_date_back(lead: Lead, closed: Handoff) -> None:
    """Remove the lead's date of the outcome; one of an earlier outcome stays."""
    # A disqualified lead has no date of it.
    if closed.closed_at is not None and closed.state != HandoffState.DISQUALIFIED:
        stages.unreach(lead, Stage(closed.state), on=events.today(closed.closed_at))


def _update_won(lead: Lead) -> None:
    """Copy amount and person of the last won handoff to the lead; clear them if there is none."""
    rows = Handoff.objects.filter(lead=lead, state=HandoffState.WON).order_by("-cycle")
    last = rows.first()
    amount = None
    won_by = None
    if last is not None:
        amount = last.amount
        won_by = last.owner_id
    Lead.objects.filter(pk=lead.pk).update(won_amount=amount, won_by=won_by)
    lead.won_amount = amount
    lead.won_by_id = won_by
