"""Sending the mails that are due: claimed and leased, sent outside any transaction, then marked.

At least once.

Whoever dies between the server's "250 OK" and the mark leaves a lease that runs out: the mail goes
again, with the same Message-ID. A server that does not answer costs one timeout per round, and only
the mails wait for it.
"""

from __future__ import annotations

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
from django.db.models.functions import Concat

from crm.accounts import people
from crm.lib import clock
from crm.lib.wording import variants
from crm.notifications import mail, outbox
from crm.notifications.models import Channel, Message

log = logging.getLogger("relevo.mail")

LEASE = timedelta(
    minutes=5
)  # how long a claimed mail is left alone; longer than any sending may take
ROUND = timedelta(seconds=8)  # less than the 10 between two rounds: they do not pile up


def send_due() -> int:
    """Send what is due, for the time of a :data:`ROUND`; returns how many mails were tried.

    Safe in parallel.
    """
    give_up(clock.now())
    if not mail.is_on():
        return 0
    tried, until = 0, clock.wall() + ROUND
    line = get_connection()
    try:
        with variants.using(people.words):
            while clock.wall() < until and (message := claim()):
                tried += 1
                if not _try(message, line):
                    break
    finally:
        with suppress(OSError):  # everything is marked by now, however the server says good-bye
            line.close()
    return tried


def claim() -> Message | None:
    """The mail that waits longest, ours for the time of the lease; None when nothing is due."""
    with transaction.atomic():
        now = clock.now()
        waiting = Message.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        due = waiting.select_related("recipient").filter(
            channel=Channel.EMAIL, next_try_at__lte=now
        )
        message = due.order_by("next_try_at", "id").first()
        if message is not None:
            message.attempts += 1
            message.next_try_at = now + LEASE
            message.save(update_fields=["attempts", "next_try_at"])
        return message


def give_up(now: datetime) -> int:
    """Drop the mails that are three days old: they would tell of things long over.

    Returns how many.
    """
    old = Message.objects.filter(
        channel=Channel.EMAIL, next_try_at__lte=now, created_at__lt=now - outbox.RETRY_FOR
    )
    words = Concat(Value("not sent within three days; "), "last_error")
    return old.update(next_try_at=None, dropped_at=now, last_error=words)


def why_not(message: Message) -> str:
    """Why the mail must not be sent any more, or cannot be; empty when it may go."""
    person = message.recipient
    if not message.personal and not person.is_active:
        return "the person is not active any more"
    if not message.personal and not person.mails:
        return "the person wants no mails"
    if person.is_demo and settings.EMAIL_HOST:
        return "people of the demo have no mailbox"
    if not person.email:
        return "the person has no e-mail address"
    try:
        validate_email(person.email)
    except ValidationError:
        return "the person's e-mail address is not valid"
    return ""


def _try(message: Message, line: BaseEmailBackend) -> bool:
    """Send one claimed mail and mark it; returns whether the next one may be tried over the same
    line.
    """
    now = clock.now()
    if reason := why_not(message):
        _drop(message, now, reason)
        return True
    try:
        line.open()
        mail.send(message, now, line)
    except mail.Overtaken:
        _drop(message, now, "what it leads to is over")
        return True
    except Exception as error:  # one bad mail must not hold the others
        return _fail(message, now, error)
    _mark(message, now)
    return True


def _mark(message: Message, now: datetime) -> None:
    """The mail has gone, whatever became of the row meanwhile (taken back, claimed again)."""
    Message.objects.filter(pk=message.pk).update(
        sent_at=now, next_try_at=None, dropped_at=None, last_error=""
    )


def _fail(message: Message, now: datetime, error: Exception) -> bool:
    """Put the mail off, or drop it where the server knows no such mailbox; returns whether the line
    still works.
    """
    words = repr(error)[:2000]
    if isinstance(error, SMTPRecipientsRefused) and all(
        code >= 500 for code, _said in error.recipients.values()
    ):
        _drop(message, now, "the mail server knows no such mailbox", words)
        return True
    log.warning("mail %s failed, try %s: %s", message.pk, message.attempts, type(error).__name__)
    again = outbox.next_try(message, now)
    dropped = None if again else now
    _ours(message).update(next_try_at=again, dropped_at=dropped, last_error=words)
    return not isinstance(error, OSError) or isinstance(
        error, (SMTPRecipientsRefused, SMTPDataError)
    )


def _drop(message: Message, now: datetime, reason: str, details: str = "") -> None:
    log.warning("mail %s dropped: %s", message.pk, reason)
    _ours(message).update(
        next_try_at=None, dropped_at=now, last_error=": ".join(filter(None, (reason, details)))
    )


def _ours(message: Message) -> QuerySet[Message]:
    """The row, as long as our lease is on it: who took the mail back or claimed it after us is
    right.
    """
    return Message.objects.filter(pk=message.pk, next_try_at=message.next_try_at)
