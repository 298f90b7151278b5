"""Remove the whole demo at once; a real organisation can never be emptied.

Two locks in the database: the owner of the tables marks an installation as a demo while it is still
empty (`migrate` in demo mode), and only the owner's function, which looks at that mark, can remove
what is append-only.
"""

from __future__ import annotations

from datetime import datetime

from django.db import OperationalError, ProgrammingError, connection, transaction
from django.utils.translation import gettext_lazy as _
from psycopg2 import errors

from crm.audit.entries import record
from crm.lib.errors import Conflict, DomainError

MARK = """
    INSERT INTO relevo_installation (is_demo)
    SELECT true WHERE NOT EXISTS (SELECT 1 FROM audit_entry)
        AND NOT EXISTS (SELECT 1 FROM accounts_user)
        AND NOT EXISTS (SELECT 1 FROM accounts_organisation)
    ON CONFLICT (id) DO NOTHING
"""
READ = "SELECT is_demo, emptied_at FROM relevo_installation"


class NoDemo(DomainError):
    """The database refused: this installation was not marked as a demo, or it started fresh."""

    code = "no_demo"
    message = _("This installation is not a demo that can be emptied. Nothing was removed.")


class Busy(Conflict):
    code = "busy"
    message = _("The database is busy. Nothing was removed; try again in a moment.")


def mark() -> None:
    """Mark an empty database as a demo. `migrate` calls it in demo mode, as the owner."""
    with connection.cursor() as cursor:
        # `migrate` calls this after every run, also one that stops before the table is made.
        cursor.execute("SELECT to_regclass('relevo_installation') IS NOT NULL")
        if cursor.fetchone()[0]:
            cursor.execute(MARK)


def _installation() -> tuple[bool, datetime | None]:
    with connection.cursor() as cursor:
        cursor.execute(READ)
        return cursor.fetchone() or (False, None)


def is_possible() -> bool:
    """Whether the demo of this installation can be removed."""
    return _installation()[0]


def has_happened() -> bool:
    """Whether the demo was removed: it never comes back by itself."""
    return _installation()[1] is not None


def start(*, at: datetime) -> None:
    """Remove people, leads, history and sessions in one transaction. Raises NoDemo, Busy."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT relevo_start_fresh()")
            record("started_fresh", "organisation", by=None, at=at)
    except (ProgrammingError, OperationalError) as error:
        if isinstance(error.__cause__, errors.InsufficientPrivilege):
            raise NoDemo from error
        if isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected):
            raise Busy from error
        raise
