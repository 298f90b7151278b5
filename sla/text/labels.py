"""What the codes in an agreement are called, in both languages: kept with the text once it is
proposed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crm.lib.bilingual import LANGUAGES
from crm.lib.wording import variants
from leads.models import CustomField, Source, ValuableActionKind
from leads.records import fields
from personas.models import Criterion, Persona
from personas.states import CriterionKind, VersionState
from sla.agreements import content
from sla.models import AgreementVersion, PauseReason

# What makes an SQL of an MQL: these need evidence.
PROVEN = tuple(
    kind
    for kind in CriterionKind.values
    if kind not in (CriterionKind.FIT, CriterionKind.DISQUALIFIER)
)

Labels = dict[str, dict[str, dict[str, str]]]


def collect() -> Labels:
    """Every code that an agreement may name. A constant number of queries."""
    return {
        "fields": package_fields(),
        "actions": dict(ValuableActionKind.objects.values_list("code", "name")),
        "sources": dict(Source.objects.values_list("code", "name")),
        "personas": dict(Persona.objects.values_list("slug", "name")),
        "pauses": dict(PauseReason.objects.values_list("code", "name")),
        "criteria": {c.code: {**c.text, "kind": c.kind} for c in reversed(criteria())},
    }


def package_fields() -> dict[str, dict[str, str]]:
    """What a package may ask for: the facts of person and company, and the organisation's own
    fields.
    """
    found: dict[str, dict[str, str]] = {field: {} for field in fields.FIELD_LABELS}
    for language in LANGUAGES:
        with variants.override(language):
            for field, label in fields.FIELD_LABELS.items():
                found[field][language] = str(label)
    own = CustomField.objects.filter(archived_at__isnull=True)
    return found | {f"attributes.{field.code}": field.name for field in own}


def criteria() -> list[Criterion]:
    """The criteria of the published personas that need evidence, in their order."""
    rows = Criterion.objects.filter(
        kind__in=PROVEN,
        version__state=VersionState.PUBLISHED,
        version__persona__archived_at__isnull=True,
    )
    return list(rows.order_by("kind", "version_id", "position", "id"))


def named_in(text: dict[str, Any]) -> Labels:
    """Of :func:`collect` what ``text`` (content.content_of) names: what is kept with it."""
    conditions = [promise["conditions"] for promise in text["commitments"]]
    used: dict[str, set[str]] = {
        "fields": set(text["package_fields"]),
        "actions": {*text["valuable_actions"], *_under("actions", conditions)},
        "sources": set(_under("sources", conditions)),
        "personas": set(_under("personas", conditions)),
        "pauses": set(text["pauses"] or ()),
        "criteria": set(text["sql_terms"]),
    }
    return {
        kind: {code: name for code, name in names.items() if code in used[kind]}
        for kind, names in collect().items()
    }


def _under(key: str, conditions: Iterable[dict[str, list[str]]]) -> Iterable[str]:
    return (code for each in conditions for code in each.get(key, ()))


def of(version: AgreementVersion) -> Labels:
    """What to keep as labels when ``version`` is proposed."""
    return named_in(content.compose(version))


def for_reading(text: dict[str, Any]) -> Labels:
    """The names that a text was signed with, else those of today."""
    kept: Labels | None = text.get("labels")
    return collect() if kept is None else kept
