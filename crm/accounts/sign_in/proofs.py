"""What the person of a session has proven, and when: the password, and the second factor.

Proofs are kept in the session itself, so that a request reads them without a query. Acts that
change how a person signs in ask for proofs that are fresh.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.db import models

FRESH = timedelta(minutes=10)


class Proof(models.TextChoices):
    """``COMPLETE``: a second factor was proven and its recovery codes are kept."""

    PASSWORD = "proved_password_at"
    SECOND_FACTOR = "proved_second_factor_at"
    COMPLETE = "second_factor_complete_at"


def add(session: SessionBase, proof: Proof, *, at: datetime) -> None:
    """Note that the person of ``session`` has just proven this."""
    session[proof.value] = at.isoformat()


def drop(session: SessionBase, *proofs: Proof) -> None:
    """Forget proofs, because what they proved is gone."""
    for proof in proofs:
        session.pop(proof.value, None)


def is_there(session: SessionBase, proof: Proof) -> bool:
    """Return whether this was proven in ``session``, however long ago."""
    return proof.value in session


def is_fresh(session: SessionBase, proof: Proof, *, at: datetime) -> bool:
    """Return whether this was proven in ``session`` within the last ten minutes."""
    proven_at = session.get(proof.value)
    return proven_at is not None and at - datetime.fromisoformat(proven_at) < FRESH
