"""Overruling a fact: evidence that outweighs it, with a reason, and counted."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.errors import Conflict, DomainError
from leads.models import Evidence, Lead
from leads.qualification import facts
from leads.qualification.rules import DISQUALIFIER, MET, NOT_MET, Judgement
from leads.records import leads
from personas.models import PersonaVersion


class NeedsReason(DomainError):
    code = "needs_reason"
    message = _("Say why you know better.")


class CannotOverride(Conflict):
    """No person may overrule this judgement, or no fact decided it."""

    code = "cannot_override"


@transaction.atomic
def override(
    lead: Lead,
    version: PersonaVersion,
    code: str,
    *,
    reason: str,
    source: str = "",
    by: User,
    at: datetime,
) -> Evidence:
    """Overrule the fact that decided the criterion ``code``: it then counts the other way round.

    Raises NeedsReason, CannotOverride.
    """
    if not reason.strip():
        raise NeedsReason(fields={"reason": NeedsReason.message})
    # Read again: another person may have corrected the fact since the page was shown.
    lead = Lead.objects.select_related("person", "company", "source").get(pk=lead.pk)
    judgement = _judgement(lead, version, code)
    if judgement is None or not judgement.can_be_overridden:
        raise CannotOverride(_obstacle(judgement))
    verdict = MET
    if judgement.verdict == MET:
        verdict = NOT_MET
    details = {"value": "", "source": source, "reason": reason}
    return leads.write_evidence(
        lead,
        code,
        verdict,
        details=details,
        by=by,
        at=at,
        overrides=True,
    )


def _judgement(lead: Lead, version: PersonaVersion, code: str) -> Judgement | None:
    for judgement in facts.assess(lead, version).judgements:
        if judgement.rule.code == code:
            return judgement
    return None


def _obstacle(judgement: Judgement | None) -> object:
    """Return the text that says why this judgement cannot be overruled."""
    if judgement is None or judgement.rule.kind != DISQUALIFIER or judgement.verdict != MET:
        return _("No fact decides this criterion, so there is nothing to override: add evidence.")
    return _(
        "A disqualifier that is a fact cannot be overridden. Correct the data if they are wrong."
    )
