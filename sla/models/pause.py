"""Why a clock may stand still, when it did, and who answered for it before."""

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
    """A reason for which a clock may pause, and for how long at most.

    Archived, never deleted once used.

    ``longest_minutes`` are minutes of the calendar on the wall, nights and weekends included: a
    lead says "call me on the 14th", not "in 37 business hours". It caps all pauses of one clock for
    this reason together.
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
    """One stretch in which a clock stood still: planned up to ``until``, over at ``ended_at``
    (null: it goes on).

    ``then_step_at``: when the ladder's next step is due if the pause lasts as planned.
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
    """That somebody answered for a clock and handed it on at ``at``; ``actor`` is who handed it on.

    ``was_late``: the person's own time was over by then. Who has it now stands on the clock itself.
    """

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="stints")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()
    due_at = models.DateTimeField()
    was_late = models.BooleanField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(was_late=True, at__gt=F("due_at"))
                | Q(was_late=False, at__lte=F("due_at")),
                name="stint_is_judged_by_its_end",
            )
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.person_id}"
