"""Telling people: a row now, delivery later, exactly one inbox line per message and at least one
mail.

``notify`` and ``post`` only insert. ``deliver`` (the inbox) and ``send_mails`` are called by Celery
every 10 s and by the watchdog when Celery is silent, apart from each other: a mail server that
hangs holds up nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from crm.accounts.models import User
from crm.lib import clock
from crm.notifications import mail
from crm.notifications.models import Channel, Message, Notice

log = logging.getLogger("relevo.outbox")

BATCH = 200
RETRY_FOR = timedelta(days=3)
UNDO_WINDOW = timedelta(
    seconds=10
)  # domain rule: an accept or reject may be undone for 10 s, notices wait


def notify(
    kind: str,
    recipients: Iterable[User],
    *,
    at: datetime,
    key: str,
    params: Mapping[str, Any] | None = None,
    path: str = "",
    cause: str = "",
    wait: timedelta = timedelta(0),
) -> int:
    """Queue one message of ``kind`` for each recipient, once per (``key``, person); returns how
    many were asked.

    Who wants mails gets one as well. ``kind`` names the template ``notices/<kind>.html``;
    ``params`` are its words; ``path`` the deep link; ``wait`` delays delivery (undo). A repeated
    key is silently the same message.
    """
    people = list({person.pk: person for person in recipients if person.is_active}.values())
    told = [(person, Channel.IN_APP) for person in people]
    told += [(person, Channel.EMAIL) for person in people if person.mails and mail.is_on()]
    Message.objects.bulk_create(
        [
            Message(
                recipient=person,
                channel=channel,
                kind=kind,
                params=dict(params or {}),
                path=path,
                cause=cause,
                dedup_key=f"{key}:{person.pk}:{channel}",
                created_at=at,
                next_try_at=at + wait,
            )
            for person, channel in told
        ],
        ignore_conflicts=True,
    )
    return len(people)


def post(
    kind: str,
    person: User,
    *,
    at: datetime,
    key: str,
    params: Mapping[str, Any] | None = None,
    path: str = "",
    wait: timedelta = timedelta(0),
) -> bool:
    """Queue one mail to ``person`` alone, whatever they prefer and even before they are active;
    returns whether there is mail at all.

    The templates are ``emails/<kind>.*``. A secret never goes into ``params`` or ``path``, which
    are kept: ``PATHS`` of crm.notifications.mail makes the link when the mail is sent.
    """
    if not mail.is_on():
        return False
    message = Message(
        recipient=person,
        channel=Channel.EMAIL,
        personal=True,
        kind=kind,
        params=dict(params or {}),
        path=path,
        dedup_key=f"{key}:{person.pk}:{Channel.EMAIL}",
        created_at=at,
        next_try_at=at + wait,
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)
    return True


def withdraw(cause: str, *, at: datetime, reason: str) -> int:
    """Drop messages of ``cause`` that are not sent yet, with the reason on record; returns how
    many.
    """
    return Message.objects.filter(cause=cause, next_try_at__isnull=False).update(
        next_try_at=None, dropped_at=at, last_error=reason
    )


def deliver(batch: int = BATCH) -> int:
    """Put up to ``batch`` messages that are due into inboxes and return how many were claimed.

    Safe in parallel.
    """
    with transaction.atomic():
        now = clock.now()
        claimed = list(
            Message.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(channel=Channel.IN_APP, next_try_at__lte=now)
            .order_by("next_try_at")[:batch]
        )
        for message in claimed:
            _try(message, now)
    return len(claimed)


def _try(message: Message, now: datetime) -> None:
    message.attempts += 1
    try:
        with transaction.atomic():
            CHANNELS[message.channel](message, now)
        message.sent_at, message.next_try_at = now, None
    except Exception as error:  # one bad message must not hold the others
        log.exception("message %s failed", message.pk)
        message.last_error = repr(error)[:2000]
        message.next_try_at = next_try(message, now)
        message.dropped_at = None if message.next_try_at else now
    message.save(update_fields=["attempts", "sent_at", "next_try_at", "dropped_at", "last_error"])


def _to_inbox(message: Message, _now: datetime) -> None:
    Notice.objects.create(
        recipient_id=message.recipient_id,
        message=message,
        kind=message.kind,
        params=message.params,
        path=message.path,
        created_at=message.created_at,  # when it happened, however late it is told
    )


def next_try(message: Message, now: datetime) -> datetime | None:
    """When a message that failed once more at ``now`` is tried again: ever later, after three days
    never.
    """
    if now - message.created_at > RETRY_FOR:
        return None
    # seconds are compared, not durations: after 43 tries the uncapped one is more than a timedelta
    # holds
    return now + timedelta(seconds=min(15 * 2**message.attempts, 3600))


CHANNELS: dict[str, Callable[[Message, datetime], None]] = {Channel.IN_APP: _to_inbox}


def mark_read(user: User, *, at: datetime) -> int:
    """Mark all notices of ``user`` as read; returns how many were unread."""
    return Notice.objects.filter(recipient=user, read_at__isnull=True).update(read_at=at)


def unread_count(user: User) -> int:
    """How many notices ``user`` has not read yet."""
    return Notice.objects.filter(recipient=user, read_at__isnull=True).count()
