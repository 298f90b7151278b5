"""What a new organisation starts with: catalogues, one persona and one agreement, all of it editable rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.accounts.models import User
from leads.models import CustomField, OutcomeReason, Source, ValuableActionKind
from leads.states import OutcomeKind
from personas import catalogue
from personas.models import PersonaVersion
from personas.states import CriterionKind, Operator
from sla.models import RejectionReason
from sla.states import Metric, RejectionClass, StepKind

SOURCES = [
    ("organic_search", "Búsqueda orgánica", "Organic search"),
    ("paid_search", "Búsqueda pagada", "Paid search"),
    ("social", "Redes sociales", "Social media"),
    ("email", "Correo", "E-mail"),
    ("referral", "Referido", "Referral"),
    ("event", "Evento", "Event"),
    ("direct", "Directo", "Direct"),
]
ACTIONS = [
    ("asked_for_demo", "Pidió una demo", "Asked for a demo"),
    ("asked_for_information", "Pidió información", "Asked for information"),
    ("sent_form", "Envió un formulario", "Sent a form"),
    ("left_contact_data", "Dejó sus datos", "Left contact data"),
    ("attended_webinar", "Asistió a un webinar", "Attended a webinar"),
]
REJECTIONS = [
    (
        "wrong_team",
        RejectionClass.PROCEDURAL,
        "Es de otro equipo o región",
        "Belongs to another team or region",
        False,
    ),
    ("already_customer", RejectionClass.PROCEDURAL, "Ya es cliente", "Is a customer already", False),
    (
        "bad_contact_data",
        RejectionClass.CLERICAL,
        "Datos de contacto equivocados",
        "Contact data are wrong",
        True,
    ),
    ("missing_data", RejectionClass.CLERICAL, "Faltan datos acordados", "Agreed data are missing", True),
    (
        "not_the_persona",
        RejectionClass.DEFINITIONAL,
        "No es la buyer persona",
        "Is not the buyer persona",
        False,
    ),
    ("no_interest", RejectionClass.DEFINITIONAL, "Sin acción de valor real", "No real valuable action", True),
]
ENDINGS = [
    ("no_budget", OutcomeKind.DISQUALIFIED, "Sin presupuesto", "No budget"),
    ("no_authority", OutcomeKind.DISQUALIFIED, "Sin poder de decisión", "No authority to decide"),
    ("no_need", OutcomeKind.DISQUALIFIED, "Sin necesidad", "No need"),
    ("chose_competitor", OutcomeKind.LOST, "Eligió a un competidor", "Chose a competitor"),
    ("price", OutcomeKind.LOST, "Precio", "Price"),
    ("no_decision", OutcomeKind.LOST, "No decidió", "Made no decision"),
]
# The agreement a new organisation may begin with; times in business minutes.
WINDOW_LADDER = [
    (StepKind.WARN, -30),
    (StepKind.BREACH, 0),
    (StepKind.TELL_LEAD, 30),
    (StepKind.REQUEUE, 60),
    (StepKind.TELL_DIRECTOR, 120),
]
COMMITMENTS: list[dict[str, Any]] = [
    {
        "side": "sales",
        "metric": Metric.ACCEPT,
        "target": "0.9",
        "window_minutes": 120,
        "steps": WINDOW_LADDER,
    },
    {
        "side": "sales",
        "metric": Metric.FIRST_CONTACT,
        "target": "0.9",
        "window_minutes": 240,
        "steps": [
            (StepKind.WARN, -60),
            (StepKind.BREACH, 0),
            (StepKind.TELL_LEAD, 60),
            (StepKind.REQUEUE, 240),
        ],
    },
    {
        "side": "sales",
        "metric": Metric.SQL_DECISION,
        "target": "0.8",
        "window_minutes": 5 * 480,
        "steps": [(StepKind.WARN, -480), (StepKind.BREACH, 0), (StepKind.TELL_LEAD, 480)],
    },
    {"side": "marketing", "metric": Metric.MQL_VOLUME, "target": "60"},
    {"side": "marketing", "metric": Metric.ACCEPTANCE_RATE, "target": "0.75"},
    {"side": "marketing", "metric": Metric.PACKAGE_COMPLETE, "target": "0.95"},
]
PACKAGE = ["person.name", "person.email", "person.phone", "company.name", "lead.source"]
DEFINITIONS = {
    "mql_definition": {
        "es": "Cumple los criterios de encaje de la buyer persona e hizo al menos una acción de valor.",
        "en": "Meets the fit criteria of the buyer persona and did at least one valuable action.",
    },
    "sql_definition": {
        "es": "Un MQL que además tiene los medios (presupuesto) y la autoridad para decidir, con evidencia.",
        "en": "An MQL that also has the means (budget) and the authority to decide, with evidence.",
    },
    "package_fields": PACKAGE,
    "sql_blocks": [CriterionKind.MEANS, CriterionKind.AUTHORITY],
}
PERSONA = {
    "who": {
        "es": "Directora o gerente comercial de una empresa mediana de América Latina, con un equipo de ventas propio.",
        "en": "Commercial director or manager of a mid-sized Latin American company with a sales team of its own.",
    },
    "goals": [{"es": "Que ningún prospecto se pierda entre marketing y ventas", "en": "No lead lost between teams"}],
    "pains": [{"es": "Discute cada mes por la calidad de los leads", "en": "Argues every month about lead quality"}],
}
CRITERIA: list[dict[str, Any]] = [
    {
        "code": "company-size",
        "kind": CriterionKind.FIT,
        "text": {"es": "La empresa tiene al menos 20 empleados", "en": "The company has at least 20 employees"},
        "field": "company.employees",
        "operator": Operator.AT_LEAST,
        "operand": 20,
    },
    {
        "code": "commercial-role",
        "kind": CriterionKind.FIT,
        "text": {"es": "Trabaja en ventas, marketing o dirección", "en": "Works in sales, marketing or management"},
        "field": "person.job_title",
        "operator": Operator.CONTAINS_ANY,
        "operand": [
            "ventas", "comercial", "marketing", "mercadotecnia", "director", "directora", "gerente", "ceo",
            "general", "sales", "commercial", "manager", "head", "founder", "fundadora", "fundador",
        ],
    },
    {
        "code": "student-or-vendor",
        "kind": CriterionKind.DISQUALIFIER,
        "text": {"es": "Es estudiante o vende lo mismo que nosotros", "en": "Is a student or sells what we sell"},
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
    },
    {
        "code": "decides",
        "kind": CriterionKind.AUTHORITY,
        "text": {"es": "Decide la compra o firma el contrato", "en": "Decides the purchase or signs the contract"},
        "field": "attributes.decides",
        "operator": Operator.IS,
        "operand": True,
    },
]  # fmt: skip
CUSTOM_FIELDS = [
    ("budget", CustomField.Type.NUMBER, "Presupuesto anual", "Yearly budget"),
    ("decides", CustomField.Type.YES_NO, "¿Decide la compra?", "Decides the purchase?"),
    ("student_or_vendor", CustomField.Type.YES_NO, "¿Estudiante o proveedor?", "Student or vendor?"),
]


def catalogues() -> None:
    """Sources, valuable actions, reasons and custom fields. Rows that exist already stay as they are."""
    for position, (code, es, en) in enumerate(SOURCES):
        Source.objects.get_or_create(code=code, defaults={"name": {"es": es, "en": en}, "position": position})
    for position, (code, es, en) in enumerate(ACTIONS):
        ValuableActionKind.objects.get_or_create(
            code=code, defaults={"name": {"es": es, "en": en}, "position": position}
        )
    for position, (code, kind, es, en, comment) in enumerate(REJECTIONS):
        words = {"kind": kind, "name": {"es": es, "en": en}, "needs_comment": comment, "position": position}
        RejectionReason.objects.get_or_create(code=code, defaults=words)
    for position, (code, ending, es, en) in enumerate(ENDINGS):
        words = {"kind": ending, "name": {"es": es, "en": en}, "position": position}
        OutcomeReason.objects.get_or_create(code=code, defaults=words)
    for position, (code, type_, es, en) in enumerate(CUSTOM_FIELDS):
        words = {"type": type_, "name": {"es": es, "en": en}, "position": position}
        CustomField.objects.get_or_create(code=code, defaults=words)


def persona(*, by: User | None, at: datetime) -> PersonaVersion:
    """The example persona, published."""
    name = {"es": "Líder comercial", "en": "Commercial leader"}
    created = catalogue.create("commercial-leader", name, by=by, at=at)
    return catalogue.publish_version(created, PERSONA, CRITERIA, by=by, at=at)
