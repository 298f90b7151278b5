"""Pauses of clocks, the reasons for them, and the stints of accountable people."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from crm.audit.models import AppendOnly
from crm.lib.bilingual import BilingualField, in_language
from crm.lib.db.ranges import MomentRange
from sla.models.clock import Clock
from sla.states import PauseEnd


class PauseReason(models.Model):
    """A reason for which a clock may pause. Archived, never deleted once used.

    ``longest_minutes``: the cap on all pauses of one clock for this reason together, in calendar
    minutes with nights and weekends: a lead says "call me on the 14th", not "in 37 business hours".
    """

    code = models.SlugField(max_length=60, unique=True)
    name = BilingualField()
    longest_minutes = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(longest_minutes__gt=0), name="pause_reason_has_time")
        ]

    def __str__(self) -> str:
        return in_language(self.name)


class Pause(models.Model):
    """One pause of a clock, planned up to ``until``.

    ``ended_at``: null while it lasts. ``then_step_at``: when the next step of the ladder is due if
    the pause lasts as planned.
    """

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="pauses")
    reason = models.ForeignKey(PauseReason, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    until = models.DateTimeField()
    then_step_at = models.DateTimeField()
    note = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    end = models.CharField(max_length=10, choices=PauseEnd.choices, blank=True)

    class Meta:
        ordering = ["started_at", "id"]
        constraints = [
            # A pause that was ended early frees the rest of its planned time.
            ExclusionConstraint(
                name="pause_no_overlap",
                expressions=[
                    ("clock", RangeOperators.EQUAL),
                    (
                        MomentRange("started_at", Coalesce("ended_at", "until")),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            # Beside the exclusion: a pause whose time is up, and which the sweep has not ended
            # yet, overlaps no longer with a new one.
            models.UniqueConstraint(
                fields=["clock"], condition=Q(ended_at__isnull=True), name="pause_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(until__gt=F("started_at")), name="pause_has_length"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="")
                | Q(
                    ended_at__gte=F("started_at"), ended_at__lte=F("until"), end__in=PauseEnd.values
                ),
                name="pause_end_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.started_at} – {self.ended_at or self.until}"


class Stint(AppendOnly):
    """The time in which a previous person was accountable for a clock.

    Ended at ``at`` by ``actor``. ``was_late``: the person's own time was over by then.
    ``tried_at``: the person's first try without success (sla.clocks.tries). The current person is
    on the clock itself.
    """

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="stints")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()
    due_at = models.DateTimeField()
    was_late = models.BooleanField()
    tried_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            # Stored, because it is read for statistics; checked, so that it cannot drift.
            models.CheckConstraint(
                condition=Q(was_late=True, at__gt=F("due_at"))
                | Q(was_late=False, at__lte=F("due_at")),
                name="stint_is_judged_by_its_end",
            )
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.person_id}"
