"""Locks on calendars, held until the transaction ends."""

from __future__ import annotations

from django.db import connection

from sla.models import Calendar

# The key of the advisory lock; any number that no other advisory lock uses.
NAMES_LOCK = 20_260_304


def lock_calendar(calendar: Calendar) -> Calendar:
    """Return the current row of ``calendar``, locked."""
    return Calendar.objects.select_for_update(no_key=True).get(pk=calendar.pk)


def lock_names() -> None:
    """Let one transaction at a time give names and teams to calendars.

    Both are checked against the rows that exist, which no row lock can hold for rows to come.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NAMES_LOCK])
