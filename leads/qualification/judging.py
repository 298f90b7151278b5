"""How a lead is judged now: by which persona version, under which terms, with which result."""

from __future__ import annotations

from datetime import date

from crm.accounts.models import User
from leads.models import Handoff, Lead
from leads.qualification import facts, persona_match
from leads.qualification.rules import Assessment, MqlTerms
from leads.qualification.scores import Scores
from personas.models import PersonaVersion


def latest_handoff(user: User, lead: Lead) -> Handoff | None:
    """Return the newest handoff of ``lead`` that ``user`` may see, or None."""
    rows = Handoff.objects.visible_to(user).filter(lead=lead)
    rows = rows.select_related(
        "team",
        "owner",
        "clock__accountable",
        "agreement_version__agreement",
        "submitted_by",
        "outcome_reason",
    )
    handoff = rows.order_by("-cycle").first()
    if handoff is not None:
        # The caller's object, whose person and company have been read.
        handoff.lead = lead
    return handoff


def version_for(lead: Lead, handoff: Handoff | None) -> PersonaVersion | None:
    """Return the persona version that judges ``lead``: the handoff's, else the lead's own."""
    pk = lead.persona_version_id
    # A handoff carries the version that judged it for ever; a new one never replaces it.
    if handoff is not None:
        pk = handoff.persona_version_id
    if pk is None:
        return None
    rows = PersonaVersion.objects.select_related("persona").prefetch_related("criteria")
    return rows.filter(pk=pk).first()


def has_criterion(version: PersonaVersion, code: str) -> bool:
    return any(criterion.code == code for criterion in version.criteria.all())


def terms_for(handoff: Handoff | None) -> MqlTerms:
    """Return the terms of the handoff's agreement, else of the agreements in force."""
    if handoff is None:
        return facts.terms_in_force()
    return facts.terms_of(handoff.agreement_version)


def judge_now(
    lead: Lead,
    handoff: Handoff | None,
    *,
    today: date,
    suggest: bool,
) -> tuple[PersonaVersion | None, Assessment | None, Scores | None]:
    """Return the persona version that judges ``lead`` now, its assessment and its scores.

    All are None where no version judges it. ``suggest``: take the best match for a lead that has
    no version yet.
    """
    version = version_for(lead, handoff)
    if version is None and suggest:
        version = persona_match.usual_version(lead)
    if version is None:
        return None, None, None
    terms = terms_for(handoff)
    # Read once for the assessment and for the scores.
    actions = facts.actions_of(lead)
    proofs = facts.proofs_of(lead)
    assessment = facts.assess_with(lead, version, terms, actions=actions, proofs=proofs)
    scores = facts.score_on(assessment, actions, terms, on=today)
    return version, assessment, scores
