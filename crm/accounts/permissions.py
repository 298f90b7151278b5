"""What admins may do."""

from __future__ import annotations

from crm.accounts.models import User


def can_manage_people(user: User) -> bool:
    """Admins invite, place and deactivate people. That is no sight of any lead."""
    return user.is_admin


def can_configure(user: User) -> bool:
    """Admins set up the organisation. That is no business decision."""
    return user.is_admin
