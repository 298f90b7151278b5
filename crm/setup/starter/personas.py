"""Buyer personas to begin with: three examples for kinds of firms, and the demo's two."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from crm.accounts.models import User
from crm.setup.starter import persona_texts
from crm.setup.starter.catalogues import custom_fields
from crm.setup.starter.persona_texts import both
from leads.models import CustomField
from personas import personas
from personas.models import Persona, PersonaVersion
from personas.states import CriterionKind, Operator, VersionState

TYPE = CustomField.Type
DIRECTION = [
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
    field_: str,
    operator: str,
    operand: Any = None,
    weight: int = 10,
) -> dict[str, Any]:
    """Fields of Criterion, as personas.personas takes them; ``weight``: its part of the fit score,
    in which what makes an SQL counts as well: else every MQL would have the same.
    """
    asked = {"field": field_, "operator": operator, "operand": operand, "weight": weight}
    return {"code": code, "kind": kind, "text": both(es, en), **asked}


def decides(es: str, en: str) -> dict[str, Any]:
    return criterion(
        "decides", CriterionKind.AUTHORITY, es, en, "attributes.decides", Operator.IS, True
    )


def told(code: str, kind: str, es: str, en: str) -> dict[str, Any]:
    """What only a conversation shows: a person confirms it."""
    return criterion(code, kind, es, en, "", Operator.SAID)


@dataclass(frozen=True)
class Template:
    """A persona as data; ``fields``: the custom fields that its criteria ask for."""

    slug: str
    name: dict[str, str]
    content: dict[str, Any]
    criteria: list[dict[str, Any]]
    fields: list[tuple[str, str, str, str]] = field(default_factory=list)

    @property
    def who(self) -> dict[str, str]:
        """The first paragraph of who it is."""
        return {language: text.split("\n")[0] for language, text in self.content["who"].items()}


BUDGET = ("budget", TYPE.NUMBER, "Presupuesto anual", "Yearly budget")
DECIDES = ("decides", TYPE.YES_NO, "¿Decide la compra?", "Decides the purchase?")

SOFTWARE = Template(
    slug="software-pyme",
    name={"es": "Pyme que busca software", "en": "Small firm looking for software"},
    content=persona_texts.SOFTWARE,
    criteria=[
        criterion(
            "company-size",
            CriterionKind.FIT,
            "La empresa tiene al menos 10 empleados",
            "The company has at least 10 employees",
            "company.employees",
            Operator.AT_LEAST,
            10,
            40,
        ),
        criterion(
            "not-too-large",
            CriterionKind.FIT,
            "La empresa tiene 500 empleados o menos",
            "The company has 500 employees or fewer",
            "company.employees",
            Operator.AT_MOST,
            500,
            20,
        ),
        criterion(
            "role",
            CriterionKind.FIT,
            "Dirige la empresa o un área",
            "Runs the company or an area",
            "person.job_title",
            Operator.CONTAINS_ANY,
            DIRECTION,
            40,
        ),
        criterion(
            "student-or-vendor",
            CriterionKind.DISQUALIFIER,
            "Es estudiante o vende lo mismo que nosotros",
            "Is a student or sells what we sell",
            "attributes.student_or_vendor",
            Operator.IS,
            True,
        ),
        criterion(
            "budget",
            CriterionKind.MEANS,
            "Tiene presupuesto para este año",
            "Has budget for this year",
            "attributes.budget",
            Operator.AT_LEAST,
            1,
        ),
        decides(
            "Decide la compra o firma el contrato", "Decides the purchase or signs the contract"
        ),
        told(
            "work-by-hand",
            CriterionKind.NEED,
            "Hoy hace a mano lo que resolvemos y puede decir cuánto le cuesta",
            "Does by hand today what we solve, and can say what it costs",
        ),
        told(
            "this-quarter",
            CriterionKind.TIMING,
            "Quiere empezar en los próximos tres meses",
            "Wants to begin within the next three months",
        ),
    ],
    fields=[
        BUDGET,
        DECIDES,
        ("student_or_vendor", TYPE.YES_NO, "¿Estudiante o proveedor?", "Student or vendor?"),
    ],
)

INDUSTRY = Template(
    slug="compras-industria",
    name={"es": "Compras de una empresa industrial", "en": "Purchasing at an industrial firm"},
    content=persona_texts.INDUSTRY,
    criteria=[
        criterion(
            "role",
            CriterionKind.FIT,
            "Trabaja en compras, operaciones, producción o dirección",
            "Works in purchasing, operations, production or management",
            "person.job_title",
            Operator.CONTAINS_ANY,
            [
                *DIRECTION,
                "compras",
                "abastecimiento",
                "operaciones",
                "producción",
                "mantenimiento",
                "logística",
                "planta",
                "purchasing",
                "procurement",
                "operations",
                "supply",
            ],
            60,
        ),
        criterion(
            "company-size",
            CriterionKind.FIT,
            "La empresa tiene al menos 20 empleados",
            "The company has at least 20 employees",
            "company.employees",
            Operator.AT_LEAST,
            20,
            40,
        ),
        criterion(
            "final-consumer",
            CriterionKind.DISQUALIFIER,
            "Compra para uso personal",
            "Buys for personal use",
            "attributes.personal_use",
            Operator.IS,
            True,
        ),
        criterion(
            "order-value",
            CriterionKind.MEANS,
            "Dijo cuánto compra al mes",
            "Said how much it buys a month",
            "attributes.monthly_purchase",
            Operator.AT_LEAST,
            1,
        ),
        decides("Autoriza la orden de compra", "Approves the purchase order"),
        told(
            "same-part",
            CriterionKind.NEED,
            "Usa la pieza o el insumo que vendemos, con ficha o número de parte",
            "Uses the part or supply that we sell, by data sheet or part number",
        ),
        told(
            "next-order",
            CriterionKind.TIMING,
            "Su próximo pedido es este trimestre",
            "The next order is due this quarter",
        ),
    ],
    fields=[
        ("monthly_purchase", TYPE.NUMBER, "Compra mensual", "Monthly purchase"),
        DECIDES,
        ("personal_use", TYPE.YES_NO, "¿Para uso personal?", "For personal use?"),
    ],
)

SERVICES = Template(
    slug="servicios-educacion",
    name={"es": "Cliente de servicios o educación", "en": "Client of services or education"},
    content=persona_texts.SERVICES,
    criteria=[
        criterion(
            "reachable",
            CriterionKind.FIT,
            "Dejó un teléfono",
            "Left a phone number",
            "person.phone",
            Operator.IS_SET,
            weight=20,
        ),
        criterion(
            "need",
            CriterionKind.FIT,
            "Dijo qué servicio o programa le interesa",
            "Said which service or course is wanted",
            "attributes.interest",
            Operator.IS_SET,
            weight=20,
        ),
        criterion(
            "wants-a-job",
            CriterionKind.DISQUALIFIER,
            "Busca empleo o prácticas",
            "Looks for a job here",
            "attributes.wants_job",
            Operator.IS,
            True,
        ),
        criterion(
            "can-pay",
            CriterionKind.MEANS,
            "Confirmó que puede pagarlo",
            "Confirmed that it is affordable",
            "attributes.can_pay",
            Operator.IS,
            True,
        ),
        decides(
            "Decide, o quien decide está en la conversación",
            "Decides, or whoever decides takes part",
        ),
        told(
            "reason-why",
            CriterionKind.NEED,
            "Puede decir para qué lo quiere y qué pasa si no lo hace",
            "Can say what it is wanted for, and what happens without it",
        ),
        told(
            "start-date",
            CriterionKind.TIMING,
            "Puede empezar en una de las próximas fechas",
            "Can begin on one of the next dates",
        ),
    ],
    fields=[
        ("interest", TYPE.TEXT, "Servicio o programa de interés", "Service or course wanted"),
        ("can_pay", TYPE.YES_NO, "¿Puede pagarlo?", "Can afford it?"),
        DECIDES,
        ("wants_job", TYPE.YES_NO, "¿Busca empleo?", "Looks for a job?"),
    ],
)

TEMPLATES = {"software": SOFTWARE, "industry": INDUSTRY, "services": SERVICES}

CRITERIA: list[dict[str, Any]] = [
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


NEED = told(
    "argues-about-leads",
    CriterionKind.NEED,
    "Hoy no puede decir qué pasó con los prospectos del mes pasado",
    "Cannot say today what became of last month's leads",
)
TIMING = told(
    "this-half-year",
    CriterionKind.TIMING,
    "Quiere decidir en los próximos seis meses",
    "Wants to decide within the next six months",
)
FORMER = timedelta(days=182)  # both teams look their personas over every six months


def persona(*, by: User | None, at: datetime) -> PersonaVersion:
    """A commercial leader, published: one version."""
    created = personas.create("commercial-leader", LEADER_NAME, by=by, at=at)
    return personas.publish_version(created, persona_texts.LEADER, CRITERIA, by=by, at=at)


LEADER_NAME = {"es": "Líder comercial", "en": "Commercial leader"}
OWNER_NAME = {"es": "Dueño de pyme", "en": "Small-business owner"}


def demo_leader(*, by: User | None, at: datetime) -> PersonaVersion:
    """The demo's first persona: as it was written at first, half a year before ``at``, and as it
    reads now.
    """
    before = [
        {
            **CRITERIA[0],
            "text": both(
                "La empresa tiene al menos 10 empleados", "The company has at least 10 employees"
            ),
            "operand": 10,
            "weight": 25,
        },
        {**CRITERIA[1], "operand": CRITERIA[1]["operand"][:6], "weight": 25},
        *CRITERIA[3:],
    ]
    created = personas.create("commercial-leader", LEADER_NAME, by=by, at=at - FORMER)
    personas.publish_version(created, persona_texts.LEADER_BEFORE, before, by=by, at=at - FORMER)
    return personas.publish_version(
        created, persona_texts.LEADER, [*CRITERIA, NEED, TIMING], by=by, at=at
    )


def demo_owner(*, by: User | None, at: datetime) -> PersonaVersion:
    """The second one: the same questions about means and authority, a smaller company, another
    role.
    """
    fit = [
        {
            **CRITERIA[0],
            "text": both(
                "La empresa tiene al menos 5 empleados", "The company has at least 5 employees"
            ),
            "operand": 5,
        },
        {
            **CRITERIA[1],
            "text": both("Fundó la empresa o la dirige", "Founded the company or runs it"),
            "operand": [
                "fundador",
                "fundadora",
                "founder",
                "ceo",
                "dueño",
                "dueña",
                "owner",
                "general",
            ],
        },
    ]
    before = [fit[0], {**fit[1], "operand": fit[1]["operand"][:4]}, CRITERIA[3]]
    created = personas.create("small-business-owner", OWNER_NAME, by=by, at=at - FORMER)
    personas.publish_version(created, persona_texts.OWNER_BEFORE, before, by=by, at=at - FORMER)
    return personas.publish_version(
        created, persona_texts.OWNER, [*fit, *CRITERIA[2:], TIMING], by=by, at=at
    )


def adopt(template: Template, *, by: User | None, at: datetime) -> PersonaVersion:
    """Publish the persona of ``template`` with the fields it asks for; the one in use where it was
    adopted before.
    """
    known = PersonaVersion.objects.filter(
        persona__slug=template.slug, state=VersionState.PUBLISHED
    ).first()
    if known is not None:
        personas.restore(known.persona, by=by, at=at)
        return known
    custom_fields(template.fields)
    created = Persona.objects.filter(slug=template.slug).first()
    created = created or personas.create(template.slug, template.name, by=by, at=at)
    return personas.publish_version(created, template.content, template.criteria, by=by, at=at)


@transaction.atomic
def begin(
    template: Template | None, name: dict[str, str], *, by: User, at: datetime
) -> PersonaVersion:
    """A new persona as a draft: what ``template`` says, with the fields that it asks for, or a
    blank page.
    """
    if template is None:
        return personas.begin(name, by=by, at=at)
    custom_fields(template.fields)
    return personas.begin(name or template.name, template.content, template.criteria, by=by, at=at)
