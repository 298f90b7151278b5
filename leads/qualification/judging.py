"""How a lead is judged now: by which persona version, under which terms, with which result."""

from __future__ import annotations

from datetime import date

from django.db.models import F, QuerySet

from crm.accounts.models import User
from crm.lib.db.kept_sql import KeptSql
from leads.models import Handoff, Lead
from leads.qualification import facts, persona_match
from leads.qualification.rules import Assessment, MqlTerms
from leads.qualification.scores import DoneAction, Scores
from personas.models import PersonaVersion


def latest_handoff(user: User, lead: Lead) -> Handoff | None:
    """Return the newest handoff of ``lead`` that ``user`` may see, or None."""
    return next(iter(handoffs_of(user, lead)), None)


def handoffs_of(user: User, lead: Lead) -> list[Handoff]:
    """Return the handoffs of ``lead`` that ``user`` may see, the newest first, in one query."""
    handoffs: list[Handoff] = VISIBLE.objects(viewer=user, lead=lead.pk)
    for handoff in handoffs:
        # The caller's object, whose person and company have been read.
        handoff.lead = lead
        if handoff.owner_id == user.pk:
            handoff.owner = user
    return handoffs


def _visible(viewer: User, lead: int) -> QuerySet[Handoff]:
    # The open one first: an undone decision may have withdrawn a later cycle.
    newest = (F("closed_at").desc(nulls_first=True), "-cycle")
    rows = Handoff.objects.visible_to(viewer).filter(lead=lead).order_by(*newest)
    # An owner or a reason is read where there is one that the caller does not have yet: PostgreSQL
    # would plan more joins for longer than it runs.
    return rows.select_related("team", "clock", "agreement_version__agreement", "submitted_by")


VISIBLE = KeptSql(_visible)


def version_for(lead: Lead, handoff: Handoff | None) -> PersonaVersion | None:
    """Return the persona version that judges ``lead``: the handoff's, else the lead's own."""
    pk = lead.persona_version_id
    # A handoff carries the version that judged it for ever; a new one never replaces it.
    if handoff is not None:
        pk = handoff.persona_version_id
    if pk is None:
        return None
    version: PersonaVersion | None = VERSIONS.first(pk=pk)
    return version


def _version(pk: int) -> QuerySet[PersonaVersion]:
    return PersonaVersion.objects.filter(pk=pk).select_related("persona")


VERSIONS = KeptSql(_version)


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
    actions: list[DoneAction],
    today: date,
    suggest: bool,
) -> tuple[PersonaVersion | None, Assessment | None, Scores | None]:
    """Return the persona version that judges ``lead`` now, its assessment and its scores.

    All are None where no version judges it. ``actions``: those of the lead. ``suggest``: take the
    best match for a lead that has no version yet.
    """
    version = version_for(lead, handoff)
    if version is None and not suggest:
        return None, None, None
    # Read once for the suggestion, the assessment and the scores.
    record = facts.Record(actions, facts.proofs_of(lead))
    version = version or persona_match.usual_version(lead, record)
    if version is None:
        return None, None, None
    terms = terms_for(handoff)
    assessment = facts.assess_with(
        lead, version, terms, actions=record.actions, proofs=record.proofs
    )
    scores = facts.score_on(assessment, actions, terms, on=today)
    return version, assessment, scores
