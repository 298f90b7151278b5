"""On whose behalf a person acts: a delegate or a team lead, in the place of one who is away."""

from __future__ import annotations

from datetime import datetime

from crm.accounts import leaves
from crm.accounts.models import User
from leads.models import Handoff
from leads.states import SENT_BACK, EventKind

# The steps of the owner of a handoff.
OF_OWNER = (
    EventKind.ATTEMPT,
    EventKind.CONTACTED,
    EventKind.CORRECTED,
    EventKind.SQL,
    EventKind.OPPORTUNITY,
    EventKind.EXPECTED,
    EventKind.WON,
    EventKind.LOST,
    EventKind.DISQUALIFIED,
    EventKind.RECYCLED,
    EventKind.AMOUNT_CORRECTED,
    EventKind.REOPENED,
    EventKind.PAUSED,
    EventKind.RESUMED,
    EventKind.NEXT_STEP,
)
# The answers to a return, which its sender owes.
OF_SENDER = (
    EventKind.CLOSED,
    EventKind.RECYCLED,
    EventKind.DISPUTED,
    EventKind.DUPLICATE,
)


def represented(handoff: Handoff, kind: EventKind, *, by: User | None, at: datetime) -> User | None:
    """Return in whose place ``by`` takes a step of ``handoff``, None for an own step.

    No query for a person's own step, and for one that names nobody.
    """
    if by is None:
        return None
    if handoff.state in SENT_BACK:
        if kind not in OF_SENDER or handoff.submitted_by_id == by.pk:
            return None
        team_id = handoff.lead.marketing_team_id
        return absent(handoff.submitted_by, team_id=team_id, by=by, at=at)
    if kind not in OF_OWNER or handoff.owner_id in (None, by.pk):
        return None
    return absent(handoff.owner, team_id=handoff.team_id, by=by, at=at)


def absent(
    person: User | None, *, team_id: int | None, by: User | None, at: datetime
) -> User | None:
    """Return ``person`` if they are away at ``at`` and ``by`` stands in: delegate or team lead."""
    if person is None or by is None or person.pk == by.pk:
        return None
    leave = leaves.away([person], at=at).get(person.pk)
    if leave is None:
        return None
    leads_team = any(member.is_lead and member.team_id == team_id for member in by.memberships_now)
    if leave.delegate_id == by.pk or leads_team:
        return person
    return None
