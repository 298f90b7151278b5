"""Comments on the sections of an agreement, while its text can still change."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.errors import DomainError
from sla.agreements import agreements
from sla.agreements.drafts import TextIsClosed
from sla.models import AgreementVersion, Comment
from sla.states import UNSIGNED

EXCERPT_LENGTH = 200  # characters of a comment in its notice


class EmptyComment(DomainError):
    code = "nothing_said"


@transaction.atomic
def add(
    version: AgreementVersion,
    section: str,
    text: str,
    *,
    by: User,
    at: datetime,
    answers: Comment | None = None,
) -> Comment:
    """Add a comment on one section and notify the leads of both sides.

    ``answers``: the comment that it replies to. Raises EmptyComment and TextIsClosed.
    """
    text = text.strip()
    if not text:
        message = _("Write what you want to say.")
        raise EmptyComment(message, fields={"text": message})
    if version.state not in UNSIGNED:
        raise TextIsClosed
    # Comments stay with a version for ever; the text of a person is in the erasable payload.
    created = Comment.objects.create(
        version=version,
        section=section,
        answers=answers,
        actor=by,
        at=at,
        payload={"text": text},
    )
    agreements.notify(
        "comment",
        version,
        agreements.both_sides(version, without=by),
        at=at,
        key=f"comment:{created.pk}",
        by_id=by.pk,
        said=text[:EXCERPT_LENGTH],
    )
    return created
