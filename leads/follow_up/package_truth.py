"""The truth of a package: after the end, the rep says of each criterion whether it was true.

Permission is the caller's question (leads.permissions).
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.errors import Conflict, DomainError
from leads.conflicts import MovedOn
from leads.models import CriterionTruth, Handoff
from leads.states import JUDGED_AFTER, Truth


class BadAnswer(DomainError):
    """There is no such criterion or no such answer; ``fields`` names which."""

    code = "bad_answer"


class AnsweredByAnother(Conflict):
    """Another person has answered; only that person may change it."""

    code = "answered_by_another"

    def __init__(self, other: User) -> None:
        super().__init__(_("%(name)s has answered this already.") % {"name": other.name})


@transaction.atomic
def answer(handoff: Handoff, code: str, truth: str, *, by: User, at: datetime) -> CriterionTruth:
    """Answer whether the criterion ``code`` was true of the lead; a later answer replaces it.

    Raises BadAnswer, AnsweredByAnother, MovedOn unless the handoff is won, lost or disqualified.
    """
    _check(handoff, code, truth)
    # Under the lock: two people at once would both be the first.
    locked = Handoff.objects.select_for_update(no_key=True).get(pk=handoff.pk)
    if locked.state not in JUDGED_AFTER:
        raise MovedOn(locked)
    last = CriterionTruth.objects.filter(handoff=handoff, code=code).order_by("-id")
    newest = last.select_related("by").first()
    if newest is not None and newest.by_id != by.pk:
        raise AnsweredByAnother(newest.by)
    if newest is not None and newest.answer == truth:
        return newest
    return CriterionTruth.objects.create(handoff=handoff, code=code, answer=truth, by=by, at=at)


def _check(handoff: Handoff, code: str, truth: str) -> None:
    if truth not in Truth.values:
        raise BadAnswer(fields={"answer": _("Answer yes, no or do not know.")})
    # Compared here: PostgreSQL answers some texts, as one with a NUL, by an error.
    if code not in set(handoff.persona_version.criteria.values_list("code", flat=True)):
        raise BadAnswer(fields={"code": _("The agreed persona has no such criterion.")})


def answers(handoff: Handoff) -> dict[str, CriterionTruth]:
    """Return the newest answer by the code of its criterion. One query."""
    rows = CriterionTruth.objects.filter(handoff=handoff).select_related("by")
    return {row.code: row for row in rows.order_by("id")}
