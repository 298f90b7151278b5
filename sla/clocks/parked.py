"""Parked clocks: a step raised an error and is tried again later (sla.clocks.ladder)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from crm.accounts.models import User
from crm.audit.entries import record
from sla.models import Clock


@dataclass(frozen=True)
class Parked:
    """A parked clock; ``error``: the class alone, because the text of an error may name people."""

    clock: Clock
    error: str


def rows() -> QuerySet[Clock]:
    """Return the parked clocks."""
    return Clock.objects.filter(parked_until__isnull=False, next_step_at__isnull=False)


def longest_due(most: int) -> list[Parked]:
    """Return up to ``most`` parked clocks, those that are due longest first."""
    found = rows().select_related("team").order_by("next_step_at", "pk")[:most]
    return [Parked(clock, error=clock.last_error.partition("(")[0]) for clock in found]


@transaction.atomic
def retry(pk: int | None, *, by: User, at: datetime) -> int:
    """Let the next sweep try the parked clock ``pk`` again, or all; return how many there were.

    Its failures stay counted, so the sweep takes it alone.
    """
    waiting = rows()
    if pk is not None:
        waiting = waiting.filter(pk=pk)
    count = waiting.update(parked_until=None)
    if count:
        record(
            "parked_clocks_retried", "clock", by=by, at=at, payload={"clock": pk, "count": count}
        )
    return count
