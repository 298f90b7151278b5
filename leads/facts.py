"""A lead as plain data: the facts that criteria are judged by, and the package that is handed over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.lib.bilingual import in_language
from leads import qualification
from leads.models import CustomField, Evidence, Lead
from leads.qualification import MISSING, Assessment, Proof, Rule
from personas.models import PersonaVersion

FIELD_LABELS: dict[str, Promise] = {
    "person.name": _("Name"),
    "person.email": _("E-mail"),
    "person.phone": _("Phone"),
    "person.job_title": _("Job title"),
    "person.country": _("Country"),
    "company.name": _("Company"),
    "company.country": _("Company's country"),
    "company.industry": _("Industry"),
    "company.employees": _("Employees"),
    "company.domain": _("Website"),
    "lead.source": _("Source"),
}


def labels(fields: Iterable[str]) -> dict[str, str]:
    """What people call ``fields``: standard ones, and ``attributes.<code>`` of custom ones. At most one query."""
    wanted = list(fields)
    codes = [field.removeprefix("attributes.") for field in wanted if field not in FIELD_LABELS]
    custom = {c.code: in_language(c.name) for c in CustomField.objects.filter(code__in=codes)} if codes else {}
    return {
        field: str(FIELD_LABELS.get(field) or custom.get(code := field.removeprefix("attributes."), code))
        for field in wanted
    }


def of(lead: Lead) -> dict[str, Any]:
    """``{"person.email": …, "company.employees": …, "attributes.budget": …}``; a missing fact is "" or None."""
    person, company = lead.person, lead.company
    facts: dict[str, Any] = {
        f"person.{name}": getattr(person, name) for name in ("name", "email", "phone", "job_title", "country")
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
    rows = Evidence.objects.filter(lead=lead).select_related("actor").order_by("id")
    return {
        row.code: Proof(
            verdict=row.verdict,
            value=row.payload.get("value", ""),
            source=row.payload.get("source", ""),
            by=row.actor.name if row.actor else "",
            at=row.at,
        )
        for row in rows
    }


def usual_version(lead: Lead, versions: Sequence[PersonaVersion]) -> PersonaVersion | None:
    """The persona version that judges when nobody chose one: the lead's own among ``versions``, else the first."""
    own = next((v for v in versions if v.pk == lead.persona_version_id), None)
    return own or (versions[0] if versions else None)


def rules(version: PersonaVersion) -> list[Rule]:
    """The persona's criteria as plain data."""
    return [Rule(c.code, c.kind, c.text, c.field, c.operator, c.operand) for c in version.criteria.all()]


def assess(lead: Lead, version: PersonaVersion) -> Assessment:
    """Judge ``lead`` by one version of a persona, with its facts, evidence and valuable actions as they are now."""
    return qualification.assess(rules(version), of(lead), proofs(lead), action_count=lead.valuable_actions.count())
