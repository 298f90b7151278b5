"""The dispute: marketing contests a rejection, and the arbiter decides. And the other cases.

Locks are taken in the order of leads.returns.returns; permission is the caller's question.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from django.db import transaction

from crm.accounts import leaves
from crm.accounts.models import User
from leads.conflicts import MovedOn
from leads.handoffs import notices, state_changes
from leads.models import Dispute, Handoff, OutcomeReason
from leads.returns import cases, next_cycles, recycling, returns
from leads.states import DisputeKind, DisputeState, EventKind, HandoffState, ReturnState


@transaction.atomic
def contest(handoff: Handoff, why: str, *, by: User, at: datetime) -> Dispute:
    """Answer the return of ``handoff`` by a dispute, which the arbiter decides.

    Stops the clock of the answer and starts that of the decision. Raises MovedOn if the return has
    another answer by now, or the arbiter has decided on this rejection before.
    """
    lead = returns.lock_lead(handoff)
    # Only a rejection: what else sends a lead back does not touch marketing's acceptance rate.
    was_decided = Dispute.objects.standing().filter(handoff=handoff).exists()
    if handoff.state != HandoffState.REJECTED or was_decided:
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
    _record(case, EventKind.UPHELD, by=by, at=at)
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
    _record(case, EventKind.DENIED, by=by, at=at)
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


def _record(case: Dispute, kind: EventKind, *, by: User, at: datetime) -> None:
    """Record the decision. Who decides in the place of an arbiter does so on their behalf."""
    represented = case.arbiter if case.arbiter_id != by.pk else None
    state_changes.record(
        case.handoff,
        kind,
        by=by,
        at=at,
        payload={"comment": case.comment},
        represented=represented,
    )


def _tell(case: Dispute, *, by: User, at: datetime) -> None:
    """Notify marketing, and the person whose rejection it was."""
    handoff = case.handoff
    marketing = notices.submitters(handoff, besides=by)
    if case.opened_by is not None and case.opened_by.pk != by.pk:
        marketing.append(case.opened_by)
    decision = handoff.decisions.standing().select_related("by").first()
    sales = [decision.by] if decision is not None and decision.by_id != by.pk else []
    news = notices.News(
        "handoff.arbitrated",
        handoff,
        [],
        key=f"case:{case.pk}:decided",
        params={"by_id": by.pk, "state": str(case.state)},
    )
    people = list({person.pk: person for person in marketing}.values())
    cover = leaves.cover(people, at=at)
    line = cover.line(people, team_id=handoff.lead.marketing_team_id)
    # What was denied waits for marketing again; the rep has nothing to do about it.
    told = notices.to_line(news, line)
    notices.notify_many([*told, replace(news, people=sales)], at=at)
