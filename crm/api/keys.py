"""Keys: made, shown once, checked, counted, revoked.

Not djangorestframework-api-key's own model: its secrets hold 190 bits, its dates come from the
application's clock, and it knows neither an owner nor scopes, so that a subclass would override all
of it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Subquery
from django.utils.translation import gettext_lazy as _

from crm.accounts.backend import Backend
from crm.accounts.models import Organisation, User
from crm.api.models import Key
from crm.api.states import Scope
from crm.audit.entries import record
from crm.lib.db import returning
from crm.lib.errors import DomainError
from crm.lib.text import clean_line

MARK = "rlv_"
MOST = 20  # live keys of one person
MINUTE = timedelta(minutes=1)


class TooManyKeys(DomainError):
    code = "too_many_keys"
    message = _(
        "You have as many keys as one person may have. Revoke one that is not used any more."
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create(
    owner: User, name: str, scopes: Iterable[str], *, days: int, by: User, at: datetime
) -> tuple[Key, str]:
    """A new key and its whole text, which nobody can read again. Raises TooManyKeys."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if owner.api_keys.filter(revoked_at__isnull=True, expires_at__gt=at).count() >= MOST:
        raise TooManyKeys
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = Key.objects.create(
        owner=owner,
        name=clean_line(name),
        prefix=prefix,
        secret_sha256=_digest(secret),
        scopes=[Scope(scope).value for scope in scopes],
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    record(
        "api_key_created",
        key,
        by=by,
        at=at,
        payload={"name": key.name, "scopes": key.scopes, "days": days},
    )
    return key, f"{MARK}{prefix}.{secret}"


@transaction.atomic
def revoke(key: Key, *, by: User, at: datetime) -> Key:
    """End a key at once. Does nothing to one that is revoked already."""
    if Key.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=at):
        key.revoked_at = at
        record("api_key_revoked", key, by=by, at=at, payload={"name": key.name})
    return key


def find(text: str, *, at: datetime) -> Key | None:
    """The live key whose whole text this is, with its owner; None where there is none or its owner
    may not sign in.
    """
    prefix, _dot, secret = text.removeprefix(MARK).partition(".")
    if not text.startswith(MARK) or not (
        text.isascii() and text.isprintable() and len(text) <= 100
    ):
        return None
    # The organisation comes along, since its words are needed before anything is answered.
    row = Organisation.objects.values(row=returning.as_json(Organisation))[:1]
    keys = Key.objects.select_related("owner").annotate(organisation_row=Subquery(row))
    key = keys.filter(prefix=prefix).first()
    if key is None or not secrets.compare_digest(key.secret_sha256, _digest(secret)):
        return None
    key.organisation = Organisation()
    if key.organisation_row:
        key.organisation = returning.from_json(Organisation, key.organisation_row)
    live = (
        key.revoked_at is None
        and key.expires_at > at
        and Backend().user_can_authenticate(key.owner)
    )
    return key if live else None


def note_use(key: Key, *, at: datetime) -> None:
    """Write when the key was last used, at most once a minute."""
    if key.last_used_at is None or key.last_used_at <= at - MINUTE:
        Key.objects.filter(pk=key.pk).exclude(last_used_at__gt=at - MINUTE).update(last_used_at=at)


def seconds_to_wait(key: Key, *, at: datetime) -> int:
    """Count one request of the key; 0 while it keeps the rate, else the seconds until it
    may go on.
    """
    row, fresh = Key.objects.filter(pk=key.pk), at - MINUTE
    counting = row.filter(window_at__gt=fresh, used__lt=settings.API_REQUESTS_PER_MINUTE)
    if counting.update(used=F("used") + 1):
        return 0
    if row.exclude(window_at__gt=fresh).update(window_at=at, used=1):
        return 0
    if counting.update(used=F("used") + 1):  # another request has just begun the minute
        return 0
    began = row.values_list("window_at", flat=True).first() or at
    return max(1, int((began + MINUTE - at).total_seconds()) + 1)
