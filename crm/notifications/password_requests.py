"""Requests for a link to a new password: written for every address, answered later by mail.

The page does the same for an address that has an account and for one that has none, so that
neither its answer nor its time tells which it is.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from crm.accounts.models import PasswordRequest
from crm.accounts.sign_in import passwords
from crm.notifications import outbox

BATCH = 100


def ask(email: str, *, at: datetime) -> None:
    """Ask for a link to be mailed to ``email``, known to us or not."""
    PasswordRequest.objects.create(email=email.strip().lower(), asked_at=at)


@transaction.atomic
def answer() -> int:
    """Queue the mails of up to BATCH requests and return how many were answered.

    Safe to run in parallel. A request of an unknown address only goes.
    """
    unlocked = PasswordRequest.objects.select_for_update(skip_locked=True)
    requests = list(unlocked.order_by("id")[:BATCH])
    for each in requests:
        person = passwords.person_by_email(each.email)
        if person is None:
            continue
        # One mail a minute: further requests within it have the same key.
        key = f"password_reset:{each.asked_at:%Y%m%d%H%M}"
        outbox.queue_mail("password_reset", person, at=each.asked_at, key=key)
    answered = PasswordRequest.objects.filter(pk__in=[each.pk for each in requests])
    answered.delete()
    return len(requests)


def drop_restored(taken_at: datetime) -> int:
    """Delete the requests that waited when the backup of ``taken_at`` was taken; return how many.

    They were answered since.
    """
    deleted, _by_model = PasswordRequest.objects.filter(asked_at__lte=taken_at).delete()
    return deleted
