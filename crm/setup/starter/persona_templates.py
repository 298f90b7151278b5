"""Three example personas, and how an organisation starts from one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from crm.accounts.models import User
from crm.setup.starter import template_texts
from crm.setup.starter.catalogues import create_custom_fields
from crm.setup.starter.criteria import (
    MANAGEMENT_TITLES,
    authority_criterion,
    confirmed_criterion,
    criterion,
)
from leads.models import CustomField
from personas import personas
from personas.models import Persona, PersonaVersion
from personas.states import CriterionKind, Operator, VersionState


@dataclass(frozen=True)
class PersonaTemplate:
    """A persona as data. ``fields`` are the custom fields that its criteria read."""

    slug: str
    name: dict[str, str]
    content: dict[str, Any]
    criteria: list[dict[str, Any]]
    fields: list[tuple[str, str, str, str]] = field(default_factory=list)

    @property
    def who(self) -> dict[str, str]:
        """Return the first paragraph of the description, by language."""
        return {language: text.split("\n")[0] for language, text in self.content["who"].items()}


BUDGET = ("budget", CustomField.Type.NUMBER, "Presupuesto anual", "Yearly budget")
DECIDES = ("decides", CustomField.Type.YES_NO, "¿Decide la compra?", "Decides the purchase?")

SOFTWARE = PersonaTemplate(
    slug="software-pyme",
    name={"es": "Pyme que busca software", "en": "Small firm looking for software"},
    content=template_texts.SOFTWARE,
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
            MANAGEMENT_TITLES,
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
        authority_criterion(
            "Decide la compra o firma el contrato", "Decides the purchase or signs the contract"
        ),
        confirmed_criterion(
            "work-by-hand",
            CriterionKind.NEED,
            "Hoy hace a mano lo que resolvemos y puede decir cuánto le cuesta",
            "Does by hand today what we solve, and can say what it costs",
        ),
        confirmed_criterion(
            "this-quarter",
            CriterionKind.TIMING,
            "Quiere empezar en los próximos tres meses",
            "Wants to begin within the next three months",
        ),
    ],
    fields=[
        BUDGET,
        DECIDES,
        (
            "student_or_vendor",
            CustomField.Type.YES_NO,
            "¿Estudiante o proveedor?",
            "Student or vendor?",
        ),
    ],
)
INDUSTRY = PersonaTemplate(
    slug="compras-industria",
    name={"es": "Compras de una empresa industrial", "en": "Purchasing at an industrial firm"},
    content=template_texts.INDUSTRY,
    criteria=[
        criterion(
            "role",
            CriterionKind.FIT,
            "Trabaja en compras, operaciones, producción o dirección",
            "Works in purchasing, operations, production or management",
            "person.job_title",
            Operator.CONTAINS_ANY,
            [
                *MANAGEMENT_TITLES,
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
        authority_criterion("Autoriza la orden de compra", "Approves the purchase order"),
        confirmed_criterion(
            "same-part",
            CriterionKind.NEED,
            "Usa la pieza o el insumo que vendemos, con ficha o número de parte",
            "Uses the part or supply that we sell, by data sheet or part number",
        ),
        confirmed_criterion(
            "next-order",
            CriterionKind.TIMING,
            "Su próximo pedido es este trimestre",
            "The next order is due this quarter",
        ),
    ],
    fields=[
        ("monthly_purchase", CustomField.Type.NUMBER, "Compra mensual", "Monthly purchase"),
        DECIDES,
        ("personal_use", CustomField.Type.YES_NO, "¿Para uso personal?", "For personal use?"),
    ],
)
SERVICES = PersonaTemplate(
    slug="servicios-educacion",
    name={"es": "Cliente de servicios o educación", "en": "Client of services or education"},
    content=template_texts.SERVICES,
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
        authority_criterion(
            "Decide, o quien decide está en la conversación",
            "Decides, or whoever decides takes part",
        ),
        confirmed_criterion(
            "reason-why",
            CriterionKind.NEED,
            "Puede decir para qué lo quiere y qué pasa si no lo hace",
            "Can say what it is wanted for, and what happens without it",
        ),
        confirmed_criterion(
            "start-date",
            CriterionKind.TIMING,
            "Puede empezar en una de las próximas fechas",
            "Can begin on one of the next dates",
        ),
    ],
    fields=[
        (
            "interest",
            CustomField.Type.TEXT,
            "Servicio o programa de interés",
            "Service or course wanted",
        ),
        ("can_pay", CustomField.Type.YES_NO, "¿Puede pagarlo?", "Can afford it?"),
        DECIDES,
        ("wants_job", CustomField.Type.YES_NO, "¿Busca empleo?", "Looks for a job?"),
    ],
)

TEMPLATES = {"software": SOFTWARE, "industry": INDUSTRY, "services": SERVICES}


def publish_template(template: PersonaTemplate, *, by: User | None, at: datetime) -> PersonaVersion:
    """Publish the persona of ``template`` and create the custom fields that it reads.

    A persona that was published from this template before is restored and keeps its version.
    """
    published = PersonaVersion.objects.filter(
        persona__slug=template.slug, state=VersionState.PUBLISHED
    ).first()
    if published is not None:
        personas.restore(published.persona, by=by, at=at)
        return published
    create_custom_fields(template.fields)
    persona = Persona.objects.filter(slug=template.slug).first()
    if persona is None:
        persona = personas.create(template.slug, template.name, by=by, at=at)
    return personas.publish_version(persona, template.content, template.criteria, by=by, at=at)


@transaction.atomic
def create_draft(
    template: PersonaTemplate | None, name: dict[str, str], *, by: User, at: datetime
) -> PersonaVersion:
    """Create a persona with a draft of the text of ``template``; without template it is blank."""
    if template is None:
        return personas.create_with_draft(name, by=by, at=at)
    create_custom_fields(template.fields)
    return personas.create_with_draft(
        name or template.name, template.content, template.criteria, by=by, at=at
    )
