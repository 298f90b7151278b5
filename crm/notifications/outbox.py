"""Queue notices and mails as rows; deliver them later.

Each message becomes exactly one notice in the inbox, or goes out by mail at least once, alone or in
a list (crm.notifications.letters). ``notify`` and ``queue_mail`` only insert rows. Celery calls
``deliver`` (inbox) and ``mail_queue.send_due`` (mails) every 10 s, the watchdog does when Celery is
silent. The two are separate, so that a mail server that hangs holds up nothing else.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from crm.accounts.models import User
from crm.lib import clock
from crm.lib.db import availability
from crm.lib.db.inserts import Many, insert
from crm.lib.db.kept_sql import KeptSql, counted
from crm.notifications import mail
from crm.notifications.models import Channel, Letter, Message, Notice
from crm.notifications.states import lane_of

log = logging.getLogger("relevo.outbox")

BATCH = 1000
RETRY_FOR = timedelta(days=3)
LONGEST_RETRY = 3600  # seconds between two tries
# Domain rule: an accept or a reject may be undone for 10 s, and its notices wait that long.
UNDO_WINDOW = timedelta(seconds=10)


@dataclass(frozen=True)
class News:
    """What one notice says, and to whom. The fields are the arguments of :func:`notify`."""

    kind: str
    recipients: Iterable[User]
    key: str
    params: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    cause: str = ""
    wait: timedelta = timedelta(0)


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
    news = News(
        kind,
        recipients,
        key=key,
        params=params or {},
        path=path,
        cause=cause,
        wait=wait,
    )
    return notify_many([news], at=at)


def notify_many(news: Iterable[News], *, at: datetime) -> int:
    """Queue the notices of each of ``news`` as :func:`notify` does, all in one statement.

    Returns how many recipients there are.
    """
    queued = messages(news, at=at)
    insert(queued)
    return sum(row["channel"] == Channel.IN_APP for row in queued.rows)


def messages(news: Iterable[News], *, at: datetime) -> Many:
    """Return the messages of :func:`notify_many`, to be inserted with what they tell of."""
    with_mail = mail.is_on()
    rows = []
    for each in news:
        people = {person.pk: person for person in each.recipients if person.is_active}
        # All notices before all mails: ids are the order in which messages are delivered.
        rows += [_row(each, person, Channel.IN_APP, at) for person in people.values()]
        if with_mail:
            wanting = [person for person in people.values() if person.mails]
            rows += [_row(each, person, Channel.EMAIL, at) for person in wanting]
    return Many(Message, rows, ignore_conflicts=True, created_at=at.isoformat())


def _row(news: News, person: User, channel: Channel, at: datetime) -> dict[str, Any]:
    """Return the columns of the message to ``person``, as inserts.Many takes them."""
    return {
        "uid": str(uuid.uuid4()),
        "recipient_id": person.pk,
        "channel": channel.value,
        "lane": lane_of(news.kind).value,
        "kind": news.kind,
        "params": news.params,
        "path": news.path,
        "cause": news.cause,
        "dedup_key": f"{news.key}:{person.pk}:{channel.value}",
        "next_try_at": (at + news.wait).isoformat(),
    }


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
        lane=lane_of(kind),
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
    gone = {"next_try_at": None, "dropped_at": at, "last_error": reason}
    of_cause = Message.objects.filter(cause=cause)
    count = of_cause.filter(next_try_at__isnull=False).update(**gone)
    # After the others: a mail that was tied to its letter meanwhile is found here.
    tied = of_cause.filter(dropped_at__isnull=True, letter__in=_waiting_letters())
    return count + tied.update(**gone)


def _waiting_letters() -> QuerySet[Letter]:
    return Letter.objects.filter(next_try_at__isnull=False)


# Claims due messages and delivers them in one statement. The row is read again under its lock, so a
# message that was withdrawn is not delivered; people who left in the meantime get no notice.
DELIVER = f"""
WITH due AS (
    SELECT message.id, message.next_try_at, message.recipient_id, message.kind, message.params,
        message.path, message.created_at, recipient.is_active
    FROM notifications_message AS message
    JOIN accounts_user AS recipient ON recipient.id = message.recipient_id
    WHERE message.channel = '{Channel.IN_APP.value}' AND message.next_try_at <= %(now)s
        AND (%(ids)s::bigint[] IS NULL OR message.id = ANY(%(ids)s::bigint[]))
    ORDER BY message.next_try_at, message.id
    LIMIT %(most)s
    FOR NO KEY UPDATE OF message SKIP LOCKED
), delivered AS (
    INSERT INTO notifications_notice (recipient_id, message_id, kind, params, path, created_at)
    SELECT recipient_id, id, kind, params, path, created_at FROM due
    WHERE is_active ORDER BY next_try_at, id
)
UPDATE notifications_message AS message
SET attempts = attempts + 1, next_try_at = NULL,
    sent_at = CASE WHEN is_active THEN %(now)s END,
    dropped_at = CASE WHEN NOT is_active THEN %(now)s END,
    last_error = CASE WHEN is_active THEN message.last_error ELSE %(left)s END
FROM due WHERE message.id = due.id
"""
LEFT = "the person is not active any more"


def deliver(batch: int = BATCH) -> int:
    """Deliver up to ``batch`` due messages to inboxes and return how many were claimed.

    Safe to run in parallel. If a message raises, the others are delivered without it, in halves of
    the batch, and it is tried again later.
    """
    return _deliver(batch, None)


def _deliver(most: int, ids: list[int] | None) -> int:
    """Deliver up to ``most`` due messages, of ``ids`` if given; return how many were claimed."""
    now = clock.now()
    try:
        with transaction.atomic():
            return _deliver_batch(most, ids, now=now)
    except Exception as error:  # one bad message must not stop the others
        if not availability.blames_row(error):
            raise
        ids = list(_due(now, ids).values_list("pk", flat=True)[:most])
        if len(ids) == 1:
            log.exception("message %s failed", ids[0])
            return _put_off(ids[0], error, now=now)
    middle = (len(ids) + 1) // 2
    halves = [half for half in (ids[:middle], ids[middle:]) if half]
    return sum(_deliver(len(half), half) for half in halves)


def _deliver_batch(most: int, ids: list[int] | None, *, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(DELIVER, {"now": now, "ids": ids, "most": most, "left": LEFT})
        return cursor.rowcount


def _due(now: datetime, ids: list[int] | None) -> QuerySet[Message]:
    """Return the messages that are due for inboxes, in the order of delivery."""
    due = Message.objects.filter(channel=Channel.IN_APP, next_try_at__lte=now)
    if ids is not None:
        due = due.filter(pk__in=ids)
    return due.order_by("next_try_at", "id")


def _put_off(pk: int, error: Exception, *, now: datetime) -> int:
    """Note that the message failed and when to try it again; return 0 if it is over."""
    with transaction.atomic():
        unlocked = _due(now, [pk]).select_for_update(skip_locked=True, no_key=True)
        message = unlocked.first()
        if message is None:
            return 0
        message.attempts += 1
        message.last_error = repr(error)[:2000]
        queued_at = message.retry_since or message.created_at
        message.next_try_at = next_try(message.attempts, since=queued_at, at=now)
        message.dropped_at = None if message.next_try_at else now
        message.is_dead = message.next_try_at is None
        changed = ["attempts", "next_try_at", "dropped_at", "is_dead", "last_error"]
        message.save(update_fields=changed)
    return 1


def next_try(attempts: int, *, since: datetime, at: datetime) -> datetime | None:
    """Return when to try again what failed at ``at``; None after three days from ``since``.

    ``attempts``: how many tries there were, the failed one included.
    """
    if at - since > RETRY_FOR:
        return None
    # Compared in seconds: from the 43rd try on, the uncapped delay is more than a timedelta holds.
    delay = min(15 * 2**attempts, LONGEST_RETRY)
    return at + timedelta(seconds=delay)


def open_notice(notice: Notice, *, at: datetime) -> None:
    """Mark ``notice`` as read because its recipient opened it; the first time counts."""
    Notice.objects.filter(pk=notice.pk, read_at__isnull=True).update(read_at=at)


def mark_read(user: User, *, at: datetime) -> int:
    """Mark all notices of ``user`` as read and return how many were unread."""
    unread = Notice.objects.filter(recipient=user, read_at__isnull=True)
    return unread.update(read_at=at)


def unread_count(user: User) -> int:
    """Return how many notices ``user`` has not read yet."""
    return UNREAD.rows(recipient=user.pk)[0][0]


def _unread(*, recipient: int) -> QuerySet[Any]:
    return counted(Notice.objects.filter(recipient=recipient, read_at__isnull=True))


UNREAD = KeptSql(_unread)
