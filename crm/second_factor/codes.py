"""Codes: of an app, valid for a moment and once, and recovery codes, each valid once."""

from __future__ import annotations

from datetime import datetime

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.errors import DomainError
from crm.notifications import outbox
from crm.second_factor import encryption

Kind = Authenticator.Type


class WrongCode(DomainError):
    code = "wrong_code"
    message = _(
        "This code is not right, or it was used already. Wait for the next code of your app."
    )


def period_of(secret: str, code: str, *, at: datetime) -> int | None:
    """Return the period of 30 s of which ``code`` is the code at ``at``, or None.

    One period earlier and later count too: clocks of phones differ, and people type slowly
    (RFC 6238, 5.2).
    """
    now = int(at.timestamp()) // app_settings.TOTP_PERIOD
    for period in (now - 1, now, now + 1):
        expected = format_hotp_value(hotp_value(secret, period))
        if compare_user_code(actual=code, expected=expected):
            return period
    return None


@transaction.atomic
def use(person: User, code: str, *, at: datetime) -> None:
    """Use a code of ``person``: one of the app, else a recovery code.

    Raises WrongCode, also for a code that was used before, and encryption.UnreadableSecret.
    """
    # Locked, so that of two requests with one code the second sees what the first has used. In the
    # order of their ids: two requests that lock two rows each never wait for one another.
    locked = Authenticator.objects.select_for_update().order_by("pk")
    rows = locked.filter(user=person, type__in=[Kind.TOTP, Kind.RECOVERY_CODES])
    # The app first: it is what people use every day.
    for row in sorted(rows, key=lambda each: each.type, reverse=True):
        if row.type == Kind.TOTP and _use_app(row, code, at=at):
            return
        if row.type == Kind.RECOVERY_CODES and row.wrap().validate_code(code):
            _use_recovery_code(row, person, at=at)
            return
    raise WrongCode


def _use_app(row: Authenticator, code: str, *, at: datetime) -> bool:
    secret = encryption.decrypt(row.data["secret"])
    period = period_of(secret, code, at=at)
    if period is None or period <= row.data.get("last_period", 0):
        return False
    row.data["last_period"] = period
    row.last_used_at = at
    row.save(update_fields=["data", "last_used_at"])
    return True


def _use_recovery_code(row: Authenticator, person: User, *, at: datetime) -> None:
    Authenticator.objects.filter(pk=row.pk).update(last_used_at=at)
    row.refresh_from_db()
    left = len(row.wrap().get_unused_codes())
    record("recovery_code_used", person, by=person, at=at, payload={"left": left})
    outbox.queue_mail(
        "second_factor",
        person,
        at=at,
        key=f"recovery_code_used:{row.pk}:{left}",
        params={"change": "recovery_code_used", "left": left},
    )
