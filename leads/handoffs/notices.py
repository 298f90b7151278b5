"""Notices about a handoff: who gets one, once for each cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from crm.accounts.models import Membership, User
from crm.accounts.states import Side
from crm.notifications import outbox
from leads.models import Decision, Handoff, Lead


def notify(
    kind: str,
    handoff: Handoff,
    people: Iterable[User],
    *,
    at: datetime,
    key: str,
    params: Mapping[str, Any] | None = None,
    cause: str = "",
    wait: timedelta = timedelta(0),
) -> None:
    """Queue a notice about the handoff for ``people``, once per ``key``.

    ``params`` are added to lead, company and team. ``cause`` and ``wait`` as in outbox.notify.
    """
    about = {
        "lead": str(handoff.lead),
        "company": str(handoff.lead.company or ""),
        "team": handoff.team.name,
    }
    outbox.notify(
        kind,
        people,
        at=at,
        key=f"handoff:{handoff.pk}:{key}",
        params={**about, **(params or {})},
        path=f"/leads/{handoff.lead_id}/",
        cause=cause,
        wait=wait,
    )


def notify_submitter(
    kind: str, handoff: Handoff, *, by: User, at: datetime, decision: Decision, **params: Any
) -> None:
    """Notify the submitter of a rep's decision.

    Waits until the rep cannot undo the decision any more (outbox.UNDO_WINDOW).
    """
    # An undo withdraws the messages of this cause before they are sent.
    cause = f"decision:{decision.pk}"
    notify(
        kind,
        handoff,
        submitters(handoff, besides=by),
        at=at,
        key=cause,
        params={"by": by.name, **params},
        cause=cause,
        wait=outbox.UNDO_WINDOW,
    )


def submitters(handoff: Handoff, *, besides: User) -> list[User]:
    """Return the people of marketing to notify of a result.

    The submitter; if inactive, the leads of the marketing team. Empty if ``besides`` submitted it.
    """
    if handoff.submitted_by_id == besides.pk:
        return []
    # The result must reach marketing even if the submitter has left.
    team_id = handoff.lead.marketing_team_id
    if handoff.submitted_by.is_active or team_id is None:
        return [handoff.submitted_by]
    leads = Membership.objects.filter(team_id=team_id, user__is_active=True, is_lead=True)
    return [membership.user for membership in leads.select_related("user")]


def owners_out_of_sight(user: User, lead_ids: Iterable[int]) -> dict[int, User | None]:
    """Return those of the leads that ``user`` may not see any more, each with its owner.

    None where the lead is not with a colleague of one of the user's sales teams: only colleagues
    may know who works on a lead. At most two queries.
    """
    wanted = set(lead_ids)
    if not wanted:
        return {}
    seen = Lead.objects.visible_to(user).filter(pk__in=wanted)
    hidden = wanted - set(seen.values_list("pk", flat=True))
    owners: dict[int, User | None] = dict.fromkeys(hidden)
    if not hidden:
        return owners
    with_colleagues = Handoff.objects.open().filter(
        lead__in=hidden,
        team__in=user.team_ids(Side.SALES),
        owner__isnull=False,
    )
    for handoff in with_colleagues.select_related("owner"):
        owners[handoff.lead_id] = handoff.owner
    return owners
