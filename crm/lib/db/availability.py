"""Recognise that the database is away: restarting, full, or out of connections."""

from __future__ import annotations

from django.db import Error, InterfaceError, OperationalError

RETRY_AFTER = 10  # seconds
# Classes of SQLSTATE about the database as a whole: connection, resources, shutdown and start.
AWAY = ("08", "53", "57P")


def is_away(error: BaseException | None) -> bool:
    """Return whether ``error`` means that the database cannot be reached.

    An error about a single statement does not count.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = None
    if isinstance(error, Error):
        cause = error.__cause__
    state = getattr(cause, "pgcode", None)
    return state is None or state.startswith(AWAY)
