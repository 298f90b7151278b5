"""The append-only record of changes, except those of leads, which have events."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from crm.lib.clock import RelevoNow


class AppendOnly(models.Model):
    """When, who and on behalf of whom: the fields of every append-only row.

    Personal data belong in ``payload`` only, which can be erased.
    """

    at = models.DateTimeField(db_default=RelevoNow())
    # Null: the system itself.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    payload = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True


class Entry(AppendOnly):
    """One change: ``verb`` was done to the subject (``subject_type``, ``subject_id``)."""

    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="audit_entry_subject")
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id or ''}".strip()
