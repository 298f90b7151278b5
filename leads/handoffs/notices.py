"""Who is told of a handoff, once for each cause."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from crm.accounts.models import Membership, User
from crm.notifications import outbox
from leads.models import Decision, Handoff


def tell(
    kind: str, handoff: Handoff, people: Iterable[User], *, at: datetime, key: str, **more: Any
) -> None:
    """Queue a notice about the handoff to ``people``, once per ``key``."""
    params = {
        "lead": str(handoff.lead),
        "company": str(handoff.lead.company or ""),
        "team": handoff.team.name,
    }
    outbox.notify(
        kind,
        people,
        at=at,
        key=f"handoff:{handoff.pk}:{key}",
        params={**params, **more.pop("params", {})},
        path=f"/leads/{handoff.lead_id}/",
        **more,
    )


def tell_submitter(
    kind: str, handoff: Handoff, *, by: User, at: datetime, decision: Decision, **params: Any
) -> None:
    """Tell who handed the lead off what became of it; waits for the 10 s in which the rep may undo
    it.
    """
    cause = f"decision:{decision.pk}"
    tell(
        kind,
        handoff,
        submitters(handoff, besides=by),
        at=at,
        key=cause,
        cause=cause,
        wait=outbox.UNDO_WINDOW,
        params={"by": by.name, **params},
    )


def submitters(handoff: Handoff, *, besides: User) -> list[User]:
    """Who of marketing hears what became of the handoff: who handed it off, or the leads of the
    team if that person is not here any more.
    """
    if handoff.submitted_by_id == besides.pk:
        return []
    team_id = handoff.lead.marketing_team_id
    if handoff.submitted_by.is_active or team_id is None:
        return [handoff.submitted_by]
    here = Membership.objects.filter(team_id=team_id, user__is_active=True, is_lead=True)
    return [membership.user for membership in here.select_related("user")]
