"""Passwords: the link that sets a new one, and the change itself."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.audit.entries import record

LONGEST = 128  # characters; more makes hashing slow and nobody safer


class Tokens(PasswordResetTokenGenerator):
    """Signed, for this purpose alone; void with the next sign-in, a new password or address, or
    after settings.PASSWORD_RESET_TIMEOUT.
    """

    key_salt = "crm.accounts.passwords"


class NotTooLong:
    """A password validator for settings.AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("A password has %(count)d characters at most.") % {"count": LONGEST}


def may_be_reset(person: User) -> bool:
    """Whether the person may get a link: who cannot sign in gets none, and demo people keep the
    password they have.
    """
    return person.is_active and not person.is_demo


def forgotten_by(email: str) -> User | None:
    """Who may get a link at the address ``email``, if anybody."""
    person = User.objects.filter(email=email.strip().lower()).first()
    return person if person and may_be_reset(person) else None


def path_of(person: User) -> str:
    """The path that sets a new password, with a fresh token; empty where none may be set."""
    if not may_be_reset(person):
        return ""
    token = Tokens().make_token(person)
    return reverse("account_reset_password_from_key", kwargs={"person": person.pk, "token": token})


def sent_to(pk: int, token: str) -> User | None:
    """Whose link it is; None when it is forged, used or too old."""
    person = User.objects.filter(pk=pk).first()
    valid = person is not None and may_be_reset(person) and Tokens().check_token(person, token)
    return person if valid else None


@transaction.atomic
def change(person: User, password: str, *, by: User, at: datetime) -> User:
    """Set a new password. Every session of the person ends with the old one (Django signs it into
    them).
    """
    person.set_password(password)
    person.save(update_fields=["password"])
    record("password_changed", person, by=by, at=at)
    return person
