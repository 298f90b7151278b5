"""The persona and the agreement of the tests, as data: criteria, commitments, definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SIZE = {
    "code": "size",
    "kind": "fit",
    "text": {"es": "Tiene al menos 20 empleados", "en": "Has at least 20 employees"},
    "field": "company.employees",
    "operator": "at_least",
    "operand": 20,
}
ROLE = {
    "code": "role",
    "kind": "fit",
    "text": {"es": "Trabaja en ventas o dirección", "en": "Works in sales or management"},
    "field": "person.job_title",
    "operator": "contains_any",
    "operand": ["ventas", "directora", "gerente", "sales", "manager", "ceo"],
}
BUDGET = {
    "code": "budget",
    "kind": "means",
    "text": {"es": "Tiene presupuesto", "en": "Has a budget"},
    "field": "attributes.budget",
    "operator": "at_least",
    "operand": 5000,
}
DECIDES = {
    "code": "decides",
    "kind": "authority",
    "text": {"es": "Decide la compra", "en": "Decides the purchase"},
    "field": "attributes.decides",
    "operator": "is",
    "operand": True,
}
ACCEPT = {
    "side": "sales",
    "metric": "accept",
    "target": "0.9",
    "window_minutes": 120,
    "steps": [
        ("warn", -30),
        ("breach", 0),
        ("tell_lead", 30),
        ("requeue", 60),
        ("tell_director", 120),
    ],
}
FIRST_CONTACT = {
    "side": "sales",
    "metric": "first_contact",
    "target": "0.9",
    "window_minutes": 240,
    "steps": [("warn", -60), ("breach", 0), ("tell_lead", 60), ("requeue", 240)],
}
SQL_DECISION = {
    "side": "sales",
    "metric": "sql_decision",
    "target": "0.8",
    "window_minutes": 16 * 60,
    "steps": [("warn", -480), ("breach", 0), ("tell_lead", 480)],
}
COMMITMENTS = [
    ACCEPT,
    FIRST_CONTACT,
    SQL_DECISION,
    {"side": "marketing", "metric": "mql_volume", "target": "60"},
    {"side": "marketing", "metric": "acceptance_rate", "target": "0.75"},
]
TERMS: dict[str, Any] = {
    "mql_definition": {
        "es": "Encaja e hizo una acción de valor",
        "en": "Fits and did a valuable action",
    },
    "sql_definition": {"es": "Tiene medios y autoridad", "en": "Has means and authority"},
    "package_fields": [
        "person.name",
        "person.email",
        "person.phone",
        "company.name",
        "lead.source",
    ],
    "sql_blocks": ["means", "authority"],
}


def within(promise: Mapping[str, Any], minutes: int, **more: Any) -> dict[str, Any]:
    """The same commitment in another time; a warning that would come before its beginning is
    left out.
    """
    steps = [(kind, offset) for kind, offset in promise["steps"] if offset > -minutes]
    return {**promise, "window_minutes": minutes, "steps": steps, **more}
