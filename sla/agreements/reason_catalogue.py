"""What the catalogues of reasons have in common: a name in both languages, a code of its own, a
place in the order.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.bilingual import LANGUAGES
from crm.lib.errors import DomainError
from sla.models import PauseReason, RejectionReason

Reason = PauseReason | RejectionReason
KINDS: dict[type[Any], str] = {
    PauseReason: "pause_reason",
    RejectionReason: "rejection_reason",
}  # in the audit


class BadReason(DomainError):
    """``fields`` says what is missing."""

    code = "bad_reason"


def checked(name: dict[str, str]) -> dict[str, str]:
    """``name`` without what surrounds it. Raises BadReason where a language is missing."""
    clean = {language: name.get(language, "").strip() for language in LANGUAGES}
    words = _("Write it in both languages.")
    if missing := {f"name_{language}": words for language, text in clean.items() if not text}:
        raise BadReason(words, fields=missing)
    return clean


def free_code(model: type[Reason], name: dict[str, str]) -> str:
    """A code for a reason of this name that no other has."""
    base = slugify(name["en"]).replace("-", "_")[:50] or "reason"
    taken = set(model._default_manager.filter(code__startswith=base).values_list("code", flat=True))
    numbered = (f"{base}_{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (base, *numbered) if code not in taken)


def place(reason: Reason, position: int) -> None:
    """Put ``reason`` at ``position`` (0 stands first) and number all anew; one order at a time."""
    every = type(reason)._default_manager
    rows: list[Any] = [row for row in every.select_for_update(no_key=True) if row.pk != reason.pk]
    rows.insert(max(0, min(position, len(rows))), reason)
    for number, row in enumerate(rows):
        row.position = number
    every.bulk_update(rows, ["position"])


@transaction.atomic
def archive(reason: Reason, *, by: User, at: datetime) -> None:
    """No new text names it and no rep chooses it any more."""
    type(reason)._default_manager.filter(pk=reason.pk, archived_at=None).update(archived_at=at)
    record(f"{KINDS[type(reason)]}_archived", reason, by=by, at=at)
    reason.refresh_from_db()


@transaction.atomic
def restore(reason: Reason, *, by: User, at: datetime) -> None:
    """Into use again."""
    type(reason)._default_manager.filter(pk=reason.pk).update(archived_at=None)
    record(f"{KINDS[type(reason)]}_restored", reason, by=by, at=at)
    reason.refresh_from_db()
