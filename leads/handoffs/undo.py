"""Decisions of reps, and taking one back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.errors import Conflict
from crm.notifications import outbox
from leads import events
from leads.handoffs import stages, transitions
from leads.models import Decision, Handoff
from leads.states import DecisionKind, EventKind, HandoffState, Stage
from sla.clocks import clocks
from sla.states import Metric


class TooLate(Conflict):
    """An undo after its 10 s, of somebody else's decision, or of one that others have built on."""

    code = "too_late"
    message = _("This cannot be undone any more.")


@transaction.atomic
def undo(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Take back one's own accept or reject within 10 s, as long as nothing else happened to the
    lead since.

    The handoff is pending again and its accept clock runs on as if nothing had happened; the
    decision stays in the history, its messages are not sent. Raises TooLate.
    """
    decision = standing(handoff)
    if decision is None or decision.by_id != by.pk or at - decision.at > outbox.UNDO_WINDOW:
        raise TooLate
    accepted = decision.kind == DecisionKind.ACCEPT
    reset = {"owner": None, "accepted_at": None} if accepted else {"closed_at": None}
    source = HandoffState.ACCEPTED if accepted else HandoffState.REJECTED
    old = transitions.claim(handoff, HandoffState.PENDING, of=(source,), **reset)
    if _happened_since(handoff, decision):  # asked with the row in hand: an attempt takes it, too
        raise TooLate
    Decision.objects.filter(pk=decision.pk).update(undone_at=at)
    if accepted:
        clocks.cancel(handoff, Metric.FIRST_CONTACT, at=at, by=by)
    if (stopped := clocks.last(handoff, Metric.ACCEPT)) is not None:
        transitions.write(
            handoff, Handoff.objects.filter(pk=handoff.pk), clock=clocks.reopen(stopped)
        )
    outbox.withdraw(f"decision:{decision.pk}", at=at, reason="undone")
    transitions.follow(
        handoff,
        EventKind.UNDONE,
        old=old,
        by=by,
        at=at,
        payload={"decision": decision.kind},
        owner=None,
    )
    accepts = Decision.objects.filter(
        handoff__lead=handoff.lead, kind=DecisionKind.ACCEPT, undone_at__isnull=True
    )
    if accepted and not accepts.exists():
        stages.forget(handoff.lead, Stage.ACCEPTED, on=events.today(decision.at))
    return handoff


def standing(handoff: Handoff) -> Decision | None:
    """The decision that counts; None while the handoff waits for one."""
    return handoff.decisions.filter(undone_at__isnull=True, released_at__isnull=True).first()


def _happened_since(handoff: Handoff, decision: Decision) -> bool:
    """Whether the lead has an event after that of ``decision``."""
    kind = EventKind.ACCEPTED if decision.kind == DecisionKind.ACCEPT else EventKind.REJECTED
    newest = handoff.lead.events.order_by("-id").first()
    return newest is None or (newest.handoff_id, newest.kind, newest.at) != (
        handoff.pk,
        kind,
        decision.at,
    )
