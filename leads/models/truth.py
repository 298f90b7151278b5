"""The truth of a package: what the rep says of its criteria once the lead has an end."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from leads.models.handoff import Handoff
from leads.states import Truth


class CriterionTruth(models.Model):
    """An answer to "was it true?" about one criterion of a handoff. The newest counts.

    ``code``: that of the criterion in the persona version of the handoff.
    """

    handoff = models.ForeignKey(
        Handoff,
        models.PROTECT,
        related_name="truths",
        db_index=False,  # truth_newest covers it
    )
    code = models.CharField(max_length=60)
    answer = models.CharField(max_length=8, choices=Truth.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["handoff", "code", "-id"], name="truth_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(answer__in=Truth.values), name="truth_answer_known")
        ]

    def __str__(self) -> str:
        return f"{self.handoff_id} {self.code} {self.answer}"
