"""Heartbeats of our own processes, and the record of their outages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Greatest

from crm.lib import clock
from crm.lib.db.returning import Computed
from sla.models import Clock, Heartbeat, Outage
from sla.states import ClockState

# The watchdog takes over after this. When all workers stop, no step is late by more than 20 s: it
# waits up to 5 s for the sweep that stops (crm.celery), 12 s until Celery is silent, 2 s until the
# watchdog looks (its LOOK_EVERY), 1 s for its batch. The sweep that stopped keeps its rows for 8 s
# (ladder.BEGIN), which is less than those 12 s.
SILENT = timedelta(seconds=12)
OUTAGE = timedelta(seconds=120)  # a longer gap between sweeps is an outage

SWEEP = "sweep"
CELERY = "celery"
WATCHDOG = "watchdog"
MAILS = "mails"


@transaction.atomic
def beat(name: str) -> timedelta | None:
    """Record that process ``name`` lives; return the time since its last beat, None at first."""
    wall = clock.wall()
    Heartbeat.objects.bulk_create([Heartbeat(name=name, beat_at=wall)], ignore_conflicts=True)
    row = Heartbeat.objects.select_for_update().get(pk=name)
    since = wall - row.beat_at
    if since > timedelta(0):
        Heartbeat.objects.filter(pk=name).update(beat_at=wall)
    return since or None


def note_sweep() -> None:
    """Beat for the sweep; after a gap longer than OUTAGE, record the outage."""
    wall = clock.wall()
    lately = Heartbeat.objects.filter(pk=SWEEP, beat_at__gte=wall - OUTAGE)
    # One statement: a sweeper that hangs between two would keep the row that all others write.
    if not lately.update(beat_at=Greatest("beat_at", wall)):
        _beat_after_a_gap()


@transaction.atomic
def _beat_after_a_gap() -> None:
    since = beat(SWEEP)
    if since is None or since <= OUTAGE:
        return
    wall = Heartbeat.objects.get(pk=SWEEP).beat_at
    _record_outage(wall - since, wall)


@transaction.atomic
def note_restore(taken_at: datetime) -> Outage:
    """Record the time since the backup of ``taken_at``, or since the last sweep before it.

    The sweep beats as well, so that it does not record the same time again. Raises ValueError when
    the backup comes from the future of this machine.
    """
    last = Heartbeat.objects.filter(pk=SWEEP).values_list("beat_at", flat=True).first()
    beat(SWEEP)
    wall = clock.wall()
    started_at = min(taken_at, last or taken_at)
    if started_at >= wall:
        raise ValueError(f"the backup was taken at {taken_at}, and it is {wall} here")
    return _record_outage(started_at, wall)


def _record_outage(started_at: datetime, ended_at: datetime) -> Outage:
    outage = Outage.objects.create(started_at=started_at, ended_at=ended_at)
    # A breach that was recorded before the outage was known does not count against people, either.
    overlapping = Clock.objects.filter(started_at__lt=outage.ended_at, due_at__gt=outage.started_at)
    overlapping.filter(state=ClockState.BREACHED).update(in_outage=True)
    return outage


def is_silent(name: str) -> bool:
    """Return whether process ``name`` has not beaten for longer than SILENT, or never."""
    row = Heartbeat.objects.filter(pk=name).first()
    return row is None or clock.wall() - row.beat_at > SILENT


def outages_of(clocks: Sequence[Clock]) -> list[Outage]:
    """Return the outages that overlap the time of any of ``clocks``; at most one query."""
    if not clocks:
        return []
    start = min(each.started_at for each in clocks)
    end = max(each.due_at for each in clocks)
    return list(outages(start, end))


def overlaps(known: Iterable[Outage], start: datetime, end: datetime) -> bool:
    """Return whether one of the ``known`` outages overlaps the time from ``start`` to ``end``."""
    return any(outage.started_at < end and outage.ended_at > start for outage in known)


def overlapped(start: datetime, end: datetime) -> Computed:
    """Return whether an outage overlaps the time, as the database says while it writes a row."""
    sql = "EXISTS (SELECT 1 FROM sla_outage WHERE started_at < %s AND ended_at > %s)"
    return Computed(sql, (end, start))


def outages(start: datetime, end: datetime) -> QuerySet[Outage]:
    """Return the outages that overlap the time from ``start`` to ``end``."""
    return Outage.objects.filter(started_at__lt=end, ended_at__gt=start)
