"""What opens an account: invitations, requests for passwords, and counted guesses."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from crm.accounts.models.people import User


class Invitation(models.Model):
    """A link that opens an account once: the person sets a password and is signed in.

    The link is signed (crm.accounts.invitations): it takes this row and the server's key to make.
    """

    person = models.ForeignKey(User, models.CASCADE, related_name="invitations")
    invited_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    nonce = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                # Not "not expired": a constraint knows no time. A new link revokes the old one.
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                name="invitation_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="invitation_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.created_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        """Whether the link was neither used nor revoked; it may have expired."""
        return self.accepted_at is None and self.revoked_at is None


class Tries(models.Model):
    """How many guesses of a secret were counted under one limit (crm.accounts.sign_in.tries).

    ``key`` is a hash of what is counted. Until ``open_at`` no further guess is taken.
    """

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    open_at = models.DateTimeField()
    # Indexed for tries.forget, which deletes by age.
    forgotten_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.count}"


class PasswordRequest(models.Model):
    """An address that asked for a link to a new password, with or without an account.

    It is deleted once it is answered (crm.notifications.password_requests).
    """

    email = models.EmailField(max_length=254)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pk}"
