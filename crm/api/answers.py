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
    """Raise BadParameter unless ``key`` can be one."""
    if not (key and key.isascii() and key.isprintable() and len(key) <= LONGEST):
        words = _("An Idempotency-Key has 1 to 255 visible ASCII characters.")
        raise BadParameter(words, fields={"Idempotency-Key": words})


def fingerprint(method: str, path: str, data: Any) -> str:
    """The same for the same request, whatever the order of its fields."""
    text = json.dumps([method, path, data], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def claim(user: User, key: str, print_of: str, *, at: datetime) -> tuple[Answer, bool]:
    """The answer of ``key`` and whether it is still to be given, by the caller and in the same
    transaction.

    A request with the same key that is being answered is waited for: the unique index makes the
    second one wait. Raises KeyUsedBefore where the key stands for another request.
    """
    Answer.objects.filter(user=user, key=key, created_at__lte=at - KEPT).delete()
    try:
        with transaction.atomic():
            return Answer.objects.create(
                user=user, key=key, fingerprint=print_of, created_at=at
            ), True
    except IntegrityError:
        given = Answer.objects.get(user=user, key=key)
    if given.fingerprint != print_of:
        raise KeyUsedBefore(fields={"Idempotency-Key": KeyUsedBefore.message})
    return given, False


def keep(answer: Answer, status: int, body: str, *, content_type: str, location: str) -> None:
    """Store what was answered."""
    answer.status, answer.body, answer.content_type, answer.location = (
        status,
        body,
        content_type,
        location,
    )
    answer.save(update_fields=["status", "body", "content_type", "location"])


def forget(*, at: datetime) -> int:
    """Delete what is older than a day; returns how many."""
    return Answer.objects.filter(created_at__lte=at - KEPT).delete()[0]
