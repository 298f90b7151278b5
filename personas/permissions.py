"""Who may write personas.

Everybody who is signed in reads them: both sides look for the same people.
"""

from __future__ import annotations

from crm.accounts.models import User


def leads_a_team(user: User) -> bool:
    """Of either side."""
    return any(membership.is_lead for membership in user.memberships_now)


def can_edit(user: User) -> bool:
    """Write drafts, rename, archive: leads of teams of either side, and the director."""
    return user.is_director or leads_a_team(user)


def can_publish(user: User) -> bool:
    """Put a draft in force: who leads a team, as for every promise of a side."""
    return leads_a_team(user)


def can_edit_fields(user: User) -> bool:
    """The fields of leads that criteria ask for: leads of teams, and admins, who look after what
    forms ask.
    """
    return user.is_admin or leads_a_team(user)
