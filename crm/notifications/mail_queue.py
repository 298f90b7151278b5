"""Send the mails that are due: claim and lease one, send it outside any transaction, mark it.

Each mail goes out at least once. When a process dies between the server's "250 OK" and the mark,
its lease runs out and the mail is sent again with the same Message-ID. A server that does not
answer costs one timeout per round, and only mails wait for it.
"""

from __future__ import annotations

import itertools
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce, Concat

from crm.accounts import people
from crm.lib import clock
from crm.lib.db import availability
from crm.lib.wording import variants
from crm.notifications import mail, outbox
from crm.notifications.models import Channel, Message
from crm.notifications.sentences import Writer

log = logging.getLogger("relevo.mail")

# A claimed mail is left alone for this long; sending one must never take longer.
LEASE = timedelta(minutes=5)
# Less than the 10 s between two rounds, so that rounds do not pile up.
ROUND = timedelta(seconds=8)
# Mails are taken by lane, but each fifth one is the oldest of all lanes: a burst in an urgent lane
# holds up the others without stopping them.
OLDEST_EACH = 5
# Counted in the process and not in a round: a round with a slow server may send less than five.
turns = itertools.count(1)
# Reasons why a mail could not be delivered (crm.notifications.dead_letters).
TOO_LATE = "not sent within three days"
UNKNOWN_MAILBOX = "the mail server knows no such mailbox"
NO_ADDRESS = "the person has no e-mail address"
WRONG_ADDRESS = "the person's e-mail address is not valid"
UNDELIVERABLE = (UNKNOWN_MAILBOX, NO_ADDRESS, WRONG_ADDRESS)


def send_due(write: Writer) -> int:
    """Send due mails for the time of one :data:`ROUND` and return how many were tried.

    ``write`` makes the words of each by what its recipient may see (crm.tasks). Safe to run in
    parallel.
    """
    drop_old(clock.now())
    if not mail.is_on():
        return 0
    connection = get_connection()
    try:
        with variants.using(people.terms):
            return _send_round(connection, write, until=clock.wall() + ROUND)
    finally:
        with suppress(OSError):  # every mail is marked by now, so a bad goodbye costs nothing
            connection.close()


def _send_round(connection: BaseEmailBackend, write: Writer, *, until: datetime) -> int:
    tried = 0
    while clock.wall() < until:
        message = claim(by_lane=next(turns) % OLDEST_EACH > 0)
        if message is None:
            break
        tried += 1
        if not _try(message, connection, write):
            break
    return tried


def claim(*, by_lane: bool) -> Message | None:
    """Claim the mail that waits longest for the time of the lease; None when nothing is due.

    ``by_lane``: that of the most urgent lane.
    """
    order = ["next_try_at", "id"]
    if by_lane:
        order.insert(0, "lane")
    with transaction.atomic():
        now = clock.now()
        unlocked = Message.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        due = unlocked.filter(channel=Channel.EMAIL, next_try_at__lte=now)
        ordered = due.select_related("recipient").order_by(*order)
        message = ordered.first()
        if message is None:
            return None
        message.attempts += 1
        message.next_try_at = now + LEASE
        message.save(update_fields=["attempts", "next_try_at"])
        return message


def drop_old(now: datetime) -> int:
    """Drop the mails that wait for more than three days, and return how many."""
    due = Message.objects.filter(channel=Channel.EMAIL, next_try_at__lte=now)
    old = due.alias(queued_at=Coalesce("retry_since", "created_at")).filter(
        queued_at__lt=now - outbox.RETRY_FOR
    )
    reason = Concat(Value(f"{TOO_LATE}; "), "last_error")
    return old.update(next_try_at=None, dropped_at=now, is_dead=True, last_error=reason)


def drop_restored(taken_at: datetime, *, at: datetime) -> int:
    """Drop the mails that waited when the backup of ``taken_at`` was taken, and return how many.

    They may have been sent since. Notices in the inbox are delivered: there they are missing.
    """
    waiting = Message.objects.filter(channel=Channel.EMAIL, next_try_at__isnull=False)
    return waiting.filter(created_at__lte=taken_at).update(
        next_try_at=None,
        dropped_at=at,
        last_error="not sent again: restored",
    )


def reason_not_to_send(message: Message) -> str:
    """Return why the mail must not or cannot be sent any more, or an empty string."""
    person = message.recipient
    if not message.personal and not person.is_active:
        return "the person is not active any more"
    if not message.personal and not person.mails:
        return "the person wants no mails"
    if person.is_demo and settings.EMAIL_HOST:
        return "people of the demo have no mailbox"
    if not person.email:
        return NO_ADDRESS
    try:
        validate_email(person.email)
    except ValidationError:
        return WRONG_ADDRESS
    return ""


def _try(message: Message, connection: BaseEmailBackend, write: Writer) -> bool:
    """Send one claimed mail and mark it; return whether ``connection`` still works."""
    now = clock.now()
    reason = reason_not_to_send(message)
    if reason:
        _drop(message, now, reason)
        return True
    try:
        connection.open()
        mail.send(message, now, write, connection)
    except mail.LinkNoLongerValid:
        _drop(message, now, "what it leads to is over")
        return True
    except Exception as error:  # one bad mail must not stop the others
        if not availability.blames_row(error):
            raise
        return _handle_failure(message, now, error)
    _mark_sent(message, now)
    return True


def _mark_sent(message: Message, now: datetime) -> None:
    """Mark the mail as sent, also when it was withdrawn or claimed again in the meantime."""
    Message.objects.filter(pk=message.pk).update(
        sent_at=now,
        next_try_at=None,
        dropped_at=None,
        is_dead=False,
        last_error="",
    )


def _handle_failure(message: Message, now: datetime, error: Exception) -> bool:
    """Postpone the mail, or drop it when its mailbox is unknown to the server.

    Returns whether the connection still works.
    """
    details = repr(error)[:2000]
    if _is_unknown_mailbox(error):
        _drop(message, now, UNKNOWN_MAILBOX, details)
        return True
    log.warning("mail %s failed, try %s: %s", message.pk, message.attempts, type(error).__name__)
    next_try_at = outbox.next_try(message, now)
    dropped_at = None if next_try_at else now
    _leased(message).update(
        next_try_at=next_try_at,
        dropped_at=dropped_at,
        is_dead=next_try_at is None,
        last_error=details,
    )
    is_about_this_mail = isinstance(error, (SMTPRecipientsRefused, SMTPDataError))
    return is_about_this_mail or not isinstance(error, OSError)


def _is_unknown_mailbox(error: Exception) -> bool:
    """Return whether the server refused every recipient for good (RFC 5321: 5xx)."""
    if not isinstance(error, SMTPRecipientsRefused):
        return False
    return all(code >= 500 for code, _text in error.recipients.values())


def _drop(message: Message, now: datetime, reason: str, details: str = "") -> None:
    log.warning("mail %s dropped: %s", message.pk, reason)
    is_dead = reason in UNDELIVERABLE
    if details:
        reason = f"{reason}: {details}"
    _leased(message).update(
        next_try_at=None,
        dropped_at=now,
        is_dead=is_dead,
        last_error=reason,
    )


def _leased(message: Message) -> QuerySet[Message]:
    """Return the row of ``message`` while our lease is on it.

    Later changes win: a mail that was withdrawn or claimed again in the meantime is not touched.
    """
    return Message.objects.filter(pk=message.pk, next_try_at=message.next_try_at)
