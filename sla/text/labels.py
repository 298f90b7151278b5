"""The names of the codes in an agreement, in both languages.

They are stored with the text once it is proposed, so that a later name changes no signed text.
"""

from __future__ import annotations

from typing import Any

from crm.lib.bilingual import LANGUAGES
from crm.lib.catalogue import in_use
from crm.lib.wording import variants
from leads.models import CustomField, Source, ValuableActionKind
from leads.records import fields
from personas.models import Criterion, Persona
from personas.states import CriterionKind, VersionState
from sla.agreements import content
from sla.models import AgreementVersion, PauseReason

WITHOUT_EVIDENCE = (CriterionKind.FIT, CriterionKind.DISQUALIFIER)
# The kinds of criteria that make an SQL of an MQL: these need evidence.
PROVEN = tuple(kind for kind in CriterionKind.values if kind not in WITHOUT_EVIDENCE)

BilingualNames = dict[str, dict[str, str]]  # {code: {"es", "en"}}
Labels = dict[str, BilingualNames]


def collect() -> Labels:
    """Return the names of every code that an agreement may use, in a constant number of queries."""
    # Personas may share a criterion; of those with the same code the first one in order counts.
    criteria_by_code = {}
    for criterion in reversed(criteria()):
        named = {**criterion.text, "kind": criterion.kind}
        criteria_by_code[criterion.code] = named
    return {
        "fields": package_fields(),
        "actions": dict(ValuableActionKind.objects.values_list("code", "name")),
        "sources": dict(Source.objects.values_list("code", "name")),
        "personas": dict(Persona.objects.values_list("slug", "name")),
        "pauses": dict(PauseReason.objects.values_list("code", "name")),
        "criteria": criteria_by_code,
    }


def package_fields() -> BilingualNames:
    """Return the fields that a package may need: the usual facts, then custom fields in use."""
    names: BilingualNames = {code: {} for code in fields.FIELD_LABELS}
    # Both languages, whatever the reader's is: the text may be read in the other one.
    for language in LANGUAGES:
        with variants.override(language):
            for code, label in fields.FIELD_LABELS.items():
                names[code][language] = str(label)
    for custom in in_use(CustomField):
        names[f"attributes.{custom.code}"] = custom.name
    return names


def criteria() -> list[Criterion]:
    """Return the criteria of the published personas that need evidence, in their order."""
    rows = Criterion.objects.filter(
        kind__in=PROVEN,
        version__state=VersionState.PUBLISHED,
        version__persona__archived_at__isnull=True,
    )
    return list(rows.order_by("kind", "version_id", "position", "id"))


def used_in(text: dict[str, Any]) -> Labels:
    """Return the part of :func:`collect` that ``text`` (content.compose) uses."""
    used: dict[str, set[str]] = {
        "fields": set(text["package_fields"]),
        "actions": set(text["valuable_actions"]),
        "sources": set(),
        "personas": set(),
        "pauses": set(text["pauses"] or ()),
        "criteria": set(text["sql_terms"]),
    }
    # The conditions of commitments name sources, actions and personas.
    for commitment in text["commitments"]:
        for kind, codes in commitment["conditions"].items():
            used[kind].update(codes)
    labels: Labels = {}
    for kind, names in collect().items():
        codes = used[kind]
        labels[kind] = {code: name for code, name in names.items() if code in codes}
    return labels


def labels_of(version: AgreementVersion) -> Labels:
    """Return the labels to store when ``version`` is proposed."""
    return used_in(content.compose(version))


def for_reading(text: dict[str, Any]) -> Labels:
    """Return the names that a text was signed with, else those of today."""
    stored: Labels | None = text.get("labels")
    return collect() if stored is None else stored
