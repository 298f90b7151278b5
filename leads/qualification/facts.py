"""A lead as plain data: the facts that criteria are judged by, and the package that is
handed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from leads.models import Evidence, Lead, ValuableAction
from leads.qualification import rules as qualification
from leads.qualification import scores
from leads.qualification.rules import ANY, MISSING, Assessment, Proof, Rule, Terms
from leads.qualification.scores import Done, Scores
from personas.models import PersonaVersion
from sla.models import AgreementVersion
from sla.states import AgreementState


def of(lead: Lead) -> dict[str, Any]:
    """``{"person.email": …, "company.employees": …, "attributes.budget": …}``; a missing fact is ""
    or None.
    """
    person, company = lead.person, lead.company
    facts: dict[str, Any] = {
        f"person.{name}": getattr(person, name)
        for name in ("name", "email", "phone", "job_title", "country")
    }
    for name in ("name", "country", "industry", "employees", "domain"):
        facts[f"company.{name}"] = getattr(company, name) if company else None
    facts["lead.source"] = lead.source.code if lead.source else None
    facts.update({f"attributes.{code}": value for code, value in lead.attributes.items()})
    return facts


def missing(lead: Lead, fields: Iterable[str]) -> list[str]:
    """Which of ``fields`` the lead does not have, in order."""
    known = of(lead)
    return [field for field in fields if known.get(field) in MISSING]


def proofs(lead: Lead) -> dict[str, Proof]:
    """The newest evidence for each criterion's code."""
    return proofs_of([lead.pk]).get(lead.pk, {})


def proofs_of(leads: Iterable[int]) -> dict[int, dict[str, Proof]]:
    """By lead: the newest evidence for each criterion's code. One query for all of them."""
    found: dict[int, dict[str, Proof]] = {}
    rows = Evidence.objects.filter(lead__in=list(leads)).select_related("actor").order_by("id")
    for row in rows:
        found.setdefault(row.lead_id, {})[row.code] = Proof(
            verdict=row.verdict,
            value=row.payload.get("value", ""),
            source=row.payload.get("source", ""),
            by=row.actor.name if row.actor else "",
            at=row.at,
            overrides=row.overrides,
            reason=row.payload.get("reason", ""),
        )
    return found


def done(lead: Lead) -> list[Done]:
    """The lead's valuable actions, the newest first."""
    return done_of([lead.pk]).get(lead.pk, [])


def done_of(leads: Iterable[int]) -> dict[int, list[Done]]:
    """By lead: its valuable actions, the newest first. One query for all of them."""
    found: dict[int, list[Done]] = {}
    for row in ValuableAction.objects.filter(lead__in=list(leads)).select_related("kind"):
        found.setdefault(row.lead_id, []).append(
            Done(row.kind.code, row.kind.name, row.kind.points, row.occurred_on)
        )
    return found


def rules(version: PersonaVersion) -> list[Rule]:
    """The persona's criteria as plain data."""
    return [
        Rule(c.code, c.kind, c.text, c.field, c.operator, c.operand, c.weight)
        for c in version.criteria.all()
    ]


def terms(version: AgreementVersion) -> Terms:
    """What one version of an agreement says about the MQL; where it names nothing, everything
    counts.
    """
    return Terms(
        actions=frozenset(version.valuable_actions) or None,
        personas=frozenset(version.personas.values_list("pk", flat=True)) or None,
        minimum_score=version.minimum_score,
        half_life=version.engagement_half_life_days,
    )


def terms_in_force() -> Terms:
    """What counts for a lead that goes to no team yet: whatever any agreement in force counts.

    Two queries at most.
    """
    rows = (
        AgreementVersion.objects.filter(state=AgreementState.IN_FORCE)
        .prefetch_related("personas")
        .order_by("pk")
    )
    found = [terms(version) for version in rows]
    if not found:
        return ANY
    actions = (
        None
        if any(t.actions is None for t in found)
        else frozenset().union(*(t.actions or () for t in found))
    )
    personas = (
        None
        if any(t.personas is None for t in found)
        else frozenset().union(*(t.personas or () for t in found))
    )
    return Terms(actions, personas, half_life=found[0].half_life)


def assess(lead: Lead, version: PersonaVersion, terms: Terms | None = None) -> Assessment:
    """Judge ``lead`` by one version of a persona, with its facts, evidence and valuable actions as
    they are now.

    ``terms``: what the agreement counts; those in force if they are not given.
    """
    return judged(lead, version, terms or terms_in_force(), done=done(lead), proofs=proofs(lead))


def judged(
    lead: Lead,
    version: PersonaVersion,
    terms: Terms,
    *,
    done: Iterable[Done],
    proofs: dict[str, Proof],
) -> Assessment:
    """The same from what was read before."""
    return judged_by(
        lead, rules(version), terms, persona=version.persona_id, done=done, proofs=proofs
    )


def judged_by(
    lead: Lead,
    rules: Iterable[Rule],
    terms: Terms,
    *,
    persona: int | None,
    done: Iterable[Done],
    proofs: dict[str, Proof],
) -> Assessment:
    """The same by any rules; ``persona``: the id of the persona that they are of, None if of none
    yet.
    """
    return qualification.assess(
        rules,
        of(lead),
        proofs,
        action_count=terms.counting(each.code for each in done),
        is_looked_for=persona is None or terms.looks_for(persona),
    )


def score(assessment: Assessment, done: Iterable[Done], terms: Terms, *, on: date) -> Scores:
    """Both scores of a lead as it is judged, with what it did, on the day ``on`` of the
    organisation's calendar.
    """
    return scores.of(assessment, done, on=on, half_life=terms.half_life)
