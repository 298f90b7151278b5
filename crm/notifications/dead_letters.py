"""Dead letters: messages that could not be delivered. An admin may send them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.audit.entries import record
from crm.notifications.mail_queue import NO_ADDRESS, TOO_LATE, UNKNOWN_MAILBOX, WRONG_ADDRESS
from crm.notifications.models import Message

# The reasons are stored in English; these are their words on pages.
REASONS: dict[str, str | Promise] = {
    TOO_LATE: gettext_lazy("Not sent within three days"),
    UNKNOWN_MAILBOX: gettext_lazy("The mail server knows no such mailbox"),
    NO_ADDRESS: gettext_lazy("The person has no e-mail address"),
    WRONG_ADDRESS: gettext_lazy("The e-mail address of the person is not valid"),
}


@dataclass(frozen=True)
class Letter:
    """A dead letter with the reason in words, and the error as the server or Python wrote it."""

    message: Message
    reason: str
    error: str


def rows() -> QuerySet[Message]:
    """Return the dead letters."""
    return Message.objects.filter(is_dead=True)


def newest(most: int) -> list[Letter]:
    """Return up to ``most`` dead letters, the newest first."""
    found = rows().select_related("recipient").order_by("-dropped_at", "-pk")[:most]
    return [_letter(message) for message in found]


def _letter(message: Message) -> Letter:
    for stored, words in REASONS.items():
        if message.last_error.startswith(stored):
            error = message.last_error.removeprefix(stored).lstrip(":; ")
            return Letter(message, str(words), error)
    return Letter(message, _("Every try failed"), message.last_error)


@transaction.atomic
def send_again(pk: int | None, *, by: User, at: datetime) -> int:
    """Queue the dead letter ``pk`` again, or all of them, for three days; return how many.

    The Message-ID stays. Before it is sent, the queue asks again whether it may be sent.
    """
    dead = rows()
    if pk is not None:
        dead = dead.filter(pk=pk)
    count = dead.update(
        is_dead=False,
        dropped_at=None,
        next_try_at=at,
        retry_since=at,
        attempts=0,
    )
    if count:
        payload = {"message": pk, "count": count}
        record("dead_letters_sent_again", "message", by=by, at=at, payload=payload)
    return count
