"""What a new valuable action does to a lead that was captured before: it wakes it or is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from crm.accounts.models import User
from crm.notifications import outbox
from leads.handoffs import notices
from leads.handoffs.notices import News
from leads.models import Decision, Handoff, ValuableAction
from leads.returns import recycling
from leads.states import Stage

WITH_OWNER = (Stage.ACCEPTED, Stage.CONTACTED, Stage.SQL, Stage.OPPORTUNITY)


def follow(
    action: ValuableAction, *, by: User | None, at: datetime, decision: Decision | None = None
) -> None:
    """Wake the action's lead if it is parked; tell the owner if it is in work.

    The lead's row is locked. ``decision``: of a rep, by which it was copied from a duplicate; the
    notice waits until it cannot be undone.
    """
    lead = action.lead
    if lead.stage == Stage.RECYCLED:
        recycling.wake_by_action(
            lead, occurred_on=action.occurred_on, occurred_at=action.occurred_at, by=by, at=at
        )
    elif lead.stage in WITH_OWNER:
        _tell_owner(action, decision, by=by, at=at)


def _tell_owner(
    action: ValuableAction, decision: Decision | None, *, by: User | None, at: datetime
) -> None:
    rows = Handoff.objects.open().select_related("owner", "team")
    handoff = rows.filter(lead=action.lead, owner__isnull=False).first()
    if handoff is None or handoff.owner is None or handoff.owner == by:
        return
    news = News(
        "handoff.action",
        handoff,
        [handoff.owner],
        key=f"action:{action.pk}",
        params={"reason": action.kind.name},
    )
    if decision is not None:
        news = replace(news, cause=notices.cause_of(decision), wait=outbox.UNDO_WINDOW)
    notices.notify_to_act(news, at=at)
