"""One answer per idempotency key: the first one is kept for a day and repeated."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.api.models import Answer
from crm.lib.errors import DomainError
from crm.lib.paging import BadParameter

KEPT = timedelta(hours=24)
LONGEST = 255


class KeyUsedBefore(DomainError):
    code = "idempotency_key_reused"
    message = _("This Idempotency-Key was used for another request. Take a new one for each.")


def check(key: str) -> None:
    """Raise BadParameter unless ``key`` is a valid idempotency key."""
    if not (key and key.isascii() and key.isprintable() and len(key) <= LONGEST):
        text = _("An Idempotency-Key has 1 to 255 visible ASCII characters.")
        raise BadParameter(text, fields={"Idempotency-Key": text})


def fingerprint(method: str, path: str, data: Any) -> str:
    """Return a digest that is equal for equal requests, whatever the order of their fields."""
    request = [method, path, data]
    text = json.dumps(request, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def claim(user: User, key: str, print_of: str, *, at: datetime) -> tuple[Answer, bool]:
    """Return the answer of ``key``, and whether the caller has to fill it in this transaction.

    Raises KeyUsedBefore where the key belongs to another request.
    """
    # An old answer that forget() has not deleted yet would block the key for longer than a day.
    same_key = Answer.objects.filter(user=user, key=key)
    same_key.filter(created_at__lte=at - KEPT).delete()
    # The unique index makes a second request with the same key wait for the first one's answer.
    try:
        with transaction.atomic():
            created = Answer.objects.create(
                user=user,
                key=key,
                fingerprint=print_of,
                created_at=at,
            )
        return created, True
    except IntegrityError:
        kept = same_key.get()
    if kept.fingerprint != print_of:
        raise KeyUsedBefore(fields={"Idempotency-Key": KeyUsedBefore.message})
    return kept, False


def keep(answer: Answer, status: int, body: str, *, content_type: str, location: str) -> None:
    """Store what was answered."""
    answer.status = status
    answer.body = body
    answer.content_type = content_type
    answer.location = location
    answer.save(update_fields=["status", "body", "content_type", "location"])


def forget(*, at: datetime) -> int:
    """Delete the answers that are older than a day; return how many."""
    deleted, _by_model = Answer.objects.filter(created_at__lte=at - KEPT).delete()
    return deleted
