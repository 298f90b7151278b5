"""The catalogues of a new organisation."""

from __future__ import annotations

from collections.abc import Iterable

from crm.setup.starter.bilingual import both
from leads.models import CustomField, OutcomeReason, Source, ValuableActionKind
from leads.states import OutcomeKind
from sla.models import PauseReason, RejectionReason
from sla.states import RejectionClass

SOURCES = [
    ("organic_search", "Búsqueda orgánica", "Organic search"),
    ("paid_search", "Búsqueda pagada", "Paid search"),
    ("social", "Redes sociales", "Social media"),
    ("email", "Correo", "E-mail"),
    ("referral", "Referido", "Referral"),
    ("event", "Evento", "Event"),
    ("direct", "Directo", "Direct"),
]
ACTIONS = [  # the last value: points of the engagement score
    ("asked_for_demo", "Pidió una demo", "Asked for a demo", 40),
    ("asked_for_information", "Pidió información", "Asked for information", 30),
    ("sent_form", "Envió un formulario", "Sent a form", 20),
    ("left_contact_data", "Dejó sus datos", "Left contact data", 15),
    ("attended_webinar", "Asistió a un webinar", "Attended a webinar", 20),
]
REJECTIONS = [
    (
        "already_customer",
        RejectionClass.PROCEDURAL,
        "Ya es cliente",
        "Is a customer already",
        False,
    ),
    (
        "bad_contact_data",
        RejectionClass.CLERICAL,
        "Datos de contacto equivocados",
        "Contact data are wrong",
        True,
    ),
    (
        "missing_data",
        RejectionClass.CLERICAL,
        "Faltan datos acordados",
        "Agreed data are missing",
        True,
    ),
    (
        "not_the_persona",
        RejectionClass.DEFINITIONAL,
        "No es la buyer persona",
        "Is not the buyer persona",
        False,
    ),
    (
        "no_interest",
        RejectionClass.DEFINITIONAL,
        "Sin acción de valor real",
        "No real valuable action",
        True,
    ),
]
DAY = 24 * 60  # minutes
# The last value: the longest pause in minutes of calendar time, nights and weekends included.
PAUSES = [
    (
        "call_back",
        "Pidió que se le llame en una fecha",
        "Asked to be called back on a date",
        14 * DAY,
    ),
    ("away", "Está de viaje o de vacaciones", "Is away", 21 * DAY),
    ("document", "Esperamos un documento suyo", "We wait for a document of theirs", 7 * DAY),
]
OUTCOMES = [
    ("no_budget", OutcomeKind.DISQUALIFIED, "Sin presupuesto", "No budget"),
    ("no_authority", OutcomeKind.DISQUALIFIED, "Sin poder de decisión", "No authority to decide"),
    (
        "no_contact",
        OutcomeKind.DISQUALIFIED,
        "Pidió no ser contactado",
        "Asked not to be contacted",
    ),
    ("no_need", OutcomeKind.DISQUALIFIED, "Sin necesidad", "No need"),
    ("chose_competitor", OutcomeKind.LOST, "Eligió a un competidor", "Chose a competitor"),
    ("price", OutcomeKind.LOST, "Precio", "Price"),
    ("no_decision", OutcomeKind.LOST, "No decidió", "Made no decision"),
    (
        "not_a_customer",
        OutcomeKind.CLOSED,
        "No es cliente para nosotros",
        "Is no customer for us",
    ),
    (
        "data_not_found",
        OutcomeKind.CLOSED,
        "No se consiguieron los datos",
        "The data could not be had",
    ),
    ("interest_gone", OutcomeKind.CLOSED, "Ya no le interesa", "Is no longer interested"),
    ("closed_other", OutcomeKind.CLOSED, "Otro motivo", "Another reason"),
    ("not_now", OutcomeKind.RECYCLED, "Ahora no, más adelante", "Not now, later"),
    ("no_answer", OutcomeKind.RECYCLED, "No responde", "Does not answer"),
    ("no_budget_yet", OutcomeKind.RECYCLED, "Aún no tiene presupuesto", "Has no budget yet"),
    ("recycled_other", OutcomeKind.RECYCLED, "Otro motivo", "Another reason"),
]
CUSTOM_FIELDS = [
    ("budget", CustomField.Type.NUMBER, "Presupuesto anual", "Yearly budget"),
    ("decides", CustomField.Type.YES_NO, "¿Decide la compra?", "Decides the purchase?"),
    (
        "student_or_vendor",
        CustomField.Type.YES_NO,
        "¿Estudiante o proveedor?",
        "Student or vendor?",
    ),
]


def create_catalogues() -> None:
    """Create sources, valuable actions, reasons and custom fields. Existing rows do not change."""
    for position, (code, es, en) in enumerate(SOURCES):
        defaults = {"name": both(es, en), "position": position}
        Source.objects.get_or_create(code=code, defaults=defaults)
    for position, (code, es, en, points) in enumerate(ACTIONS):
        defaults = {"name": both(es, en), "position": position, "points": points}
        ValuableActionKind.objects.get_or_create(code=code, defaults=defaults)
    for position, (code, rejection_class, es, en, needs_comment) in enumerate(REJECTIONS):
        defaults = {
            "kind": rejection_class,
            "name": both(es, en),
            "needs_comment": needs_comment,
            "position": position,
        }
        RejectionReason.objects.get_or_create(code=code, defaults=defaults)
    for position, (code, outcome, es, en) in enumerate(OUTCOMES):
        defaults = {"kind": outcome, "name": both(es, en), "position": position}
        OutcomeReason.objects.get_or_create(code=code, defaults=defaults)
    for position, (code, es, en, longest_minutes) in enumerate(PAUSES):
        defaults = {
            "name": both(es, en),
            "longest_minutes": longest_minutes,
            "position": position,
        }
        PauseReason.objects.get_or_create(code=code, defaults=defaults)
    create_custom_fields(CUSTOM_FIELDS)


def create_custom_fields(fields: Iterable[tuple[str, str, str, str]]) -> None:
    """Create custom fields from (code, type, Spanish, English). Existing ones do not change."""
    for position, (code, field_type, es, en) in enumerate(fields):
        defaults = {"type": field_type, "name": both(es, en), "position": position}
        CustomField.objects.get_or_create(code=code, defaults=defaults)
