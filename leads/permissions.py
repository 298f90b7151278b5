"""Who may do what with leads and handoffs.

The whole policy in one file, except for sight: that is ``visible_to`` of the models.
"""

from __future__ import annotations

from typing import Protocol

from crm.accounts.models import User
from crm.accounts.states import Side
from leads.bulk.states import BulkKind
from leads.journey import Part
from leads.models import Decision, Handoff, ImportRun, Lead
from leads.states import (
    PAUSED_IN,
    REOPENED_FROM,
    REQUEUED_IN,
    WORKED,
    HandoffState,
    Stage,
)

QUALIFIED_IN = (Stage.CAPTURED, Stage.MQL, Stage.RETURNED)
# Leads with an open handoff and won leads stay in the lists.
ARCHIVED_IN = (*QUALIFIED_IN, Stage.LOST, Stage.DISQUALIFIED)


class Decidable(Protocol):
    """What a decision is judged by: a handoff, or its row of a list."""

    @property
    def is_pending(self) -> bool: ...
    @property
    def team_id(self) -> int: ...
    @property
    def proves_sql(self) -> bool: ...


# -- Leads


def can_log(user: User) -> bool:
    """Log leads: marketing."""
    return bool(user.team_ids(Side.MARKETING))


def can_change(user: User, lead: Lead) -> bool:
    """Change data and evidence: the marketing team that brought the lead, or its owner."""
    # An archived lead is kept for its history alone.
    if lead.archived_at:
        return False
    return _is_of_marketing(user, lead) or _works_on(user, lead)


def can_note(user: User, lead: Lead) -> bool:
    """Write a note: all who may see the lead, which callers have checked."""
    return lead.archived_at is None


def can_qualify(user: User, lead: Lead) -> bool:
    """Qualify as MQL: the marketing team that brought the lead."""
    if lead.archived_at is not None:
        return False
    return lead.stage in QUALIFIED_IN and _is_of_marketing(user, lead)


def can_hand_off(user: User, lead: Lead) -> bool:
    """Hand off to sales: as for qualifying."""
    return can_qualify(user, lead)


def can_archive(user: User, lead: Lead) -> bool:
    """Archive: the marketing team that brought the lead, before or after sales has it."""
    if lead.archived_at is not None:
        return False
    return lead.stage in ARCHIVED_IN and _is_of_marketing(user, lead)


# -- Many leads at once


def bulk_kinds(user: User) -> list[str]:
    """Return the acts on many leads that may be offered; each lead is judged by itself."""
    kinds: list[str] = []
    if can_log(user):
        kinds += [BulkKind.HAND_OFF, BulkKind.ARCHIVE]
    if can_assign(user):
        kinds.append(BulkKind.ASSIGN)
    return kinds


def can_assign(user: User) -> bool:
    """Give leads to owners at all: leads of sales teams, and directors."""
    return user.is_director or bool(user.team_ids(Side.SALES, led=True))


# -- Imports


def can_import(user: User) -> bool:
    """Import leads: people who may log one."""
    return can_log(user)


def can_read_imports(user: User) -> bool:
    """Read imports: people who import, and directors."""
    return user.is_director or can_import(user)


def can_work_import(user: User, run: ImportRun) -> bool:
    """Change, start or undo an import: people of its marketing team."""
    return run.team_id in user.team_ids(Side.MARKETING)


# -- Handoffs


def can_withdraw(user: User, handoff: Handoff) -> bool:
    """Take back a pending handoff: the marketing team that brought the lead."""
    return handoff.is_pending and _is_of_marketing(user, handoff.lead)


def can_decide(user: User, handoff: Decidable) -> bool:
    """Accept or reject: the people of the sales team whose queue it is in."""
    return handoff.is_pending and handoff.team_id in user.team_ids(Side.SALES)


def can_accept_as_sql(user: User, handoff: Decidable) -> bool:
    """Accept as SQL: the same people, if the package proves means and authority."""
    return handoff.proves_sql and can_decide(user, handoff)


def can_undo(user: User, decision: Decision) -> bool:
    """Undo a decision: its author. For how long: leads.handoffs.undo."""
    return decision.by_id == user.pk


def can_work(user: User, handoff: Handoff) -> bool:
    """Work on it, from contact to outcome: the owner, or a lead of the team in their place."""
    if handoff.state not in WORKED:
        return False
    return handoff.owner_id == user.pk or _leads_team_of(user, handoff)


def can_correct_amount(user: User, handoff: Handoff) -> bool:
    """Correct the amount of a won handoff: its owner, or a lead of the team."""
    return handoff.state == HandoffState.WON and _closed_it(user, handoff)


def can_reopen(user: User, handoff: Handoff) -> bool:
    """Reopen an outcome: its owner, or a lead of the team."""
    return handoff.state in REOPENED_FROM and _closed_it(user, handoff)


def can_pause(user: User, handoff: Handoff) -> bool:
    """Pause the clock and end the pause: as for working, while contact or SQL is awaited."""
    return handoff.state in PAUSED_IN and can_work(user, handoff)


def parts(user: User, lead: Lead, handoff: Handoff | None) -> set[Part]:
    """Return the parts that ``user`` plays for the lead now (leads.journey)."""
    played: set[Part] = set()
    if can_qualify(user, lead):
        played.add(Part.MARKETING)
    if handoff is None:
        return played
    if can_decide(user, handoff):
        played.add(Part.QUEUE)
    if can_work(user, handoff):
        played.add(Part.WORKER)
    return played


def can_requeue(user: User, handoff: Handoff) -> bool:
    """Put back into the queue: a lead of the team."""
    return handoff.state in REQUEUED_IN and _leads_team_of(user, handoff)


def can_reassign(user: User, handoff: Handoff) -> bool:
    """Give to a colleague: a lead of the team, or a director."""
    if handoff.state not in WORKED:
        return False
    return user.is_director or _leads_team_of(user, handoff)


def can_reapply(user: User) -> bool:
    """Bring open handoffs to the agreement in force: leads of sales teams, and directors."""
    return user.is_director or bool(user.team_ids(Side.SALES, led=True))


# -- Settings and results


def can_edit_catalogues(user: User) -> bool:
    """Edit valuable actions and their points: leads of teams of either side, and admins."""
    leads_marketing = user.team_ids(Side.MARKETING, led=True)
    leads_sales = user.team_ids(Side.SALES, led=True)
    return user.is_admin or bool(leads_marketing or leads_sales)


def can_read_alignment(user: User) -> bool:
    """Read the alignment page: people of a team, and directors; an admin alone may not."""
    return user.is_director or bool(user.memberships_now)


def _is_of_marketing(user: User, lead: Lead) -> bool:
    team_id = lead.marketing_team_id
    if team_id is None:
        return False
    return team_id in user.team_ids(Side.MARKETING)


def _leads_team_of(user: User, handoff: Handoff) -> bool:
    return handoff.team_id in user.team_ids(Side.SALES, led=True)


def _closed_it(user: User, handoff: Handoff) -> bool:
    # An archived lead is kept for its history alone.
    if handoff.lead.archived_at:
        return False
    return handoff.owner_id == user.pk or _leads_team_of(user, handoff)


def _works_on(user: User, lead: Lead) -> bool:
    """Return whether ``user`` owns the lead, or leads the team of its open handoff."""
    owner = lead.owner_id
    if owner is None:
        return False
    if owner == user.pk:
        return True
    led = user.team_ids(Side.SALES, led=True)
    # Most people lead no team and need no query.
    if not led:
        return False
    return Handoff.objects.filter(lead=lead, team__in=led, state__in=WORKED).exists()
