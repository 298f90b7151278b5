"""Clocks: one running commitment on one subject, its deadline stored, its firings proven."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from crm.accounts.models import Team
from crm.audit.models import AppendOnly
from crm.lib.db.json_snapshot import SnapshotField
from sla.models.agreement import Commitment
from sla.states import PAUSABLE, ClockState, Metric, StepKind


class Clock(models.Model):
    """One commitment running on one subject (``subject_type``, ``subject_id``: sla does not know
    what a lead is).

    ``calendar`` and ``ladder`` are snapshots: editing an agreement never moves a clock that runs.
    ``stopped_at`` null: still awaited, also when breached. ``next_step_at``: when the sweep has to
    look at it. ``soon_at``: from then on it is at risk. Since ``counted_from`` (null: its start) it
    runs without a pause, with ``spent`` of its limit used up before. ``assigned_*``: the own clock
    of the person who answers for it now.
    """

    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    metric = models.CharField(max_length=20, choices=Metric.choices)
    commitment = models.ForeignKey(Commitment, models.PROTECT, related_name="clocks")
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    accountable = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=ClockState.choices, default=ClockState.RUNNING)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    limit_seconds = models.PositiveIntegerField()
    calendar = SnapshotField()
    ladder = models.JSONField(default=list)
    level = models.PositiveSmallIntegerField(default=0)
    next_step_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    used_seconds = models.PositiveIntegerField(null=True, blank=True)
    in_outage = models.BooleanField(default=False)
    soon_at = models.DateTimeField(null=True, blank=True)
    counted_from = models.DateTimeField(null=True, blank=True)
    spent = models.DurationField(default=timedelta(0), db_default=timedelta(0))  # business time
    paused_until = models.DateTimeField(null=True, blank=True)
    assigned_at = models.DateTimeField(null=True, blank=True)
    assigned_due_at = models.DateTimeField(null=True, blank=True)
    assigned_met = models.BooleanField(
        null=True, blank=True
    )  # null: undecided, or nobody answered for it
    failures = models.PositiveSmallIntegerField(default=0)
    parked_until = models.DateTimeField(
        null=True, blank=True
    )  # its step raised an error: tried again then
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_step_at"],
                condition=Q(next_step_at__isnull=False),
                name="clock_to_sweep",
            ),
            models.Index(fields=["subject_type", "subject_id"], name="clock_subject"),
            models.Index(fields=["metric", "started_at"], name="clock_metric_started"),
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


class Firing(AppendOnly):
    """The proof that a step of a clock's ladder happened, once.

    ``at`` is when, ``planned_at`` when it should.
    """

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="firings")
    level = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=StepKind.choices)
    planned_at = models.DateTimeField()
    outcome = models.CharField(
        max_length=16, default="done"
    )  # or "overtaken": a warning found after the deadline

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clock", "level"], name="firing_once"),
            models.CheckConstraint(condition=Q(at__gte=F("planned_at")), name="firing_never_early"),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} level {self.level} {self.kind}"


class Heartbeat(models.Model):
    """When a part of the product last showed that it lives (the machine's own clock, see
    clock.wall).
    """

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at}"


class Outage(models.Model):
    """A stretch in which nothing swept the deadlines.

    Breaches that fall into it do not count against people.
    """

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
