"""Short forms for the criteria of the starter personas."""

from __future__ import annotations

from typing import Any

from crm.setup.starter.bilingual import both
from personas.states import CriterionKind, Operator

MANAGEMENT_TITLES = [
    "director",
    "directora",
    "gerente",
    "dueño",
    "dueña",
    "propietario",
    "propietaria",
    "socio",
    "socia",
    "ceo",
    "fundador",
    "fundadora",
    "manager",
    "head",
    "owner",
    "founder",
    "partner",
    "vp",
]


def criterion(
    code: str,
    kind: str,
    es: str,
    en: str,
    field: str,
    operator: str,
    operand: Any = None,
    weight: int = 10,
) -> dict[str, Any]:
    """Return the fields of one Criterion, as personas.personas takes them.

    ``weight`` is its share of the fit score. Criteria of an SQL have a weight too: with fit
    criteria alone, every MQL would have the same score.
    """
    return {
        "code": code,
        "kind": kind,
        "text": both(es, en),
        "field": field,
        "operator": operator,
        "operand": operand,
        "weight": weight,
    }


def authority_criterion(es: str, en: str) -> dict[str, Any]:
    """Return the criterion that the lead decides about the purchase."""
    return criterion(
        "decides",
        CriterionKind.AUTHORITY,
        es,
        en,
        "attributes.decides",
        Operator.IS,
        True,
    )


def confirmed_criterion(code: str, kind: str, es: str, en: str) -> dict[str, Any]:
    """Return a criterion that no field answers: a person confirms it after a conversation."""
    return criterion(code, kind, es, en, "", Operator.SAID)
