"""Who may look after calendars.

Reading them, and asking when something is due, is for everybody signed in.
"""

from __future__ import annotations

from crm.accounts.models import User


def can_edit_calendars(user: User) -> bool:
    """Admins configure; signed hours are frozen for them too (sla.calendars.calendars)."""
    return user.is_admin
