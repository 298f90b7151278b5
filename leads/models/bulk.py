"""One act on many leads: its options, and the result for each lead."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from crm.accounts.models import User
from crm.lib.bilingual import in_language
from crm.lib.clock import RelevoNow
from leads.bulk.states import BulkKind, BulkResult
from leads.models.lead import Lead


class BulkActQuerySet(models.QuerySet["BulkAct"]):
    def visible_to(self, user: User) -> BulkActQuerySet:
        """Return the acts of ``user``: their leads are those that this person saw."""
        return self.filter(by=user)


class BulkAct(models.Model):
    """One act on the leads of its items.

    It is prepared with its leads, and started once by a confirmation: ``started_at`` is null until
    then. ``options``: what was chosen there. ``finished_at``: null while items wait.
    """

    kind = models.CharField(max_length=10, choices=BulkKind.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    options = models.JSONField(default=dict)
    total = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=RelevoNow())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = BulkActQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                # What workers look for, again and again.
                fields=["id"],
                condition=Q(started_at__isnull=False, finished_at__isnull=True),
                name="bulk_work",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=BulkKind.values), name="bulk_kind_known"),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(started_at__isnull=False),
                name="bulk_finished_was_started",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.total}"

    @property
    def is_working(self) -> bool:
        """Whether it was started and has not finished."""
        return self.started_at is not None and self.finished_at is None


class BulkItem(models.Model):
    """One lead of an act.

    ``result`` is empty while it waits. ``reasons``: why it was skipped, in both languages.
    """

    # CASCADE, unlike the history of leads, which has its own events: results are kept for a while.
    act = models.ForeignKey(BulkAct, models.CASCADE, related_name="items")
    lead = models.ForeignKey(Lead, models.PROTECT, related_name="+", db_index=False)
    result = models.CharField(max_length=8, choices=BulkResult.choices, blank=True)
    reasons = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [models.Index(fields=["act", "result", "id"], name="bulk_item_result")]
        constraints = [
            models.UniqueConstraint(fields=["act", "lead"], name="bulk_item_once"),
            models.CheckConstraint(
                condition=Q(result="") | Q(result__in=BulkResult.values), name="bulk_result_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act_id}/{self.lead_id} {self.result}"

    @property
    def reason(self) -> str:
        """Why the lead was skipped, in the active language."""
        return in_language(self.reasons)
