"""Whether our own processes live, and the record of when they did not."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from crm.lib import clock
from sla.models import Clock, Heartbeat, Outage
from sla.states import ClockState

SILENT = timedelta(seconds=30)  # the watchdog takes over after this (reliability.md, rule 2)
OUTAGE = timedelta(
    seconds=120
)  # a longer gap between sweeps is an outage of ours, kept out of statistics

SWEEP, CELERY, WATCHDOG = "sweep", "celery", "watchdog"


@transaction.atomic
def beat(name: str) -> timedelta | None:
    """Note that the part ``name`` lives; returns how long ago it last did, None the first time."""
    wall = clock.wall()
    Heartbeat.objects.bulk_create([Heartbeat(name=name, beat_at=wall)], ignore_conflicts=True)
    row = Heartbeat.objects.select_for_update().get(pk=name)
    since = wall - row.beat_at
    if since > timedelta(0):
        Heartbeat.objects.filter(pk=name).update(beat_at=wall)
    return since or None


@transaction.atomic
def note_sweep() -> None:
    """Beat for the sweep; where nothing swept for longer than OUTAGE, record that we were down."""
    since = beat(SWEEP)
    if since is not None and since > OUTAGE:
        wall = Heartbeat.objects.get(pk=SWEEP).beat_at
        outage = Outage.objects.create(started_at=wall - since, ended_at=wall)
        # a breach that was noted before we knew of the outage does not count against people either
        overlapping = Clock.objects.filter(
            started_at__lt=outage.ended_at, due_at__gt=outage.started_at
        )
        overlapping.filter(state=ClockState.BREACHED).update(in_outage=True)


def is_silent(name: str) -> bool:
    """Whether the part ``name`` has not beaten for longer than SILENT (or never)."""
    row = Heartbeat.objects.filter(pk=name).first()
    return row is None or clock.wall() - row.beat_at > SILENT


def was_down(start: datetime, end: datetime) -> bool:
    """Whether an outage of ours overlaps the stretch from ``start`` to ``end``."""
    return outages(start, end).exists()


def outages(start: datetime, end: datetime) -> QuerySet[Outage]:
    """Outages of ours that overlap the stretch from ``start`` to ``end``."""
    return Outage.objects.filter(started_at__lt=end, ended_at__gt=start)
