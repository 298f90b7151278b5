"""API keys: created, shown once, checked, counted, revoked.

This is not djangorestframework-api-key's model: its secrets have 190 bits, its dates come from the
application's clock, and it has neither an owner nor scopes, so that a subclass would override all
of it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.accounts import people
from crm.accounts.backend import Backend
from crm.accounts.models import Organisation, User
from crm.api.models import Key
from crm.api.states import Scope
from crm.audit.entries import record
from crm.lib.db.kept_sql import KeptSql
from crm.lib.errors import DomainError
from crm.lib.text import clean_line
from crm.notifications import outbox

MARK = "rlv_"
# Live keys of one person.
MOST = 20
LONGEST_TEXT = 100
MINUTE = timedelta(minutes=1)

# Every request runs it; made by a queryset it costs five times as much.
COUNT = "UPDATE api_key SET used = used + 1 WHERE id = %s AND window_at > %s AND used < %s"


class TooManyKeys(DomainError):
    code = "too_many_keys"
    message = _(
        "You have as many keys as one person may have. Revoke one that is not used any more."
    )


def _digest(secret: str) -> str:
    # Without salt or stretching, which guard secrets that people think up; this one is random.
    hashed = hashlib.sha256(secret.encode())
    return hashed.hexdigest()


@transaction.atomic
def create(
    owner: User, name: str, scopes: Iterable[str], *, days: int, by: User, at: datetime
) -> tuple[Key, str]:
    """Create a key and return it with its whole text, which cannot be read again.

    A mail tells its owner. Raises TooManyKeys.
    """
    # Two requests at once could both count one key less than there will be.
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if live_of(owner, at=at).count() >= MOST:
        raise TooManyKeys
    prefix = secrets.token_hex(6)
    secret = secrets.token_urlsafe(32)
    key = Key.objects.create(
        owner=owner,
        name=clean_line(name),
        prefix=prefix,
        secret_sha256=_digest(secret),
        scopes=[Scope(scope).value for scope in scopes],
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    payload = {"name": key.name, "scopes": key.scopes, "days": days}
    record("api_key_created", key, by=by, at=at, payload=payload)
    outbox.queue_mail(
        "api_key_created",
        owner,
        at=at,
        key=f"api_key_created:{key.pk}",
        params={"key_name": key.name},
        path=reverse("api_keys"),
    )
    return key, f"{MARK}{prefix}.{secret}"


@transaction.atomic
def revoke(key: Key, *, by: User, at: datetime) -> Key:
    """Revoke a key at once. A key that is revoked already stays as it is."""
    live = Key.objects.filter(pk=key.pk, revoked_at__isnull=True)
    if live.update(revoked_at=at):
        key.revoked_at = at
        record("api_key_revoked", key, by=by, at=at, payload={"name": key.name})
    return key


def live_of(owner: User, *, at: datetime) -> QuerySet[Key]:
    """Return the keys of ``owner`` that work at ``at``."""
    return owner.api_keys.filter(revoked_at__isnull=True, expires_at__gt=at)


@transaction.atomic
def revoke_all(owner: User, *, by: User, at: datetime) -> int:
    """Revoke every live key of ``owner`` and return how many there were."""
    live = list(live_of(owner, at=at))
    for key in live:
        revoke(key, by=by, at=at)
    return len(live)


def find(text: str) -> Key | None:
    """Return the live key with this whole text, or None.

    It comes with its owner, who may sign in and has the teams, with the organisation, and with the
    moment by the database's clock as ``fetched_at``.
    """
    # What no key can be is refused without a query: PostgreSQL raises an error for NUL.
    is_plain = text.isascii() and text.isprintable() and len(text) <= LONGEST_TEXT
    if not is_plain or not text.startswith(MARK):
        return None
    prefix, _dot, secret = text.removeprefix(MARK).partition(".")
    found = WITH_OWNER.rows(prefix=prefix)
    if not found:
        return None
    row, key_row = found[0][: -len(COLUMNS)], found[0][-len(COLUMNS) :]
    owner = User.objects.from_row(row)
    key = Key.from_db(DEFAULT_DB_ALIAS, COLUMNS, key_row)
    # In constant time: the time of a plain comparison reveals how much of a guess is right.
    digest = _digest(secret)
    if not secrets.compare_digest(key.secret_sha256, digest):
        return None
    key.owner = owner
    key.fetched_at = row[-1]
    key.organisation = people.loaded_with(owner) or Organisation()
    is_live = key.revoked_at is None and key.expires_at > key.fetched_at
    if not is_live or not Backend().user_can_authenticate(owner):
        return None
    return key


def _with_owner(*, prefix: str) -> QuerySet[Any]:
    """Return the query of :func:`find`: the owner of a key, then the columns of the key."""
    owners = User.objects.surrounded().filter(api_keys__prefix=prefix)
    of_key = [f"api_keys__{name}" for name in COLUMNS]
    return owners.values_list(*User.objects.surrounded_columns(), *of_key)


COLUMNS = [field.attname for field in Key._meta.concrete_fields]
WITH_OWNER = KeptSql(_with_owner)


def record_use(key: Key, *, at: datetime) -> None:
    """Record when the key was last used, at most once a minute."""
    recent = at - MINUTE
    if key.last_used_at is not None and key.last_used_at > recent:
        return
    # Asked again in the UPDATE: of many requests at once only the first one writes.
    stale = Key.objects.filter(pk=key.pk).exclude(last_used_at__gt=recent)
    stale.update(last_used_at=at)


def seconds_to_wait(key: Key, *, at: datetime) -> int:
    """Count one request of the key.

    Return 0 while it keeps the rate, else the seconds until it may go on.
    """
    minute_ago = at - MINUTE
    # Each step is one conditional UPDATE: a count that is read first lets two requests pass on
    # the last one that is free.
    if _count(key, since=minute_ago):
        return 0
    row = Key.objects.filter(pk=key.pk)
    over = row.exclude(window_at__gt=minute_ago)
    if over.update(window_at=at, used=1):
        return 0
    # Another request may have begun the minute in between.
    if _count(key, since=minute_ago):
        return 0
    began_at = row.values_list("window_at", flat=True).first() or at
    left = began_at + MINUTE - at
    return max(1, int(left.total_seconds()) + 1)


def _count(key: Key, *, since: datetime) -> bool:
    """Count a request in the minute that began after ``since``; False if it is over or full."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [key.pk, since, settings.API_REQUESTS_PER_MINUTE])
        return cursor.rowcount == 1
