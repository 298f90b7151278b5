"""Clocks with their stored deadlines, the firings of their ladders, and our outages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from crm.accounts.models import Team
from crm.audit.models import AppendOnly
from sla.models.agreement import Commitment
from sla.models.snapshot import Snapshot, SnapshotReference
from sla.states import CLOCKED, PAUSABLE, ClockState, StepKind


class Clock(models.Model):
    """One running commitment on one subject (``subject_type``, ``subject_id``).

    ``calendar_ref``, ``ladder_ref``: snapshots; an edited agreement never moves a running clock.
    ``stopped_at``: null while the promised act is awaited, also after a breach.
    ``next_step_at``: when the sweep has to handle the clock.
    ``soon_at``: from then on the clock is at risk.
    ``counted_from``: since when it runs without a pause, null for its start; ``spent``: the
    business time that it had run before.
    ``assigned_*``: the accountable person's own time; ``assigned_met`` is null while undecided, or
    if no person is accountable.
    ``tried_at``: the first try of the act that did not succeed; ``assigned_tried_at``: the first
    one in the accountable person's own time (sla.clocks.tries).
    ``parked_until``: its step raised an error and is tried again then.
    """

    # No foreign key: this app does not know leads, which start and stop its clocks.
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    metric = models.CharField(max_length=20, choices=CLOCKED)
    # Null: the clock runs by a term of the agreement or its default (default_terms).
    commitment = models.ForeignKey(Commitment, models.PROTECT, null=True, related_name="clocks")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    accountable = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,  # clock_of_person covers it
    )
    state = models.CharField(max_length=10, choices=ClockState.choices, default=ClockState.RUNNING)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    limit_seconds = models.PositiveIntegerField()
    calendar_ref = SnapshotReference()
    ladder_ref = SnapshotReference()
    level = models.PositiveSmallIntegerField(default=0)
    next_step_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    used_seconds = models.PositiveIntegerField(null=True, blank=True)
    in_outage = models.BooleanField(default=False)
    soon_at = models.DateTimeField(null=True, blank=True)
    counted_from = models.DateTimeField(null=True, blank=True)
    spent = models.DurationField(default=timedelta(0), db_default=timedelta(0))
    paused_until = models.DateTimeField(null=True, blank=True)
    assigned_at = models.DateTimeField(null=True, blank=True)
    assigned_due_at = models.DateTimeField(null=True, blank=True)
    assigned_met = models.BooleanField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    assigned_tried_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    parked_until = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            # Partial: the sweep asks every 5 s, and clocks that are over must not make it slower.
            # Over a million open rows with none due it takes 36 ms.
            models.Index(
                fields=["next_step_at"],
                condition=Q(next_step_at__isnull=False),
                name="clock_to_sweep",
            ),
            # The lists of what is at risk or overdue.
            models.Index(
                fields=["due_at"], condition=Q(stopped_at__isnull=True), name="clock_open_due"
            ),
            models.Index(
                fields=["next_step_at"],
                condition=Q(parked_until__isnull=False),
                name="clock_parked",
            ),
            models.Index(fields=["subject_type", "subject_id"], name="clock_subject"),
            models.Index(fields=["metric", "started_at"], name="clock_metric_started"),
            # A person's own record, of a month, without reading the clocks themselves: they lie as
            # far apart as they were started (sla.clocks.assignments).
            models.Index(
                fields=["accountable", "assigned_at"],
                include=[
                    "assigned_met",
                    "assigned_due_at",
                    "assigned_tried_at",
                    "stopped_at",
                    "in_outage",
                ],
                name="clock_of_person",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "metric"],
                condition=Q(stopped_at__isnull=True),
                name="clock_one_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ClockState.values), name="clock_state_known"
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True) | Q(next_step_at__isnull=True),
                name="clock_stopped_has_no_step",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=False)
                | ~Q(state__in=[ClockState.MET, ClockState.CANCELLED]),
                name="clock_over_is_stopped",
            ),
            # "On time and yet late" would be a breach that no list shows.
            models.CheckConstraint(
                condition=~Q(state=ClockState.MET) | Q(stopped_at__lte=F("due_at")),
                name="clock_met_in_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=ClockState.BREACHED) | Q(breached_at__isnull=False),
                name="clock_breach_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(state=ClockState.PAUSED, paused_until__isnull=False)
                | (~Q(state=ClockState.PAUSED) & Q(paused_until__isnull=True)),
                name="clock_paused_has_end",
            ),
            models.CheckConstraint(
                condition=~Q(state=ClockState.PAUSED) | Q(metric__in=PAUSABLE),
                name="clock_paused_may_wait",
            ),
            # The deadline moves with the pause, so what was left of the time still lies behind it.
            models.CheckConstraint(
                condition=~Q(state=ClockState.PAUSED) | Q(due_at__gt=F("paused_until")),
                name="clock_pause_ends_before_deadline",
            ),
            models.CheckConstraint(
                condition=Q(soon_at__isnull=True) | Q(soon_at__lte=F("due_at")),
                name="clock_soon_before_deadline",
            ),
            models.CheckConstraint(
                condition=Q(assigned_at__isnull=True, assigned_due_at__isnull=True)
                | Q(assigned_due_at__gte=F("assigned_at"), accountable__isnull=False),
                name="clock_assigned_has_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.subject_type}:{self.subject_id} {self.state}"

    @property
    def ladder(self) -> list[dict[str, Any]]:
        return Snapshot.objects.body(self.ladder_ref_id)


class Firing(AppendOnly):
    """The proof that a step of a clock's ladder happened, once.

    ``at``: when it fired; ``planned_at``: when it was due. ``outcome``: "done", or "overtaken" for
    a warning that the sweep found after the deadline.
    """

    clock = models.ForeignKey(
        Clock,
        models.PROTECT,
        related_name="firings",
        db_index=False,  # firing_once covers it
    )
    level = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=StepKind.choices)
    planned_at = models.DateTimeField()
    outcome = models.CharField(max_length=16, default="done")

    class Meta:
        constraints = [
            # Parallel sweeps: the second insert of the same level fails, and so does its step.
            models.UniqueConstraint(fields=["clock", "level"], name="firing_once"),
            # Promise 2 of the product: once, and never early.
            models.CheckConstraint(condition=Q(at__gte=F("planned_at")), name="firing_never_early"),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} level {self.level} {self.kind}"


class Heartbeat(models.Model):
    """The last beat of one of our processes, by the machine's own clock (clock.wall)."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at}"


class Outage(models.Model):
    """A time in which nothing swept the deadlines. Its breaches do not count against people."""

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gt=F("started_at")), name="outage_has_length"
            )
        ]

    def __str__(self) -> str:
        return f"{self.started_at} – {self.ended_at}"
