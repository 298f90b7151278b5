"""The two personas of the demo, each with an earlier version."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from crm.accounts.models import User
from crm.setup.starter import demo_texts
from crm.setup.starter.bilingual import both
from crm.setup.starter.criteria import confirmed_criterion
from personas import personas
from personas.models import PersonaVersion
from personas.states import CriterionKind, Operator

LEADER_NAME = {"es": "Líder comercial", "en": "Commercial leader"}
OWNER_NAME = {"es": "Dueño de pyme", "en": "Small-business owner"}

LEADER_CRITERIA: list[dict[str, Any]] = [
    {
        "code": "company-size",
        "kind": CriterionKind.FIT,
        "text": {
            "es": "La empresa tiene al menos 20 empleados",
            "en": "The company has at least 20 employees",
        },
        "field": "company.employees",
        "operator": Operator.AT_LEAST,
        "operand": 20,
        "weight": 20,
    },
    {
        "code": "commercial-role",
        "kind": CriterionKind.FIT,
        "text": {
            "es": "Trabaja en ventas, marketing o dirección",
            "en": "Works in sales, marketing or management",
        },
        "field": "person.job_title",
        "operator": Operator.CONTAINS_ANY,
        "operand": [
            "ventas",
            "comercial",
            "marketing",
            "mercadotecnia",
            "director",
            "directora",
            "gerente",
            "ceo",
            "general",
            "sales",
            "commercial",
            "manager",
            "head",
            "founder",
            "fundadora",
            "fundador",
        ],
        "weight": 30,
    },
    {
        "code": "student-or-vendor",
        "kind": CriterionKind.DISQUALIFIER,
        "text": {
            "es": "Es estudiante o vende lo mismo que nosotros",
            "en": "Is a student or sells what we sell",
        },
        "field": "attributes.student_or_vendor",
        "operator": Operator.IS,
        "operand": True,
    },
    {
        "code": "budget",
        "kind": CriterionKind.MEANS,
        "text": {"es": "Tiene presupuesto para este año", "en": "Has budget for this year"},
        "field": "attributes.budget",
        "operator": Operator.AT_LEAST,
        "operand": 5000,
        "weight": 25,
    },
    {
        "code": "decides",
        "kind": CriterionKind.AUTHORITY,
        "text": {
            "es": "Decide la compra o firma el contrato",
            "en": "Decides the purchase or signs the contract",
        },
        "field": "attributes.decides",
        "operator": Operator.IS,
        "operand": True,
        "weight": 25,
    },
]
OWNER_TITLES = [
    "fundador",
    "fundadora",
    "founder",
    "ceo",
    "dueño",
    "dueña",
    "owner",
    "general",
]

NEED = confirmed_criterion(
    "argues-about-leads",
    CriterionKind.NEED,
    "Hoy no puede decir qué pasó con los prospectos del mes pasado",
    "Cannot say today what became of last month's leads",
)
TIMING = confirmed_criterion(
    "this-half-year",
    CriterionKind.TIMING,
    "Quiere decidir en los próximos seis meses",
    "Wants to decide within the next six months",
)
FORMER = timedelta(days=182)  # both teams review their personas every six months


def publish_leader(*, by: User | None, at: datetime) -> PersonaVersion:
    """Publish the commercial leader: a first version half a year before ``at``, and today's."""
    size = {
        **LEADER_CRITERIA[0],
        "text": both(
            "La empresa tiene al menos 10 empleados", "The company has at least 10 employees"
        ),
        "operand": 10,
        "weight": 25,
    }
    role = {**LEADER_CRITERIA[1], "operand": LEADER_CRITERIA[1]["operand"][:6], "weight": 25}
    former = [size, role, *LEADER_CRITERIA[3:]]
    current = [*LEADER_CRITERIA, NEED, TIMING]
    persona = personas.create("commercial-leader", LEADER_NAME, by=by, at=at - FORMER)
    personas.publish_version(persona, demo_texts.LEADER_BEFORE, former, by=by, at=at - FORMER)
    return personas.publish_version(persona, demo_texts.LEADER, current, by=by, at=at)


def publish_owner(*, by: User | None, at: datetime) -> PersonaVersion:
    """Publish the owner of a small company, with a first version half a year before ``at``.

    Means and authority are judged as for the commercial leader; company size and role differ.
    """
    size = {
        **LEADER_CRITERIA[0],
        "text": both(
            "La empresa tiene al menos 5 empleados", "The company has at least 5 employees"
        ),
        "operand": 5,
    }
    role = {
        **LEADER_CRITERIA[1],
        "text": both("Fundó la empresa o la dirige", "Founded the company or runs it"),
        "operand": OWNER_TITLES,
    }
    former = [size, {**role, "operand": OWNER_TITLES[:4]}, LEADER_CRITERIA[3]]
    current = [size, role, *LEADER_CRITERIA[2:], TIMING]
    persona = personas.create("small-business-owner", OWNER_NAME, by=by, at=at - FORMER)
    personas.publish_version(persona, demo_texts.OWNER_BEFORE, former, by=by, at=at - FORMER)
    return personas.publish_version(persona, demo_texts.OWNER, current, by=by, at=at)
