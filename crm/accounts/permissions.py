"""Who may look after people and teams."""

from __future__ import annotations

from crm.accounts.models import User


def can_manage_people(user: User) -> bool:
    """Admins invite, place and deactivate people. That is no sight of any lead."""
    return user.is_admin
