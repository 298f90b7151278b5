"""The one seam for time: the database's function ``relevo_now()`` says what time it is.

Deadlines are rows in PostgreSQL and several machines judge them, so only one clock may count. Tests
replace the function's body; nothing else in the product reads a clock (a test keeps that).
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DateTimeField, Func

# What is deployed; check_invariants and the tests compare it with the database.
RELEVO_NOW_BODY = "SELECT clock_timestamp()"


class RelevoNow(Func):
    """``relevo_now()`` as an expression, for defaults of columns."""

    function = "relevo_now"
    template = "%(function)s()"
    output_field = DateTimeField()


def now() -> datetime:
    """The present moment as an aware UTC datetime.

    One query: read it once per operation and pass it on.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT relevo_now()")
        return cursor.fetchone()[0]


def wall() -> datetime:
    """The database machine's own clock, for judging whether our processes are alive, never for a
    deadline.

    Equal to :func:`now` in production. A test that moves business time must not look like an
    outage.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def local_date(moment: datetime, zone: str) -> date:
    """The calendar date of ``moment`` in the IANA zone ``zone``."""
    return moment.astimezone(ZoneInfo(zone)).date()
