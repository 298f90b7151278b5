"""Letters: tie the mails that are due to letters, claim letters, and note what became of them.

What is in a letter is decided once, in the transaction that ties its messages. From then on only
the letter waits, so that a message is never in two letters and a second try sends the same one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, F, QuerySet, Value, Window
from django.db.models.functions import Coalesce, Concat, RowNumber

from crm.notifications.mail import Content
from crm.notifications.models import Channel, Letter, Message
from crm.notifications.outbox import RETRY_FOR, next_try

# Mails of one kind to one person become one letter when they were queued within this time.
WINDOW = timedelta(minutes=5)
# A longer list is cut into several letters: it is locked, and counted, as a whole.
MOST_MESSAGES = 1000
# Of a longer list, the rest is a number and a link to the inbox.
MOST_LISTED = 100
# How many waiting mails are looked at for the beginnings of letters.
LOOK_AT = 200
# A claimed letter is left alone for this long; sending a batch must never take longer.
LEASE = timedelta(minutes=5)

# Why a letter was dropped (crm.notifications.dead_letters has the words of the first ones).
TOO_LATE = "not sent within three days"
UNKNOWN_MAILBOX = "the mail server knows no such mailbox"
NO_ADDRESS = "the person has no e-mail address"
WRONG_ADDRESS = "the person's e-mail address is not valid"
UNDELIVERABLE = (UNKNOWN_MAILBOX, NO_ADDRESS, WRONG_ADDRESS)
WITHDRAWN = "all of it was withdrawn"

# The mails that wait for the same person and kind as the beginning of a letter, the oldest first,
# without those that another transaction holds.
MATCHING = """
    SELECT found.* FROM
        unnest(%(recipients)s::bigint[], %(kinds)s::text[], %(until)s::timestamptz[])
        AS wanted (recipient_id, kind, until)
    CROSS JOIN LATERAL (
        SELECT message.* FROM notifications_message AS message
        WHERE message.channel = 'email' AND message.next_try_at <= %(at)s
            AND message.recipient_id = wanted.recipient_id AND message.kind = wanted.kind
            AND message.created_at <= wanted.until
            AND NOT personal AND attempts = 0 AND retry_since IS NULL
        ORDER BY message.created_at, message.id
        LIMIT %(most)s
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS found
"""
TIE = """
    UPDATE notifications_message AS message SET letter_id = tied.letter_id, next_try_at = NULL
    FROM unnest(%s::bigint[], %s::bigint[]) AS tied (message_id, letter_id)
    WHERE message.id = tied.message_id
"""

Group = tuple[int, str]


# -- Tying


@transaction.atomic
def tie(most: int, *, at: datetime, by_lane: bool) -> int:
    """Tie mails that are due to up to ``most`` new letters and return how many letters there are.

    ``by_lane``: begin with the most urgent lane, else with the mail that waits longest. Safe to run
    in parallel.
    """
    unlocked = due_mails(at).select_for_update(skip_locked=True, no_key=True)
    heads = unlocked.order_by(*_order(by_lane))[:LOOK_AT]
    alone: list[Message] = []
    groups: dict[Group, Message] = {}
    for head in heads:
        if len(alone) + len(groups) == most:
            break
        if _is_alone(head):
            alone.append(head)
        else:
            groups.setdefault((head.recipient_id, head.kind), head)
    parts = [[message] for message in alone]
    parts += _matching(groups, at)
    _write(parts, at)
    return len(parts)


def _order(by_lane: bool) -> list[str]:
    order = ["next_try_at", "id"]
    if by_lane:
        order.insert(0, "lane")
    return order


def _is_alone(message: Message) -> bool:
    """Return whether the mail goes without others.

    Personal ones do, and those that were tried under their own Message-ID: by the version that knew
    no letters, or before they were sent again.
    """
    return message.personal or message.attempts > 0 or message.retry_since is not None


def _matching(groups: Mapping[Group, Message], at: datetime) -> list[list[Message]]:
    """Lock and return the messages of each letter that begins with one of ``groups``."""
    if not groups:
        return []
    values = {
        "recipients": [recipient_id for recipient_id, _kind in groups],
        "kinds": [kind for _recipient_id, kind in groups],
        "until": [head.created_at + WINDOW for head in groups.values()],
        "at": at,
        "most": MOST_MESSAGES,
    }
    found: dict[Group, list[Message]] = {}
    for message in Message.objects.raw(MATCHING, values):
        part = found.setdefault((message.recipient_id, message.kind), [])
        # Its first message is the oldest one, which may be older than the one that is due longest.
        if not part or message.created_at <= part[0].created_at + WINDOW:
            part.append(message)
    return list(found.values())


def _write(parts: Sequence[Sequence[Message]], at: datetime) -> None:
    """Create the letter of each part and tie its messages to it."""
    letters = Letter.objects.bulk_create([_letter(part, at) for part in parts])
    message_ids = []
    letter_ids = []
    for part, letter in zip(parts, letters, strict=True):
        message_ids += [message.pk for message in part]
        letter_ids += [letter.pk] * len(part)
    if message_ids:
        with connection.cursor() as cursor:
            cursor.execute(TIE, [message_ids, letter_ids])


def _letter(part: Sequence[Message], at: datetime) -> Letter:
    first = part[0]
    uid = first.uid
    if len(part) > 1:
        uid = uuid.uuid4()
    return Letter(
        uid=uid,
        recipient_id=first.recipient_id,
        kind=first.kind,
        lane=first.lane,
        decided_at=at,
        next_try_at=first.next_try_at,
        attempts=first.attempts,
        retry_since=first.retry_since or first.created_at,
    )


# -- Sending


@dataclass(frozen=True)
class Claim:
    """A letter that is ours until ``leased_until``. ``due_at``: when it was due."""

    letter: Letter
    due_at: datetime
    leased_until: datetime


@transaction.atomic
def claim(most: int, *, at: datetime, by_lane: bool) -> list[Claim]:
    """Claim up to ``most`` letters that are due, for the time of the lease.

    ``by_lane`` as in :func:`tie`.
    """
    unlocked = due(at).select_for_update(skip_locked=True, no_key=True, of=("self",))
    claims = []
    for letter in unlocked.select_related("recipient").order_by(*_order(by_lane))[:most]:
        due_at = letter.next_try_at or at
        claims.append(Claim(letter, due_at, leased_until=at + LEASE))
    ids = [claim.letter.pk for claim in claims]
    Letter.objects.filter(pk__in=ids).update(next_try_at=at + LEASE)
    return claims


def contents(claims: Iterable[Claim]) -> dict[int, Content]:
    """Return what the letter of each claim says, by its id, without what was withdrawn.

    At most MOST_LISTED messages each. A letter of which nothing is left is missing. One query.
    """
    standing = Message.objects.filter(
        letter__in=[claim.letter.pk for claim in claims],
        sent_at__isnull=True,
        dropped_at__isnull=True,
    )
    numbered = standing.annotate(
        place=Window(RowNumber(), partition_by="letter", order_by=["created_at", "id"]),
        count=Window(Count("*"), partition_by="letter"),
    )
    found: dict[int, Content] = {}
    for message in numbered.filter(place__lte=MOST_LISTED).order_by("letter", "place"):
        if message.letter_id is not None:
            content = found.setdefault(message.letter_id, Content([], message.count))
            content.messages.append(message)
    return found


def mark_sent(sent: Mapping[int, Content], *, at: datetime) -> None:
    """Mark letters as sent, also when they were claimed or dropped again in the meantime.

    ``sent``: what each said, by its id. A message that was withdrawn meanwhile has gone as well.
    """
    if not sent:
        return
    with transaction.atomic():
        Letter.objects.filter(pk__in=list(sent)).update(
            sent_at=at,
            next_try_at=None,
            dropped_at=None,
            is_dead=False,
            attempts=F("attempts") + 1,
            last_error="",
        )
        told = [message.pk for content in sent.values() for message in content.messages]
        withdrawn = Message.objects.filter(pk__in=told, dropped_at__isnull=False)
        withdrawn.update(dropped_at=None, last_error="")


def release(claims: Sequence[Claim]) -> None:
    """Give back letters that were claimed and not tried: they are due as before."""
    for due_at in {claim.due_at for claim in claims}:
        ids = [claim.letter.pk for claim in claims if claim.due_at == due_at]
        leased = Letter.objects.filter(pk__in=ids, next_try_at=claims[0].leased_until)
        leased.update(next_try_at=due_at)


def put_off(claim: Claim, details: str, *, at: datetime) -> None:
    """Note that the letter failed at ``at`` and when to try it again, or drop it as dead."""
    letter = claim.letter
    attempts = letter.attempts + 1
    next_try_at = next_try(attempts, since=letter.retry_since, at=at)
    dropped_at = None if next_try_at else at
    _leased(claim).update(
        attempts=attempts,
        next_try_at=next_try_at,
        dropped_at=dropped_at,
        is_dead=next_try_at is None,
        last_error=details,
    )


def drop(claim: Claim, reason: str, details: str = "", *, at: datetime) -> None:
    """Drop the letter, for one of the reasons above or another; ``details`` of the server."""
    words = f"{reason}: {details}" if details else reason
    is_dead = reason in UNDELIVERABLE
    _leased(claim).update(next_try_at=None, dropped_at=at, is_dead=is_dead, last_error=words)


def _leased(claim: Claim) -> QuerySet[Letter]:
    """Return the row of the letter while our lease is on it.

    Later changes win: a letter that was dropped or claimed again in the meantime is not touched.
    """
    return Letter.objects.filter(pk=claim.letter.pk, next_try_at=claim.leased_until)


# -- What waits


def waiting_mails() -> QuerySet[Message]:
    """Return the mails that wait and are in no letter yet."""
    return Message.objects.filter(channel=Channel.EMAIL, next_try_at__isnull=False)


def waiting() -> QuerySet[Letter]:
    """Return the letters that wait."""
    return Letter.objects.filter(next_try_at__isnull=False)


def due_mails(at: datetime) -> QuerySet[Message]:
    """Return the mails in no letter that are to be sent by now."""
    # Without a condition of its own that it waits, which the planner would count twice.
    return Message.objects.filter(channel=Channel.EMAIL, next_try_at__lte=at)


def due(at: datetime) -> QuerySet[Letter]:
    """Return the letters that are to be sent by now."""
    return Letter.objects.filter(next_try_at__lte=at)


def drop_old(at: datetime) -> int:
    """Drop letters, and mails in none, that are due and three days old; return how many."""
    reason = Concat(Value(f"{TOO_LATE}; "), "last_error")
    gone = {"next_try_at": None, "dropped_at": at, "is_dead": True, "last_error": reason}
    letters = due(at).filter(retry_since__lt=at - RETRY_FOR)
    mails = due_mails(at).alias(queued_at=Coalesce("retry_since", "created_at"))
    return letters.update(**gone) + mails.filter(queued_at__lt=at - RETRY_FOR).update(**gone)


def drop_restored(taken_at: datetime, *, at: datetime) -> int:
    """Drop the letters and mails that waited when the backup of ``taken_at`` was taken.

    Returns how many. They may have been sent since. Notices in the inbox are delivered: there they
    are missing.
    """
    return _drop_until(taken_at, at=at, why="not sent again: restored")


def drop_past_of_demo(until: datetime, *, at: datetime) -> int:
    """Drop what the past of a demo has queued up to ``until``, and return how many."""
    return _drop_until(until, at=at, why="not sent: the past of the demo")


def _drop_until(moment: datetime, *, at: datetime, why: str) -> int:
    """Drop what has waited since ``moment`` or longer; these are no dead letters."""
    gone = {"next_try_at": None, "dropped_at": at, "last_error": why}
    letters = waiting().filter(decided_at__lte=moment)
    mails = waiting_mails().filter(created_at__lte=moment)
    return letters.update(**gone) + mails.update(**gone)
