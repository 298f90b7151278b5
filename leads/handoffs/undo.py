"""Take back a rep's decision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.notifications import outbox
from leads import events
from leads.conflicts import MovedOn
from leads.follow_up import next_steps
from leads.handoffs import stages, state_changes
from leads.models import Decision, Handoff
from leads.returns import returns
from leads.states import DecisionKind, EventKind, HandoffState, Stage
from sla.clocks import clocks
from sla.states import Metric


class TooLate(MovedOn):
    """The 10 s are over, another person decided, or something happened since the decision."""

    code = "too_late"
    reason = _("This cannot be undone any more.")


@transaction.atomic
def undo(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Take back one's own accept or reject within 10 s, if nothing happened to the lead since.

    The handoff is pending again and its accept clock runs on. The decision stays in the history;
    its messages are not sent.

    Raises TooLate.
    """
    decision = standing(handoff)
    if decision is None or decision.by_id != by.pk or at - decision.at > outbox.UNDO_WINDOW:
        raise TooLate(handoff)
    from_state = _claim_pending(handoff, decision)
    # Judged with the row locked: an attempt locks it, too.
    if _happened_since(handoff, decision):
        handoff.state = from_state
        raise TooLate(handoff)
    Decision.objects.filter(pk=decision.pk).update(undone_at=at)
    _restore_accept_clock(handoff, decision, by=by, at=at)
    next_steps.end(handoff.lead_id, at=at)
    # They have waited for this: notices.of_decision delays them by UNDO_WINDOW.
    outbox.withdraw(f"decision:{decision.pk}", at=at, reason="undone")
    state_changes.update_lead(
        handoff,
        EventKind.UNDONE,
        from_state=from_state,
        by=by,
        at=at,
        payload={"decision": decision.kind},
        owner=None,
    )
    if decision.kind == DecisionKind.REJECT:
        # After the lead, whose row is locked before that of a return.
        returns.cancel(handoff.lead, by=by, at=at)
    # The date of an accept in an earlier cycle stays.
    if decision.kind == DecisionKind.ACCEPT and not _was_accepted_before(handoff):
        stages.unreach(handoff.lead, Stage.ACCEPTED, on=events.today(decision.at))
    return handoff


def standing(handoff: Handoff) -> Decision | None:
    """Return the decision that counts, or None while the handoff has none."""
    return handoff.decisions.standing().first()


def _claim_pending(handoff: Handoff, decision: Decision) -> str:
    reset: dict[str, Any]
    if decision.kind == DecisionKind.ACCEPT:
        decided = HandoffState.ACCEPTED
        reset = {"owner": None, "accepted_at": None}
    else:
        decided = HandoffState.REJECTED
        reset = {"closed_at": None}
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


def _happened_since(handoff: Handoff, decision: Decision) -> bool:
    """Return whether the lead has an event after that of ``decision``."""
    newest = events.of_lead_alone().filter(lead=handoff.lead).order_by("-id").first()
    if newest is None:
        return True
    kind = EventKind.REJECTED
    if decision.kind == DecisionKind.ACCEPT:
        kind = EventKind.ACCEPTED
    own = (handoff.pk, kind, decision.at)
    return (newest.handoff_id, newest.kind, newest.at) != own
