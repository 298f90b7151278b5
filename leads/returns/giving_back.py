"""Give an accepted lead back to marketing that cannot be reached by what its package says."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.errors import DomainError
from leads.handoffs import notices, state_changes, transitions
from leads.models import Attempt, Decision, Handoff
from leads.returns import returns
from leads.staff import stand_ins
from leads.states import AttemptOutcome, DecisionKind, EventKind, HandoffState
from sla.agreements import rejection_reasons
from sla.models import RejectionReason
from sla.states import RejectionClass

# The starter's reason for wrong contact data; else the first clerical one that is allowed.
CODE = "bad_contact_data"


class NothingWrong(DomainError):
    """No attempt since the acceptance says that the number is wrong or that it bounced."""

    code = "nothing_wrong"
    message = _("First log an attempt: wrong number, or it bounced.")


class NoClericalReason(DomainError):
    """The agreement allows no clerical reason to reject."""

    code = "no_clerical_reason"
    message = _("The agreement allows no clerical reason to reject a lead.")


@transaction.atomic
def give_back(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Release an accepted handoff as a requeue does, and reject it as incomplete.

    Opens the return with the clock of marketing's answer. The accept stays in the history as
    released; the contact clock ends.

    Raises NothingWrong, NoClericalReason, AlreadyTaken.
    """
    wrong = _wrong_attempt(handoff)
    if wrong is None:
        raise NothingWrong
    reason = _reason(handoff)
    # The release takes the owner away.
    represented = stand_ins.absent(handoff.owner, team_id=handoff.team_id, by=by, at=at)
    from_state = transitions.release(handoff, by=by, at=at)
    # The attempt stands in the history with its channel and outcome, in each reader's language.
    decision = Decision(
        handoff=handoff, kind=DecisionKind.REJECT, by=by, at=at, reason=reason, comment=wrong.note
    )
    # A requeue leaves this moment, which no longer holds: the queue does not get the lead.
    state_changes.claim(
        handoff,
        HandoffState.REJECTED,
        of=(HandoffState.PENDING,),
        closed_at=at,
        requeued_at=None,
        decision=decision,
    )
    payload = {"class": reason.kind, "reason": reason.code, "comment": wrong.note}
    state_changes.update_lead(
        handoff,
        EventKind.GIVEN_BACK,
        decision,
        notices.of_decision("handoff.given_back", decision, reason=reason.name),
        from_state=from_state,
        by=by,
        at=at,
        payload=payload,
        represented=represented,
        owner=None,
    )
    returns.open_return(handoff, at=at)
    return handoff


def _wrong_attempt(handoff: Handoff) -> Attempt | None:
    """Return the last attempt since the acceptance that failed by what the package says."""
    wrong = Attempt.objects.filter(handoff=handoff, outcome=AttemptOutcome.WRONG)
    # None for a handoff that is not accepted any more, which the release refuses.
    return wrong.filter(at__gte=handoff.accepted_at or handoff.submitted_at).first()


def _reason(handoff: Handoff) -> RejectionReason:
    clerical = rejection_reasons.allowed(handoff.agreement_version).filter(
        kind=RejectionClass.CLERICAL
    )
    reason = clerical.filter(code=CODE).first() or clerical.first()
    if reason is None:
        raise NoClericalReason
    return reason
