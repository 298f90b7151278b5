"""The catalogues of a new organisation: sources, valuable actions, reasons of every kind, custom
fields.
"""

from __future__ import annotations

from collections.abc import Iterable

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
ACTIONS = [  # with their points of engagement
    ("asked_for_demo", "Pidió una demo", "Asked for a demo", 40),
    ("asked_for_information", "Pidió información", "Asked for information", 30),
    ("sent_form", "Envió un formulario", "Sent a form", 20),
    ("left_contact_data", "Dejó sus datos", "Left contact data", 15),
    ("attended_webinar", "Asistió a un webinar", "Attended a webinar", 20),
]
REJECTIONS = [
    (
        "wrong_team",
        RejectionClass.PROCEDURAL,
        "Es de otro equipo o región",
        "Belongs to another team or region",
        False,
    ),
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
DAY = 24 * 60
# For how long at most, in minutes of the wall's calendar, nights and weekends included.
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
ENDINGS = [
    ("no_budget", OutcomeKind.DISQUALIFIED, "Sin presupuesto", "No budget"),
    ("no_authority", OutcomeKind.DISQUALIFIED, "Sin poder de decisión", "No authority to decide"),
    ("no_need", OutcomeKind.DISQUALIFIED, "Sin necesidad", "No need"),
    ("chose_competitor", OutcomeKind.LOST, "Eligió a un competidor", "Chose a competitor"),
    ("price", OutcomeKind.LOST, "Precio", "Price"),
    ("no_decision", OutcomeKind.LOST, "No decidió", "Made no decision"),
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


def catalogues() -> None:
    """Sources, valuable actions, reasons and custom fields.

    Rows that exist already stay as they are.
    """
    for position, (code, es, en) in enumerate(SOURCES):
        Source.objects.get_or_create(
            code=code, defaults={"name": {"es": es, "en": en}, "position": position}
        )
    for position, (code, es, en, points) in enumerate(ACTIONS):
        words = {"name": {"es": es, "en": en}, "position": position, "points": points}
        ValuableActionKind.objects.get_or_create(code=code, defaults=words)
    for position, (code, kind, es, en, comment) in enumerate(REJECTIONS):
        words = {
            "kind": kind,
            "name": {"es": es, "en": en},
            "needs_comment": comment,
            "position": position,
        }
        RejectionReason.objects.get_or_create(code=code, defaults=words)
    for position, (code, ending, es, en) in enumerate(ENDINGS):
        words = {"kind": ending, "name": {"es": es, "en": en}, "position": position}
        OutcomeReason.objects.get_or_create(code=code, defaults=words)
    for position, (code, es, en, longest) in enumerate(PAUSES):
        words = {"name": {"es": es, "en": en}, "longest_minutes": longest, "position": position}
        PauseReason.objects.get_or_create(code=code, defaults=words)
    custom_fields(CUSTOM_FIELDS)


def custom_fields(wanted: Iterable[tuple[str, str, str, str]]) -> None:
    """Fields that criteria ask for: (code, type, Spanish, English). Known ones stay as they are."""
    for position, (code, type_, es, en) in enumerate(wanted):
        words = {"type": type_, "name": {"es": es, "en": en}, "position": position}
        CustomField.objects.get_or_create(code=code, defaults=words)
