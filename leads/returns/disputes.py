"""The dispute: marketing contests a rejection, and the arbiter decides. And the other cases.

Locks are taken in the order of leads.returns.returns; permission is the caller's question.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from crm.accounts.models import User
from leads.conflicts import MovedOn
from leads.handoffs import notices, state_changes
from leads.models import Dispute, Handoff, OutcomeReason
from leads.returns import cases, next_cycles, recycling, returns
from leads.states import DisputeKind, DisputeState, EventKind, ReturnState


@transaction.atomic
def contest(handoff: Handoff, why: str, *, by: User, at: datetime) -> Dispute:
    """Answer the return of ``handoff`` by a dispute, which the arbiter decides.

    Stops the clock of the answer and starts that of the decision. Raises MovedOn if the return has
    another answer by now, or the arbiter has decided on this rejection before.
    """
    lead = returns.lock_lead(handoff)
    if Dispute.objects.standing().filter(handoff=handoff).exists():
        raise MovedOn(handoff)
    handoff.lead = lead
    returns.answer(handoff, lead, ReturnState.DISPUTED, by=by, at=at)
    case = cases.open_case(handoff, DisputeKind.CONTESTED, by=by, at=at, why=why)
    state_changes.record(handoff, EventKind.DISPUTED, by=by, at=at, payload={"comment": why})
    return case


@transaction.atomic
def uphold(handoff: Handoff, *, by: User, at: datetime, comment: str) -> Handoff:
    """Overturn the rejection: the lead goes to sales again with the same package.

    The rejection stays in the history and is no return any more. Returns the new handoff. Raises
    MovedOn if the case is decided by now.
    """
    lead = returns.lock_lead(handoff)
    case = _decide(handoff, DisputeKind.CONTESTED, DisputeState.UPHELD, comment, by=by, at=at)
    returns.leave_arbiter(handoff, ReturnState.OVERTURNED)
    state_changes.record(handoff, EventKind.UPHELD, by=by, at=at, payload={"comment": comment})
    _tell(case, by=by, at=at)
    return next_cycles.begin(handoff, lead, by=by, at=at)


@transaction.atomic
def deny(handoff: Handoff, *, by: User, at: datetime, comment: str) -> Dispute:
    """Let the rejection stand: the return is open again with a new clock, for another answer.

    Raises MovedOn if the case is decided by now.
    """
    handoff.lead = returns.lock_lead(handoff)
    case = _decide(handoff, DisputeKind.CONTESTED, DisputeState.DENIED, comment, by=by, at=at)
    returns.reopen(handoff, at=at)
    state_changes.record(handoff, EventKind.DENIED, by=by, at=at, payload={"comment": comment})
    _tell(case, by=by, at=at)
    return case


@transaction.atomic
def hand_off_again(handoff: Handoff, *, by: User, at: datetime, comment: str) -> Handoff:
    """Send a lead that was rejected too often to sales once more, with the same package.

    Returns the new handoff. Raises MovedOn if the case is decided by now.
    """
    lead = returns.lock_lead(handoff)
    case = _decide(handoff, DisputeKind.REPEATED, DisputeState.AGAIN, comment, by=by, at=at)
    returns.leave_arbiter(handoff, ReturnState.FIXED)
    _tell(case, by=by, at=at)
    return next_cycles.begin(handoff, lead, by=by, at=at)


@transaction.atomic
def close(
    handoff: Handoff, reason: OutcomeReason, *, by: User, at: datetime, comment: str = ""
) -> Dispute:
    """Close a lead that was rejected too often. Raises WrongReason, and MovedOn as the others."""
    returns.lock_lead(handoff)
    case = _decide(handoff, DisputeKind.REPEATED, DisputeState.CLOSED, comment, by=by, at=at)
    returns.leave_arbiter(handoff, ReturnState.OPEN)
    returns.close(handoff, reason, by=by, at=at, comment=comment)
    _tell(case, by=by, at=at)
    return case


@transaction.atomic
def recycle(
    handoff: Handoff,
    reason: OutcomeReason,
    *,
    wake_on: date | None,
    by: User,
    at: datetime,
    comment: str = "",
) -> Dispute:
    """Park a lead that was rejected too often. Raises as recycling.park, and MovedOn."""
    returns.lock_lead(handoff)
    case = _decide(handoff, DisputeKind.REPEATED, DisputeState.RECYCLED, comment, by=by, at=at)
    returns.leave_arbiter(handoff, ReturnState.OPEN)
    recycling.park(handoff, reason, wake_on=wake_on, by=by, at=at, comment=comment)
    _tell(case, by=by, at=at)
    return case


def _decide(
    handoff: Handoff,
    kind: DisputeKind,
    state: DisputeState,
    comment: str,
    *,
    by: User,
    at: datetime,
) -> Dispute:
    case = cases.decide(handoff, kind, state, by=by, at=at, comment=comment)
    if case is None:
        raise MovedOn(handoff)
    return case


def _tell(case: Dispute, *, by: User, at: datetime) -> None:
    """Notify marketing, and the person whose rejection it was."""
    handoff = case.handoff
    people = {person.pk: person for person in notices.submitters(handoff, besides=by)}
    decision = handoff.decisions.standing().select_related("by").first()
    for person in (case.opened_by, decision.by if decision else None):
        if person is not None and person.pk != by.pk:
            people[person.pk] = person
    notices.notify(
        "handoff.arbitrated",
        handoff,
        people.values(),
        at=at,
        key=f"case:{case.pk}:decided",
        params={"by_id": by.pk, "state": str(case.state)},
    )
