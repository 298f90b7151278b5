"""Keys that act for a person, and the answers kept for repeated requests."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from crm.accounts.models import Organisation
from crm.api.states import Scope
from crm.lib.clock import RelevoNow


class Key(models.Model):
    """A secret of 256 bits that acts as ``owner`` within ``scopes``; only its SHA-256 is stored.

    ``window_at`` and ``used`` count the requests of the current minute.
    """

    # No columns: keys.find sets them.
    organisation: Organisation
    fetched_at: datetime

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    # Finds the row: the secret itself is stored only hashed.
    prefix = models.CharField(max_length=12, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=RelevoNow())
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    window_at = models.DateTimeField(null=True, blank=True)
    used = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="api_key_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(secret_sha256__regex=r"^[0-9a-f]{64}$"), name="api_key_is_hashed"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown(self) -> str:
        """The part of the key that may be shown."""
        return f"rlv_{self.prefix}.…"

    @property
    def scope_labels(self) -> list[str]:
        """Return what the key may do, in the words of the form that created it."""
        return [str(Scope(scope).label) for scope in self.scopes]


class Answer(models.Model):
    """The first answer to a POST with an Idempotency-Key, kept for a day.

    ``status`` 0: not answered yet.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    content_type = models.CharField(max_length=80, blank=True)
    location = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    # Indexed for answers.forget, which deletes by age.
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"], name="api_one_answer_per_idempotency_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.key}"
