"""Who may edit calendars. Everybody who is signed in reads them and may ask for a deadline."""

from __future__ import annotations

from crm.accounts.models import User


def can_edit_calendars(user: User) -> bool:
    """Return whether ``user`` may edit calendars: admins may, but for signed hours."""
    return user.is_admin
