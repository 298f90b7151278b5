"""Queue notices and mails as rows; deliver them later.

Each message becomes exactly one notice in the inbox, or at least one mail. ``notify`` and
``queue_mail`` only insert rows. Celery calls ``deliver`` (inbox) and ``mail_queue.send_due``
(mails) every 10 s, the watchdog does when Celery is silent. The two are separate, so that a mail
server that hangs holds up nothing else.
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
LONGEST_RETRY = 3600  # seconds between two tries
# Domain rule: an accept or a reject may be undone for 10 s, and its notices wait that long.
UNDO_WINDOW = timedelta(seconds=10)


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
    """Queue one notice of ``kind`` for each active recipient and return how many there are.

    Recipients who want mails get one too. A repeated ``key`` for the same person queues nothing.
    ``kind`` names the sentence (crm.notifications.sentences) and ``params`` are its values: ids
    and never a name of a lead, a company or a person, because its reader may lose sight of them.
    ``path`` is the link; ``cause`` names the event, so that ``withdraw`` finds its messages;
    ``wait`` delays the delivery.
    """
    people = {person.pk: person for person in recipients if person.is_active}
    messages = [(person, Channel.IN_APP) for person in people.values()]
    if mail.is_on():
        messages += [(person, Channel.EMAIL) for person in people.values() if person.mails]
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
            for person, channel in messages
        ],
        ignore_conflicts=True,
    )
    return len(people)


def queue_mail(
    kind: str,
    person: User,
    *,
    at: datetime,
    key: str,
    params: Mapping[str, Any] | None = None,
    path: str = "",
    wait: timedelta = timedelta(0),
) -> bool:
    """Queue one personal mail to ``person`` and return whether mails are sent at all.

    It is sent whatever the person prefers, also before the account is active. The templates are
    ``emails/<kind>.*``. ``params`` and ``path`` are stored and must not hold a secret: a link that
    holds one is made by ``PATHS`` of crm.notifications.mail when the mail is sent.
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
    """Drop the messages of ``cause`` that are not sent yet, and return how many.

    ``reason`` is stored with them.
    """
    waiting = Message.objects.filter(cause=cause, next_try_at__isnull=False)
    return waiting.update(next_try_at=None, dropped_at=at, last_error=reason)


def deliver(batch: int = BATCH) -> int:
    """Deliver up to ``batch`` due messages to inboxes and return how many were claimed.

    Safe to run in parallel.
    """
    with transaction.atomic():
        now = clock.now()
        unlocked = Message.objects.select_for_update(skip_locked=True, no_key=True)
        due = unlocked.filter(channel=Channel.IN_APP, next_try_at__lte=now)
        # Messages of one event are due at the same instant, and the inbox sorts by the notice's
        # id: the second key keeps the order in which they were queued, alike in every run.
        claimed = list(due.order_by("next_try_at", "id")[:batch])
        for message in claimed:
            _try(message, now)
    return len(claimed)


def _try(message: Message, now: datetime) -> None:
    message.attempts += 1
    try:
        with transaction.atomic():
            CHANNELS[message.channel](message, now)
    except Exception as error:  # one bad message must not stop the others
        log.exception("message %s failed", message.pk)
        message.last_error = repr(error)[:2000]
        message.next_try_at = next_try(message, now)
        message.dropped_at = None if message.next_try_at else now
    else:
        message.sent_at = now
        message.next_try_at = None
    message.save(update_fields=["attempts", "sent_at", "next_try_at", "dropped_at", "last_error"])


def _create_notice(message: Message, _now: datetime) -> None:
    Notice.objects.create(
        recipient_id=message.recipient_id,
        message=message,
        kind=message.kind,
        params=message.params,
        path=message.path,
        created_at=message.created_at,  # when it happened, also when the delivery is late
    )


def next_try(message: Message, now: datetime) -> datetime | None:
    """Return when to try a message again that failed at ``now``; None after three days."""
    if now - message.created_at > RETRY_FOR:
        return None
    # Compared in seconds: from the 43rd try on, the uncapped delay is more than a timedelta holds.
    delay = min(15 * 2**message.attempts, LONGEST_RETRY)
    return now + timedelta(seconds=delay)


CHANNELS: dict[str, Callable[[Message, datetime], None]] = {Channel.IN_APP: _create_notice}


def open_notice(notice: Notice, *, at: datetime) -> None:
    """Mark ``notice`` as read because its recipient opened it; the first time counts."""
    Notice.objects.filter(pk=notice.pk, read_at__isnull=True).update(read_at=at)


def mark_read(user: User, *, at: datetime) -> int:
    """Mark all notices of ``user`` as read and return how many were unread."""
    unread = Notice.objects.filter(recipient=user, read_at__isnull=True)
    return unread.update(read_at=at)


def unread_count(user: User) -> int:
    """Return how many notices ``user`` has not read yet."""
    return Notice.objects.filter(recipient=user, read_at__isnull=True).count()
