"""Whether the database is away: restarting, full, out of connections."""

from __future__ import annotations

from django.db import Error, InterfaceError, OperationalError

RETRY_AFTER = 10  # seconds
# SQLSTATE classes in which the database as a whole is away: connection, resources, shutdown or
# start.
AWAY = ("08", "53", "57P")


def is_away(error: BaseException | None) -> bool:
    """Whether ``error`` says that the database cannot be reached, not that it disliked a
    statement.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__ if isinstance(error, Error) else None, "pgcode", None)
    return state is None or state.startswith(AWAY)
