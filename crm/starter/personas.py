"""Buyer personas to begin with: three for kinds of firms, and the demo's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm.accounts.models import User
from crm.starter.catalogues import custom_fields
from leads.models import CustomField
from personas import catalogue
from personas.models import Persona, PersonaVersion
from personas.states import CriterionKind, Operator, VersionState

TYPE = CustomField.Type
DIRECTION = [
    "director", "directora", "gerente", "dueño", "dueña", "propietario", "propietaria", "socio", "socia", "ceo",
    "fundador", "fundadora", "manager", "head", "owner", "founder", "partner", "vp",
]  # fmt: skip


def criterion(
    code: str, kind: str, es: str, en: str, field_: str, operator: str, operand: Any = None
) -> dict[str, Any]:
    """Fields of Criterion, as personas.catalogue takes them."""
    text = {"es": es, "en": en}
    return {"code": code, "kind": kind, "text": text, "field": field_, "operator": operator, "operand": operand}


def decides(es: str, en: str) -> dict[str, Any]:
    return criterion("decides", CriterionKind.AUTHORITY, es, en, "attributes.decides", Operator.IS, True)


@dataclass(frozen=True)
class Template:
    """A persona as data; ``fields``: the custom fields that its criteria ask for."""

    slug: str
    name: dict[str, str]
    who: dict[str, str]
    goals: list[dict[str, str]]
    pains: list[dict[str, str]]
    criteria: list[dict[str, Any]]
    fields: list[tuple[str, str, str, str]] = field(default_factory=list)

    @property
    def content(self) -> dict[str, Any]:
        return {"who": self.who, "goals": self.goals, "pains": self.pains}


BUDGET = ("budget", TYPE.NUMBER, "Presupuesto anual", "Yearly budget")
DECIDES = ("decides", TYPE.YES_NO, "¿Decide la compra?", "Decides the purchase?")

SOFTWARE = Template(
    slug="software-pyme",
    name={"es": "Pyme que busca software", "en": "Small firm looking for software"},
    who={
        "es": "Dirige una pyme, o una de sus áreas, y quiere dejar las hojas de cálculo.",
        "en": "Runs a small firm, or one of its areas, and wants to leave spreadsheets behind.",
    },
    goals=[{"es": "Trabajar con menos pasos a mano y ver sus números al día", "en": "Less manual work, fresh numbers"}],
    pains=[{"es": "Ya probó herramientas que su equipo no usó", "en": "Has tried tools that the team never used"}],
    criteria=[
        criterion("company-size", CriterionKind.FIT, "La empresa tiene al menos 10 empleados",
                  "The company has at least 10 employees", "company.employees", Operator.AT_LEAST, 10),
        criterion("not-too-large", CriterionKind.FIT, "La empresa tiene 500 empleados o menos",
                  "The company has 500 employees or fewer", "company.employees", Operator.AT_MOST, 500),
        criterion("role", CriterionKind.FIT, "Dirige la empresa o un área", "Runs the company or an area",
                  "person.job_title", Operator.CONTAINS_ANY, DIRECTION),
        criterion("student-or-vendor", CriterionKind.DISQUALIFIER, "Es estudiante o vende lo mismo que nosotros",
                  "Is a student or sells what we sell", "attributes.student_or_vendor", Operator.IS, True),
        criterion("budget", CriterionKind.MEANS, "Tiene presupuesto para este año", "Has budget for this year",
                  "attributes.budget", Operator.AT_LEAST, 1),
        decides("Decide la compra o firma el contrato", "Decides the purchase or signs the contract"),
    ],
    fields=[BUDGET, DECIDES, ("student_or_vendor", TYPE.YES_NO, "¿Estudiante o proveedor?", "Student or vendor?")],
)  # fmt: skip

INDUSTRY = Template(
    slug="compras-industria",
    name={"es": "Compras de una empresa industrial", "en": "Purchasing at an industrial firm"},
    who={
        "es": "Compra insumos o equipo para una planta, un taller o un distribuidor, y repite pedidos.",
        "en": "Buys supplies or equipment for a plant, a workshop or a distributor, and orders again.",
    },
    goals=[{"es": "Entregas a tiempo y precio estable", "en": "Deliveries on time at a steady price"}],
    pains=[{"es": "Un paro de línea cuesta más que el insumo", "en": "A stopped line costs more than the part"}],
    criteria=[
        criterion("role", CriterionKind.FIT, "Trabaja en compras, operaciones, producción o dirección",
                  "Works in purchasing, operations, production or management", "person.job_title",
                  Operator.CONTAINS_ANY, [*DIRECTION, "compras", "abastecimiento", "operaciones", "producción",
                  "mantenimiento", "logística", "planta", "purchasing", "procurement", "operations", "supply"]),
        criterion("company-size", CriterionKind.FIT, "La empresa tiene al menos 20 empleados",
                  "The company has at least 20 employees", "company.employees", Operator.AT_LEAST, 20),
        criterion("final-consumer", CriterionKind.DISQUALIFIER, "Compra para uso personal", "Buys for personal use",
                  "attributes.personal_use", Operator.IS, True),
        criterion("order-value", CriterionKind.MEANS, "Dijo cuánto compra al mes", "Said how much it buys a month",
                  "attributes.monthly_purchase", Operator.AT_LEAST, 1),
        decides("Autoriza la orden de compra", "Approves the purchase order"),
    ],
    fields=[
        ("monthly_purchase", TYPE.NUMBER, "Compra mensual", "Monthly purchase"),
        DECIDES,
        ("personal_use", TYPE.YES_NO, "¿Para uso personal?", "For personal use?"),
    ],
)  # fmt: skip

SERVICES = Template(
    slug="servicios-educacion",
    name={"es": "Cliente de servicios o educación", "en": "Client of services or education"},
    who={
        "es": "Busca un servicio profesional o un programa de formación para sí o para su equipo, con fecha de inicio.",
        "en": "Looks for a professional service or a course for themselves or a team, with a date to begin.",
    },
    goals=[{"es": "Un resultado visible en pocos meses", "en": "A result that shows within months"}],
    pains=[{"es": "No sabe comparar propuestas parecidas", "en": "Cannot tell similar offers apart"}],
    criteria=[
        criterion("reachable", CriterionKind.FIT, "Dejó un teléfono", "Left a phone number", "person.phone",
                  Operator.IS_SET),
        criterion("need", CriterionKind.FIT, "Dijo qué servicio o programa le interesa",
                  "Said which service or course is wanted", "attributes.interest", Operator.IS_SET),
        criterion("wants-a-job", CriterionKind.DISQUALIFIER, "Busca empleo o prácticas", "Looks for a job here",
                  "attributes.wants_job", Operator.IS, True),
        criterion("can-pay", CriterionKind.MEANS, "Confirmó que puede pagarlo", "Confirmed that it is affordable",
                  "attributes.can_pay", Operator.IS, True),
        decides("Decide, o quien decide está en la conversación", "Decides, or whoever decides takes part"),
    ],
    fields=[
        ("interest", TYPE.TEXT, "Servicio o programa de interés", "Service or course wanted"),
        ("can_pay", TYPE.YES_NO, "¿Puede pagarlo?", "Can afford it?"),
        DECIDES,
        ("wants_job", TYPE.YES_NO, "¿Busca empleo?", "Looks for a job?"),
    ],
)  # fmt: skip

TEMPLATES = {"software": SOFTWARE, "industry": INDUSTRY, "services": SERVICES}

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


def persona(*, by: User | None, at: datetime) -> PersonaVersion:
    """The demo's persona, published."""
    name = {"es": "Líder comercial", "en": "Commercial leader"}
    created = catalogue.create("commercial-leader", name, by=by, at=at)
    return catalogue.publish_version(created, PERSONA, CRITERIA, by=by, at=at)


def adopt(template: Template, *, by: User | None, at: datetime) -> PersonaVersion:
    """Publish the persona of ``template`` with the fields it asks for; the one in use where it was adopted before."""
    known = PersonaVersion.objects.filter(persona__slug=template.slug, state=VersionState.PUBLISHED).first()
    if known is not None:
        return known
    custom_fields(template.fields)
    created = Persona.objects.filter(slug=template.slug).first()
    created = created or catalogue.create(template.slug, template.name, by=by, at=at)
    return catalogue.publish_version(created, template.content, template.criteria, by=by, at=at)
