"""Send the mails that are due: claim and lease some letters, send them outside any transaction over
one connection, mark them.

Each letter goes out at least once. When a process dies between the server's "250 OK" and the mark,
its lease runs out and the letter is sent again with the same Message-ID. A server that does not
answer costs one timeout per round, and only mails wait for it.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email

from crm.accounts import people
from crm.accounts.models import Organisation, User
from crm.lib import clock
from crm.lib.db import availability
from crm.lib.wording import variants
from crm.notifications import letters, mail
from crm.notifications.letters import Claim
from crm.notifications.mail import Content
from crm.notifications.sentences import Writer

log = logging.getLogger("relevo.mail")

BATCH = 20  # letters; when a process is killed, at most so many are sent a second time
# Less than the 10 s between two rounds, so that rounds do not pile up.
ROUND = timedelta(seconds=8)
# Letters are taken by lane, but each fifth batch takes the oldest of all lanes: a burst in an
# urgent lane holds up the others without stopping them.
OLDEST_EACH = 5
# Counted in the process and not in a round: a round with a slow server may be one batch.
turns = itertools.count(1)


@dataclass
class Round:
    """What the letters of one round share. ``until``: when it ends. ``beat``: called for each
    batch. ``sent``: how many letters went over the connection since it was opened.
    """

    connection: BaseEmailBackend
    write: Writer
    organisation: Organisation
    until: datetime
    beat: Callable[[], object]
    sent: int = 0

    def is_over(self) -> bool:
        return clock.wall() >= self.until

    def close(self) -> None:
        """Close the connection; the next letter opens it again."""
        self.sent = 0
        with suppress(OSError):  # what has gone has gone: a bad goodbye costs nothing
            self.connection.close()


@dataclass
class Batch:
    """Claimed letters, and what came of them.

    ``at``: when they were claimed. ``left``: those that were not tried. ``sent``: what each letter
    said, by its id.
    """

    at: datetime
    left: list[Claim]
    sent: dict[int, Content] = field(default_factory=dict)


def send_due(write: Writer, *, beat: Callable[[], object]) -> int:
    """Send due mails for the time of one :data:`ROUND` and return how many letters were tried.

    ``write`` makes the words of each by what its recipient may see, ``beat`` tells that the sender
    lives (crm.tasks). Safe to run in parallel.
    """
    letters.drop_old(clock.now())
    if not mail.is_on():
        return 0
    connection = get_connection()
    round_ = Round(connection, write, people.organisation(), clock.wall() + ROUND, beat)
    try:
        with variants.using(people.terms):
            return _send_round(round_)
    finally:
        round_.close()


def _send_round(round_: Round) -> int:
    tried = 0
    works = True
    while works and not round_.is_over():
        round_.beat()
        batch = claim(by_lane=next(turns) % OLDEST_EACH > 0)
        if not batch.left:
            break
        claimed = len(batch.left)
        works = _send_batch(batch, round_)
        tried += claimed - len(batch.left)
    return tried


def claim(*, by_lane: bool) -> Batch:
    """Tie due mails to letters and claim a batch of letters that are due.

    ``by_lane``: those of the most urgent lane, else those that wait longest.
    """
    at = clock.now()
    letters.tie(BATCH, at=at, by_lane=by_lane)
    return Batch(at, letters.claim(BATCH, at=at, by_lane=by_lane))


def _send_batch(batch: Batch, round_: Round) -> bool:
    """Send the letters of ``batch``, mark them and give back those that were not tried.

    Returns whether the connection still works.
    """
    works = True
    try:
        contents = letters.contents(batch.left)
        while works and batch.left:
            claimed = batch.left.pop(0)
            works = _try(claimed, contents.get(claimed.letter.pk), batch, round_)
            if not works and round_.sent:
                # Many servers end a connection after some letters, and take a new one.
                round_.close()
                works = True
            if round_.is_over():
                break
    finally:
        # Also when the time limit of the worker ends the batch: what has gone must not go again.
        letters.mark_sent(batch.sent, at=clock.now())
        letters.release(batch.left)
    return works


def reason_not_to_send(person: User, *, is_personal: bool) -> str:
    """Return why a mail to ``person`` must not or cannot be sent, or an empty string."""
    if not is_personal and not person.is_active:
        return "the person is not active any more"
    if not is_personal and not person.mails:
        return "the person wants no mails"
    if person.is_demo and settings.EMAIL_HOST:
        return "people of the demo have no mailbox"
    if not person.email:
        return letters.NO_ADDRESS
    try:
        validate_email(person.email)
    except ValidationError:
        return letters.WRONG_ADDRESS
    return ""


def _try(claimed: Claim, content: Content | None, batch: Batch, round_: Round) -> bool:
    """Send one claimed letter; return whether the connection still works."""
    letter = claimed.letter
    if content is None:
        letters.drop(claimed, letters.WITHDRAWN, at=batch.at)
        return True
    is_personal = content.messages[0].personal
    reason = reason_not_to_send(letter.recipient, is_personal=is_personal)
    if reason:
        _drop(claimed, reason, at=batch.at)
        return True
    try:
        round_.connection.open()
        mail.send(
            letter,
            content,
            round_.write,
            round_.connection,
            round_.organisation,
            at=batch.at,
        )
    except mail.LinkNoLongerValid:
        _drop(claimed, "what it leads to is over", at=batch.at)
        return True
    except Exception as error:  # one bad mail must not stop the others
        if not availability.blames_row(error):
            raise
        return _handle_failure(claimed, error, at=batch.at)
    batch.sent[letter.pk] = content
    round_.sent += 1
    return True


def _handle_failure(claimed: Claim, error: Exception, *, at: datetime) -> bool:
    """Postpone the letter, or drop it when its mailbox is unknown to the server.

    Returns whether the connection still works.
    """
    details = repr(error)[:2000]
    if _is_unknown_mailbox(error):
        _drop(claimed, letters.UNKNOWN_MAILBOX, details, at=at)
        return True
    letter = claimed.letter
    tries = letter.attempts + 1
    log.warning("letter %s failed, try %s: %s", letter.pk, tries, type(error).__name__)
    letters.put_off(claimed, details, at=at)
    is_about_this_mail = isinstance(error, (SMTPRecipientsRefused, SMTPDataError))
    return is_about_this_mail or not isinstance(error, OSError)


def _is_unknown_mailbox(error: Exception) -> bool:
    """Return whether the server refused every recipient for good (RFC 5321: 5xx)."""
    if not isinstance(error, SMTPRecipientsRefused):
        return False
    return all(code >= 500 for code, _text in error.recipients.values())


def _drop(claimed: Claim, reason: str, details: str = "", *, at: datetime) -> None:
    log.warning("letter %s dropped: %s", claimed.letter.pk, reason)
    letters.drop(claimed, reason, details, at=at)
