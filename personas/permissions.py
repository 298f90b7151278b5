"""Permissions to write personas. Everybody who is signed in may read them."""

from __future__ import annotations

from crm.accounts.models import User


def leads_a_team(user: User) -> bool:
    """Return whether ``user`` leads a team of either side."""
    # Teams that are archived are not among the memberships of now.
    return any(membership.is_lead for membership in user.memberships_now)


def can_edit(user: User) -> bool:
    """Team leads of either side and directors may write drafts, rename and archive."""
    return user.is_director or leads_a_team(user)


def can_publish(user: User) -> bool:
    """Team leads may publish a draft, as they sign every promise of their side."""
    return leads_a_team(user)


def can_edit_fields(user: User) -> bool:
    """Team leads may edit the custom fields that criteria use, and admins, who configure forms."""
    return user.is_admin or leads_a_team(user)
