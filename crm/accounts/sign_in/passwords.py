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

LONGEST = 128  # characters; longer passwords make hashing slow and are no safer


class Tokens(PasswordResetTokenGenerator):
    """Signed tokens of links that set a new password.

    A token is void after the next sign-in, after a new password or address, and after
    settings.PASSWORD_RESET_TIMEOUT.
    """

    key_salt = "crm.accounts.passwords"


class NotTooLong:
    """A password validator for settings.AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError when the password is too long."""
        if len(password) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("A password has %(count)d characters at most.") % {"count": LONGEST}


def may_be_reset(person: User) -> bool:
    """Return whether the person may get a link.

    Inactive people cannot sign in, and the password of demo people is fixed.
    """
    return person.is_active and not person.is_demo


def person_by_email(email: str) -> User | None:
    """Return the person with this address, or None when no link may be sent to it."""
    person = User.objects.filter(email=email.strip().lower()).first()
    if person is None or not may_be_reset(person):
        return None
    return person


def path_of(person: User) -> str:
    """Return a path with a new token that sets a new password, or "" when none may be set."""
    if not may_be_reset(person):
        return ""
    token = Tokens().make_token(person)
    return reverse("account_reset_password_from_key", kwargs={"person": person.pk, "token": token})


def person_of_link(pk: int, token: str) -> User | None:
    """Return the person of a link, or None when it is forged, used or too old."""
    person = User.objects.filter(pk=pk).first()
    if person is None or not may_be_reset(person):
        return None
    if not Tokens().check_token(person, token):
        return None
    return person


@transaction.atomic
def change(person: User, password: str, *, by: User, at: datetime) -> User:
    """Set a new password.

    All sessions of the person end, because Django signs the password into them.
    """
    person.set_password(password)
    person.save(update_fields=["password"])
    record("password_changed", person, by=by, at=at)
    return person
