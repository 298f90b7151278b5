"""Recognise that the database is away: restarting, full, or out of connections."""

from __future__ import annotations

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error, InterfaceError, InternalError, OperationalError

RETRY_AFTER = 10  # seconds
# Classes of SQLSTATE about the database as a whole: connection, resources, shutdown and start. The
# last one: the server ended our session because it was idle in a transaction.
AWAY = ("08", "53", "57P", "25P03")


def is_away(error: BaseException | None) -> bool:
    """Return whether ``error`` means that the database cannot be reached.

    An error about a single statement does not count.
    """
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return False
    cause = None
    if isinstance(error, Error):
        cause = error.__cause__
    state = getattr(cause, "pgcode", None)
    if state is None:
        return not isinstance(error, InternalError)
    return state.startswith(AWAY)


def blames_row(error: Exception) -> bool:
    """Return whether ``error``, raised by work on one row, may be the fault of that row.

    It is not if Celery's time limit interrupted the work, or if the database went away.
    """
    return not isinstance(error, SoftTimeLimitExceeded) and not is_away(error)
