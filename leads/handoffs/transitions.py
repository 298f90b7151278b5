"""Transitions of a handoff: accept, reject, withdraw, requeue, reassign.

Each function is one conditional UPDATE with decision, clocks, event and messages in the same
transaction. Permission is the caller's question (leads.permissions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.accounts import teams
from crm.accounts.models import User
from crm.lib.db.returning import update_returning
from crm.lib.errors import Conflict, DomainError
from leads import events
from leads.conflicts import AlreadyTaken, MovedOn
from leads.follow_up import next_steps
from leads.handoffs import notices, state_changes
from leads.handoffs.notices import News
from leads.models import Decision, Handoff, OutcomeReason
from leads.returns import returns, second_decisions
from leads.states import WORKED, DecisionKind, EventKind, HandoffState
from sla.clocks import assignments, clocks
from sla.models import RejectionReason
from sla.states import Metric


class NeedsComment(DomainError):
    """The rejection reason asks for a comment."""

    code = "needs_comment"


class RepIsFull(Conflict):
    """The rep has as many open leads as the handoff's agreement allows at a time."""

    code = "rep_is_full"

    def __init__(self, rep: User, count: int, cap: int) -> None:
        text = ngettext(
            "%(name)s has %(count)s open lead, and the agreement allows %(cap)s at a time. Settle"
            " one first.",
            "%(name)s has %(count)s open leads, and the agreement allows %(cap)s at a time. Settle"
            " one first.",
            count,
        )
        super().__init__(text % {"name": rep.name, "count": count, "cap": cap})


@transaction.atomic
def accept(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Accept a pending handoff for ``by``.

    Stops the accept clock, starts the contact clock, sets the first contact as the next step,
    notifies the submitter.

    Raises AlreadyTaken, which names the faster person, RejectedBefore and RepIsFull.
    """
    second_decisions.check(handoff, by=by)
    check_room(handoff, by)
    # The claim points the row at the contact clock; keep the clock that it stops.
    accept_clock = handoff.clock
    decision = Decision(handoff=handoff, kind=DecisionKind.ACCEPT, by=by, at=at)
    from_state = state_changes.claim(
        handoff,
        HandoffState.ACCEPTED,
        of=(HandoffState.PENDING,),
        owner=by,
        accepted_at=at,
        next_metric=Metric.FIRST_CONTACT,
        decision=decision,
    )
    clocks.stop(handoff, Metric.ACCEPT, at=at, known=accept_clock)
    state_changes.update_lead(
        handoff,
        EventKind.ACCEPTED,
        decision,
        *state_changes.next_clock(handoff, Metric.FIRST_CONTACT, at=at, accountable=by),
        next_steps.of_accept(handoff, at=at),
        notices.of_decision("handoff.accepted", decision),
        from_state=from_state,
        by=by,
        at=at,
        owner=by,
    )
    return handoff


def check_room(handoff: Handoff, rep: User) -> None:
    """Raise RepIsFull if ``rep`` has as many open leads as the handoff's agreement allows."""
    cap = handoff.policy.get("rep_cap")
    if cap is None:
        return
    # The person's row is the lock: two accepts of one rep at once count one after the other.
    User.objects.select_for_update(no_key=True).get(pk=rep.pk)
    # Over all teams, not only that of the handoff: the cap is on the person.
    count = Handoff.objects.filter(owner=rep, state__in=WORKED).count()
    if count >= cap:
        raise RepIsFull(rep, count, cap)


@transaction.atomic
def reject(
    handoff: Handoff, reason: RejectionReason, *, by: User, at: datetime, comment: str = ""
) -> Handoff:
    """Reject a pending handoff before contact; the lead returns to marketing with the reason.

    Stops the accept clock, opens the return with the clock of marketing's answer.

    Raises NeedsComment, RejectedBefore, AlreadyTaken.
    """
    second_decisions.check(handoff, by=by)
    if reason.needs_comment and not comment.strip():
        text = _("This reason needs a comment: say what marketing should know.")
        raise NeedsComment(text, fields={"comment": text})
    accept_clock = handoff.clock
    decision = Decision(
        handoff=handoff, kind=DecisionKind.REJECT, by=by, at=at, reason=reason, comment=comment
    )
    from_state = state_changes.claim(
        handoff, HandoffState.REJECTED, of=(HandoffState.PENDING,), closed_at=at, decision=decision
    )
    # A rejection is a decision, too: in time it meets the commitment.
    clocks.stop(handoff, Metric.ACCEPT, at=at, known=accept_clock)
    state_changes.update_lead(
        handoff,
        EventKind.REJECTED,
        decision,
        notices.of_decision("handoff.rejected", decision, reason=reason.name),
        from_state=from_state,
        by=by,
        at=at,
        payload={"class": reason.kind, "reason": reason.code, "comment": comment},
        owner=None,
    )
    returns.open_return(handoff, at=at)
    return handoff


@transaction.atomic
def withdraw(
    handoff: Handoff,
    *,
    by: User,
    at: datetime,
    comment: str = "",
    reason: OutcomeReason | None = None,
) -> Handoff:
    """Take a pending handoff back for marketing; the lead is an MQL again.

    ``comment``: why, as a person typed it; ``reason``: why, where the product withdraws it.

    Raises AlreadyTaken.
    """
    from_state = state_changes.claim(
        handoff, HandoffState.WITHDRAWN, of=(HandoffState.PENDING,), closed_at=at
    )
    clocks.cancel(handoff, Metric.ACCEPT, at=at)
    payload = {"comment": comment}
    if reason is not None:
        payload["reason"] = reason.code
    state_changes.update_lead(
        handoff, EventKind.WITHDRAWN, from_state=from_state, by=by, at=at, payload=payload
    )
    return handoff


@transaction.atomic
def requeue(
    handoff: Handoff, *, by: User | None, at: datetime, cause: str, why: str = ""
) -> Handoff:
    """Put a handoff before contact at the head of the queue and notify the whole team.

    Pending: its accept clock runs on. Accepted and not contacted: the owner loses it, the contact
    clock ends (breached, if it was late) and a new accept clock starts.

    ``by`` is None for the ladder. ``cause`` is the stable key of what caused it; ``why``: the
    reason that a person typed.

    Raises AlreadyTaken.
    """
    row = Requeue(handoff, cause, why)
    if handoff.is_pending:
        requeue_pending([row], by=by, at=at)
        return handoff
    from_state = release(handoff, by=by, at=at)
    state_changes.start_clock(handoff, Metric.ACCEPT, at=at)
    state_changes.update_lead(
        handoff,
        EventKind.REQUEUED,
        from_state=from_state,
        by=by,
        at=at,
        payload=row.payload,
        owner=None,
    )
    team = handoff.team.people.filter(is_active=True)
    notices.notify("handoff.requeued", handoff, team, at=at, key=cause)
    return handoff


def cause_by_hand(at: datetime) -> str:
    """Return the cause of a requeue by a person."""
    # The moment is part of it: a team lead may requeue the same handoff again later.
    return f"lead:{at.timestamp()}"


@dataclass(frozen=True)
class Requeue:
    """A handoff to put at the head of its queue; ``cause`` and ``why`` as in :func:`requeue`."""

    handoff: Handoff
    cause: str
    why: str = ""

    @property
    def payload(self) -> dict[str, str]:
        """What the event says."""
        if not self.why:
            return {"cause": self.cause}
        return {"cause": self.cause, "comment": self.why}


@transaction.atomic
def requeue_pending(rows: Sequence[Requeue], *, by: User | None, at: datetime) -> None:
    """Put pending handoffs at the head of their queues and notify their teams.

    Their accept clocks run on. Raises AlreadyTaken for one that is not pending any more.
    """
    moving = [row.handoff for row in rows]
    # No claim: the state stays, so the condition is on the state alone.
    pending = {"id": [handoff.pk for handoff in moving], "state": HandoffState.PENDING}
    moved = {pk for (pk,) in update_returning(Handoff, pending, "id", requeued_at=at)}
    for handoff in moving:
        if handoff.pk not in moved:
            raise AlreadyTaken(Handoff.objects.get(pk=handoff.pk))
        handoff.requeued_at = at
    people = teams.active_people({handoff.team_id for handoff in moving})
    news = [
        notices.News("handoff.requeued", row.handoff, people[row.handoff.team_id], key=row.cause)
        for row in rows
    ]
    changes = [state_changes.Change(row.handoff, payload=row.payload) for row in rows]
    state_changes.update_leads(
        changes,
        EventKind.REQUEUED,
        notices.messages(news, at=at),
        by=by,
        at=at,
        on=events.today(at),
        owner=None,
    )


def release(handoff: Handoff, *, by: User | None, at: datetime) -> str:
    """Take an accepted handoff from its owner, back to pending; return its previous state.

    Ends the contact clock. Starts no clock, records no event and sends no notice.

    Raises AlreadyTaken.
    """
    from_state = state_changes.claim(
        handoff,
        HandoffState.PENDING,
        of=(HandoffState.ACCEPTED,),
        owner=None,
        accepted_at=None,
        requeued_at=at,
    )
    # The decision stays in the history; the next rep may decide again.
    standing = handoff.decisions.standing()
    standing.update(released_at=at)
    next_steps.end(handoff.lead_id, at=at)
    clocks.cancel(handoff, Metric.FIRST_CONTACT, at=at, by=by)
    return from_state


@transaction.atomic
def reassign(handoff: Handoff, owner: User, *, by: User, at: datetime, why: str = "") -> Handoff:
    """Give a handoff in work to another person; this is no new decision.

    The running clock keeps its deadline and its pause; the new owner's own time starts now.
    Notifies both.

    Raises MovedOn if it is not in work or has another owner by now, OwnerLeft if ``owner`` is
    inactive.
    """
    previous = handoff.owner
    if handoff.state not in WORKED or previous is None:
        raise MovedOn(handoff)
    if previous.pk == owner.pk:
        return handoff
    # The owner is part of the condition: two team leads may reassign at once.
    unchanged = {"id": handoff.pk, "state": handoff.state, "owner": previous}
    if not state_changes.write(handoff, unchanged, owner=owner):
        raise MovedOn(Handoff.objects.get(pk=handoff.pk))
    assignments.assign(handoff, owner, by=by, at=at)
    next_steps.pass_on(handoff, owner)
    state_changes.update_lead(
        handoff,
        EventKind.REASSIGNED,
        from_state=handoff.state,
        by=by,
        at=at,
        payload={"from": previous.name, "to": owner.name, "comment": why},
        owner=owner,
    )
    _notify_reassigned(handoff, previous, owner, by=by, at=at)
    return handoff


def _notify_reassigned(
    handoff: Handoff, previous: User, owner: User, *, by: User, at: datetime
) -> None:
    """Notify the new and the previous owner, except the person who reassigned."""
    # The moment is part of the key: the same person may get the lead again later.
    key = f"reassigned:{owner.pk}:{at.timestamp()}"
    params = {"by_id": by.pk, "owner_id": owner.pk}
    if owner.pk != by.pk:
        news = News("handoff.reassigned", handoff, [owner], key=key, params=params)
        notices.notify_to_act(news, at=at)
    if previous.pk != by.pk:
        notices.notify(
            "handoff.taken_over", handoff, [previous], at=at, key=f"{key}:from", params=params
        )
