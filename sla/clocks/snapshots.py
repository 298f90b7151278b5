"""A clock's row as plain data for the arithmetic of steps and business time.

Reads, writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from crm.lib.db.json_snapshot import Snapshot
from sla.clocks import escalation_times
from sla.models import Clock
from sla.worktime import arithmetic
from sla.worktime.calendar import WorkCalendar


def calendar_of(clock: Clock) -> WorkCalendar:
    """The calendar that the clock carries."""
    return calendar(clock.calendar)


def calendar(snapshot: Mapping[str, Any]) -> WorkCalendar:
    """A calendar from its snapshot, read once per text."""
    return _of(snapshot if isinstance(snapshot, Snapshot) else Snapshot(snapshot))


@lru_cache(maxsize=256)
def _of(snapshot: Snapshot) -> WorkCalendar:
    return WorkCalendar.from_json(snapshot)


def limit_of(clock: Clock) -> timedelta:
    """The business time that the commitment gives."""
    return timedelta(seconds=clock.limit_seconds)


def run_of(clock: Clock) -> escalation_times.Run:
    """The clock since its last pause, with what was left of its limit then."""
    since = clock.counted_from or clock.started_at
    return escalation_times.Run(
        calendar_of(clock), since, clock.due_at, limit_of(clock) - clock.spent
    )


def stretches(clock: Clock) -> list[tuple[datetime, datetime]]:
    """The clock's pauses in order, an open one up to its planned end.

    No query for a clock that never paused.
    """
    if clock.counted_from is None:
        return []
    return [(pause.started_at, pause.ended_at or pause.until) for pause in clock.pauses.all()]


def used(clock: Clock, at: datetime) -> timedelta:
    """The business time that the clock had run by ``at``, without its pauses."""
    since, spent = clock.counted_from or clock.started_at, clock.spent
    if at >= since:
        return spent + arithmetic.between(calendar_of(clock), since, at)
    return escalation_times.used(calendar_of(clock), clock.started_at, stretches(clock), at)


def planned(clock: Clock) -> datetime:
    """When the first step of the ladder is due (the deadline, where there is none)."""
    ladder = escalation_times.read(clock.ladder)
    return escalation_times.planned_at(run_of(clock), ladder[0]) if ladder else clock.due_at
