"""The one organisation of an installation."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Value

LANGUAGES = [("es", "Español"), ("en", "English")]


class Organisation(models.Model):
    """The one organisation of this installation."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3, default="USD")
    language = models.CharField(max_length=2, choices=LANGUAGES, default="es")
    time_zone = models.CharField(max_length=60, default="America/Mexico_City")
    country = models.CharField(max_length=2, blank=True)
    # Chosen words that are not the usual ones of the country (crm.lib.wording.variants):
    # {"lead": "lead", "agreement": "SLA"}
    terms = models.JSONField(default=dict, blank=True, db_default=Value({}, models.JSONField()))
    is_demo = models.BooleanField(default=False)
    # While True, the checklist is the first page of admins.
    setting_up = models.BooleanField(default=False)
    # Finished and skipped steps: {"holidays": "done", "hours": "skipped"}
    setup_steps = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="organisation_is_one"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="organisation_currency_iso"
            ),
        ]

    def __str__(self) -> str:
        return self.name
