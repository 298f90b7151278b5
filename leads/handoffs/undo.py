"""Take back a rep's decision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.notifications import outbox
from leads import events
from leads.conflicts import AlreadyTaken, MovedOn
from leads.follow_up import next_steps
from leads.handoffs import notices, stages, state_changes
from leads.models import Decision, Handoff
from leads.returns import misrouting, returns
from leads.states import DECIDED, NOT_TAKEN, DecisionKind, EventKind, HandoffState, Stage
from sla.clocks import clocks
from sla.states import Metric


class TooLate(MovedOn):
    """The 10 s are over, another person decided, or something happened since the decision."""

    code = "too_late"
    reason = _("This cannot be undone any more.")


@transaction.atomic
def undo(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Take back one's own decision within 10 s, if nothing happened to the lead since.

    The handoff is pending again and its accept clock runs on. The decision stays in the history;
    its messages are not sent.

    Raises TooLate, PersonIsMarked.
    """
    decision = standing(handoff)
    if decision is None or decision.by_id != by.pk or at - decision.at > outbox.UNDO_WINDOW:
        raise TooLate(handoff)
    following = _take_back_next(handoff, decision, by=by, at=at)
    _lock(handoff)
    from_state = _claim_pending(handoff, decision)
    # Judged with the row locked: an attempt locks it, too.
    if _happened_since(handoff, following, decision):
        handoff.state = from_state
        raise TooLate(handoff)
    Decision.objects.filter(pk=decision.pk).update(undone_at=at)
    _restore_accept_clock(handoff, decision, by=by, at=at)
    next_steps.end(handoff.lead_id, at=at)
    # They have waited for this: notices.of_decision delays them by UNDO_WINDOW.
    outbox.withdraw(notices.cause_of(decision), at=at, reason="undone")
    state_changes.update_lead(
        handoff,
        EventKind.UNDONE,
        from_state=from_state,
        by=by,
        at=at,
        payload={"decision": decision.kind},
        owner=None,
    )
    if decision.kind in NOT_TAKEN:
        # After the lead, whose row is locked before that of a return.
        returns.undo(handoff, by=by, at=at)
    # The date of an accept in an earlier cycle stays.
    if decision.kind == DecisionKind.ACCEPT and not _was_accepted_before(handoff):
        stages.unreach(handoff.lead, Stage.ACCEPTED, on=events.today(decision.at))
    return handoff


def standing(handoff: Handoff) -> Decision | None:
    """Return the decision that counts, or None while the handoff has none."""
    return handoff.decisions.standing().first()


def _take_back_next(
    handoff: Handoff, decision: Decision, *, by: User, at: datetime
) -> Handoff | None:
    """Withdraw the cycle that a misrouted handoff was passed on to; return it as it was found.

    First of all, because a lead has one open handoff. Raises TooLate.
    """
    if decision.kind != DecisionKind.MISROUTE:
        return None
    following = misrouting.next_of(handoff)
    if following is None:
        return None
    try:
        misrouting.take_back(following, by=by, at=at)
    except AlreadyTaken as error:
        # The other team was faster.
        raise TooLate(handoff) from error
    return following


def _lock(handoff: Handoff) -> None:
    """Lock the handoff and its lead before it is open again.

    A hand-off locks the lead and then waits for a handoff that has become open: with the lead
    locked after that, each of the two would wait for the other.
    """
    rows = Handoff.objects.select_related("lead")
    locked = rows.select_for_update(no_key=True, of=("self", "lead")).get(pk=handoff.pk)
    handoff.lead = locked.lead


def _claim_pending(handoff: Handoff, decision: Decision) -> str:
    decided, _kind = DECIDED[DecisionKind(decision.kind)]
    reset: dict[str, Any] = {"closed_at": None}
    if decision.kind == DecisionKind.ACCEPT:
        reset = {"owner": None, "accepted_at": None}
    # A savepoint: the reason of the refusal is read from the database.
    try:
        with transaction.atomic():
            return state_changes.claim(handoff, HandoffState.PENDING, of=(decided,), **reset)
    except state_changes.AnotherIsOpen as error:
        # Marketing has handed the rejected lead off again.
        raise TooLate(handoff) from error


def _restore_accept_clock(handoff: Handoff, decision: Decision, *, by: User, at: datetime) -> None:
    """Let the accept clock run on; end the contact clock that an accept started."""
    if decision.kind == DecisionKind.ACCEPT:
        clocks.cancel(handoff, Metric.FIRST_CONTACT, at=at, by=by)
    # The same clock runs on: an undone decision must not give the team new time.
    stopped = clocks.last(handoff, Metric.ACCEPT)
    if stopped is not None:
        state_changes.write(handoff, {"id": handoff.pk}, clock=clocks.reopen(stopped))


def _was_accepted_before(handoff: Handoff) -> bool:
    accepts = Decision.objects.filter(
        handoff__lead=handoff.lead, kind=DecisionKind.ACCEPT, undone_at__isnull=True
    )
    return accepts.exists()


def _happened_since(handoff: Handoff, following: Handoff | None, decision: Decision) -> bool:
    """Return whether the lead has an event after that of ``decision``.

    ``following``: the next cycle that came of it and is withdrawn by now.
    """
    rows = events.of_lead_alone().filter(lead=handoff.lead)
    _state, kind = DECIDED[DecisionKind(decision.kind)]
    own = (handoff.pk, kind, decision.at)
    if following is not None:
        rows = rows.exclude(handoff=following, kind=EventKind.WITHDRAWN)
        own = (following.pk, EventKind.HANDED_OFF, decision.at)
    newest = rows.order_by("-id").first()
    if newest is None:
        return True
    return (newest.handoff_id, newest.kind, newest.at) != own
