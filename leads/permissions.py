"""Who may do what with leads and handoffs.

The whole policy on one screen; sight is ``visible_to``.
"""

from __future__ import annotations

from crm.accounts.models import User
from crm.accounts.states import Side
from leads.models import Decision, Handoff, ImportRun, Lead
from leads.states import WORKED, HandoffState, Stage


def can_log(user: User) -> bool:
    """Marketing logs leads."""
    return bool(user.team_ids(Side.MARKETING))


def can_import(user: User) -> bool:
    """Who logs leads may bring many of them at once."""
    return can_log(user)


def can_read_imports(user: User) -> bool:
    """The director reads everything and brings nothing."""
    return user.is_director or can_import(user)


def can_work_import(user: User, run: ImportRun) -> bool:
    """Whoever is of the marketing team that it is for."""
    return run.team_id in user.team_ids(Side.MARKETING)


def can_change(user: User, lead: Lead) -> bool:
    """The marketing team that brought it, or whoever works it now."""
    if lead.archived_at:
        return False
    return _is_of_marketing(user, lead) or _works(user, lead)


def can_qualify(user: User, lead: Lead) -> bool:
    is_open = lead.archived_at is None and lead.stage in (Stage.CAPTURED, Stage.MQL, Stage.RETURNED)
    return is_open and _is_of_marketing(user, lead)


def can_hand_off(user: User, lead: Lead) -> bool:
    return can_qualify(user, lead)


def can_withdraw(user: User, handoff: Handoff) -> bool:
    return handoff.is_pending and _is_of_marketing(user, handoff.lead)


def can_decide(user: User, handoff: Handoff) -> bool:
    """Accept or reject: the people of the sales team whose queue it is in."""
    return handoff.is_pending and handoff.team_id in user.team_ids(Side.SALES)


def can_accept_as_sql(user: User, handoff: Handoff) -> bool:
    return handoff.proves_sql and can_decide(user, handoff)


def can_undo(user: User, decision: Decision) -> bool:
    """Only whoever decided; for how long is the domain's question (leads.handoffs.undo)."""
    return decision.by_id == user.pk


def can_work(user: User, handoff: Handoff) -> bool:
    """Contact, qualify, win, lose: the owner, or a lead of the team in the owner's place."""
    if handoff.state not in WORKED:
        return False
    return handoff.owner_id == user.pk or handoff.team_id in user.team_ids(Side.SALES, led=True)


def can_pause(user: User, handoff: Handoff) -> bool:
    """Pause its clock and end the pause: whoever works it, while a contact or the SQL decision is
    awaited.
    """
    return handoff.state in (HandoffState.ACCEPTED, HandoffState.CONTACTED) and can_work(
        user, handoff
    )


def can_reapply(user: User) -> bool:
    """Bring open handoffs to the agreement in force: leads of sales teams for theirs, the director
    for all.
    """
    return user.is_director or bool(user.team_ids(Side.SALES, led=True))


def can_requeue(user: User, handoff: Handoff) -> bool:
    state_allows = handoff.state in (HandoffState.PENDING, HandoffState.ACCEPTED)
    return state_allows and handoff.team_id in user.team_ids(Side.SALES, led=True)


def can_reassign(user: User, handoff: Handoff) -> bool:
    """Give it to a colleague: a lead of the team, or the director."""
    return handoff.state in WORKED and (
        user.is_director or handoff.team_id in user.team_ids(Side.SALES, led=True)
    )


def can_edit_catalogues(user: User) -> bool:
    """What leads do and what it is worth: leads of teams of either side, and admins."""
    return user.is_admin or bool(
        user.team_ids(Side.MARKETING, led=True) or user.team_ids(Side.SALES, led=True)
    )


def can_read_alignment(user: User) -> bool:
    """Both sides read the same numbers; an admin alone makes no business of them."""
    return user.is_director or bool(user.memberships_now)


def _is_of_marketing(user: User, lead: Lead) -> bool:
    return lead.marketing_team_id is not None and lead.marketing_team_id in user.team_ids(
        Side.MARKETING
    )


def _works(user: User, lead: Lead) -> bool:
    if lead.owner_id is None:
        return False
    if lead.owner_id == user.pk:
        return True
    led = user.team_ids(Side.SALES, led=True)
    return bool(led) and Handoff.objects.filter(lead=lead, team__in=led, state__in=WORKED).exists()
