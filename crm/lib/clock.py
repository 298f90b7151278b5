"""The one seam for time: the function ``relevo_now()`` of the database.

Deadlines are rows in PostgreSQL and several machines judge them, so only one clock may count. Tests
replace the body of the function. Nothing else in the product reads a clock; a test keeps that.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DateTimeField, Func

# The deployed body; check_invariants and the tests compare it with the database.
RELEVO_NOW_BODY = "SELECT clock_timestamp()"
# The expression of wall(), for statements that judge what lives by real time, such as sessions.
WALL = "clock_timestamp()"


class RelevoNow(Func):
    """The expression ``relevo_now()``, for defaults of columns. Migrations import this name."""

    function = "relevo_now"
    template = "%(function)s()"
    output_field = DateTimeField()


def now() -> datetime:
    """Return the present moment as an aware UTC datetime.

    It costs one query, so read it once per operation and pass it on.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT relevo_now()")
        return cursor.fetchone()[0]


def wall() -> datetime:
    """Return the real time of the database's machine.

    Use it to judge whether our processes are alive, never for a deadline. In production it equals
    :func:`now`; a test that moves business time must not look like an outage.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def local_date(moment: datetime, zone: str) -> date:
    """Return the calendar date of ``moment`` in the IANA zone ``zone``."""
    return moment.astimezone(ZoneInfo(zone)).date()
