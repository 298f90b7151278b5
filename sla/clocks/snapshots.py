"""A clock's row as plain data for the arithmetic of ladder and business time. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from crm.lib.db.json_snapshot import SharedObject
from sla.clocks import escalation_times
from sla.clocks.escalation_times import LadderStep
from sla.models import Clock, Snapshot
from sla.models.snapshot import Hash
from sla.worktime import arithmetic
from sla.worktime.calendar import WorkCalendar


class ClockRow(NamedTuple):
    """The columns of a clock that a reading needs, for lists that make no model instances."""

    pk: int
    metric: str
    state: str
    calendar_ref_id: Hash
    limit_seconds: int
    used_seconds: int | None
    started_at: datetime
    due_at: datetime
    soon_at: datetime | None
    paused_until: datetime | None
    stopped_at: datetime | None
    tried_at: datetime | None


def row_of(clock: Clock) -> ClockRow:
    """Return the columns of ``clock``."""
    return ClockRow(*(getattr(clock, name) for name in ClockRow._fields))


def calendar_of(clock: Clock | ClockRow) -> WorkCalendar:
    """Return the calendar that the clock carries."""
    return calendar_at(clock.calendar_ref_id)


@lru_cache(maxsize=256)
def calendar_at(reference: Hash) -> WorkCalendar:
    """Return the calendar whose snapshot has this hash."""
    return WorkCalendar.from_json(Snapshot.objects.body(reference))


def calendar(stored: Mapping[str, Any]) -> WorkCalendar:
    """Return the calendar of a policy; that of a kept policy is made once."""
    if isinstance(stored, SharedObject):
        return _shared(stored)
    return WorkCalendar.from_json(stored)


# A SharedObject hashes by identity: the key costs nothing.
@lru_cache(maxsize=256)
def _shared(stored: SharedObject) -> WorkCalendar:
    return WorkCalendar.from_json(stored)


def limit_of(clock: Clock) -> timedelta:
    """Return the business time that the commitment gives."""
    return timedelta(seconds=clock.limit_seconds)


def run_of(clock: Clock) -> escalation_times.Run:
    """Return the run of the clock since its last pause, with the rest of its limit."""
    since = clock.counted_from or clock.started_at
    left = limit_of(clock) - clock.spent
    return escalation_times.Run(calendar_of(clock), since, clock.due_at, left)


def stretches(clock: Clock) -> list[tuple[datetime, datetime]]:
    """Return start and end of the clock's pauses in order; an open one ends as planned.

    No query for a clock that never paused.
    """
    if clock.counted_from is None:
        return []
    return [(pause.started_at, pause.ended_at or pause.until) for pause in clock.pauses.all()]


def used(clock: Clock, at: datetime) -> timedelta:
    """Return the business time that the clock had run by ``at``, without its pauses."""
    calendar = calendar_of(clock)
    since = clock.counted_from or clock.started_at
    if at >= since:
        return clock.spent + arithmetic.between(calendar, since, at)
    return escalation_times.used(calendar, clock.started_at, stretches(clock), at)


def ladder_of(clock: Clock) -> list[LadderStep]:
    """Return the steps of the ladder that the clock carries, lowest level first."""
    return ladder_at(clock.ladder_ref_id)


@lru_cache(maxsize=256)
def ladder_at(reference: Hash) -> list[LadderStep]:
    """Return the steps of the ladder whose snapshot has this hash; never changed."""
    return escalation_times.read(Snapshot.objects.body(reference))


def planned(clock: Clock) -> datetime:
    """Return when the first step of the ladder is due; the deadline if the ladder is empty."""
    ladder = ladder_of(clock)
    if not ladder:
        return clock.due_at
    return escalation_times.planned_at(run_of(clock), ladder[0])
