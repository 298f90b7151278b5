"""Dead letters: letters and messages that could not be delivered. An admin may send them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.audit.entries import record
from crm.notifications.letters import NO_ADDRESS, TOO_LATE, UNKNOWN_MAILBOX, WRONG_ADDRESS
from crm.notifications.models import Letter, Message

# The reasons are stored in English; these are their words on pages.
REASONS: dict[str, str | Promise] = {
    TOO_LATE: gettext_lazy("Not sent within three days"),
    UNKNOWN_MAILBOX: gettext_lazy("The mail server knows no such mailbox"),
    NO_ADDRESS: gettext_lazy("The person has no e-mail address"),
    WRONG_ADDRESS: gettext_lazy("The e-mail address of the person is not valid"),
}


class Source(Enum):
    """Where a dead letter is stored.

    Messages are dead without a letter when they are notices, or mails that waited for three days
    and were never tied.
    """

    LETTER = "letter"
    MESSAGE = "message"

    def rows(self) -> QuerySet[Any]:
        """Return the dead ones."""
        if self is Source.LETTER:
            return Letter.objects.filter(is_dead=True)
        return Message.objects.filter(is_dead=True)


@dataclass(frozen=True)
class DeadLetter:
    """A row with the reason in words, and the error as the server or Python wrote it."""

    source: Source
    row: Letter | Message
    reason: str
    error: str


def count() -> int:
    """Return how many there are. Two queries."""
    return sum(source.rows().count() for source in Source)


def newest(most: int) -> list[DeadLetter]:
    """Return up to ``most`` dead letters, the newest first."""
    found: list[tuple[Source, Any]] = []
    for source in Source:
        rows = source.rows().select_related("recipient").order_by("-dropped_at", "-pk")
        found += [(source, row) for row in rows[:most]]
    # Those of each source are in order already, and the sort is stable.
    found.sort(key=lambda each: each[1].dropped_at, reverse=True)
    return [_dead_letter(source, row) for source, row in found[:most]]


def _dead_letter(source: Source, row: Letter | Message) -> DeadLetter:
    for stored, words in REASONS.items():
        if row.last_error.startswith(stored):
            error = row.last_error.removeprefix(stored).lstrip(":; ")
            return DeadLetter(source, row, str(words), error)
    return DeadLetter(source, row, _("Every try failed"), row.last_error)


@transaction.atomic
def send_again(source: Source, pk: int, *, by: User, at: datetime) -> int:
    """Queue one dead letter again for three days; return 0 if it is not dead any more.

    The Message-ID and what a letter says stay. Before it is sent, the queue asks again whether it
    may be sent.
    """
    count = _revive(source.rows().filter(pk=pk), at)
    if count:
        payload = {source.value: pk, "count": count}
        record("dead_letters_sent_again", "message", by=by, at=at, payload=payload)
    return count


@transaction.atomic
def send_all_again(*, by: User, at: datetime) -> int:
    """Queue all dead letters again, as :func:`send_again` does; return how many."""
    count = sum(_revive(source.rows(), at) for source in Source)
    if count:
        record("dead_letters_sent_again", "message", by=by, at=at, payload={"count": count})
    return count


def _revive(dead: QuerySet[Any], at: datetime) -> int:
    return dead.update(
        is_dead=False,
        dropped_at=None,
        next_try_at=at,
        retry_since=at,
        attempts=0,
    )
