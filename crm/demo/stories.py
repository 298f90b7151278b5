"""Leads with a name: the ones that people of the demo meet today, and a few of the past that show one thing each.

Made through the product's own functions; all but those that wait for opening lie in the queue that never closes, so
that their story is the same at any hour of any day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from crm.accounts.models import Team, User
from crm.accounts.sign_in import demo
from crm.demo.book import Book
from crm.demo.cast import ZONE, Cast
from leads import handoffs
from leads.handoffs import attempts, outcomes, pauses
from leads.models import Handoff, Lead, OutcomeReason, Source, ValuableActionKind
from leads.records import leads
from leads.states import ContactChannel
from sla.models import PauseReason, RejectionReason

# name | job title | company | employees | country | source | valuable action
TABLE = """
Mariana Peña | Directora de Ventas | Grupo Andino S.A. | 180 | CO | paid_search | asked_for_demo
Joaquín Ibáñez | Gerente Comercial | Tecnología Austral SpA | 64 | CL | event | attended_webinar
Lucía Fernández | Gerente de Marketing | Distribuidora Río Bravo | 320 | MX | organic_search | sent_form
Carlos Medina | Director Comercial | Café del Valle S.A.S. | 45 | CO | referral | asked_for_demo
Ana Sofía Rojas | Directora General | Clínica San Rafael | 210 | PE | organic_search | asked_for_information
Bruno Cardoso | Gerente de Ventas | Logística Paulista Ltda | 500 | BR | event | left_contact_data
Valentina Quispe | Head of Growth | Mercado Ya | 38 | BO | social | asked_for_demo
Diego Luna | CEO | Estudio Luna | 24 | MX | direct | sent_form
Camila Torres | Gerente Comercial | Textiles del Sur S.A. de C.V. | 150 | MX | email | asked_for_information
Renata Villalobos | Directora de Marketing | Universidad del Lago | 900 | MX | organic_search | sent_form
Héctor Zamora | Director de Ventas | Ferretería Central | 75 | GT | paid_search | asked_for_demo
Paula Ríos | Gerente General | Viajes Altiplano | 30 | BO | social | left_contact_data
Sebastián Prieto | Sales Manager | Bodegas Cuyo | 88 | AR | event | attended_webinar
Daniela Mora | Gerente de Ventas | Farmacias Vida | 410 | CR | paid_search | asked_for_demo
Ignacio Bravo | Director Comercial | Constructora Maipo SpA | 260 | CL | referral | asked_for_demo
Gabriela Núñez | Gerente Comercial | Seguros Pampa | 130 | AR | organic_search | asked_for_information
Óscar Treviño | CEO | Norte Digital | 22 | MX | direct | sent_form
Fernanda Lima | Directora de Ventas | Moda Ipanema Ltda | 95 | BR | social | asked_for_demo
Julián Cárdenas | Gerente de Marketing | Caja Popular Sierra | 340 | MX | email | sent_form
Teresa Aguirre | Directora General | Lácteos Quiteños | 120 | EC | referral | asked_for_information
Marco Beltrán | Director Comercial | Empaques Bajío | 70 | MX | paid_search | asked_for_demo
Ximena Castro | Gerente de Ventas | Hotel Mirador | 55 | PE | organic_search | left_contact_data
Rodrigo Salvatierra | Director Comercial | Transportes Ocotal | 240 | GT | event | asked_for_demo
Elena Ferreyra | Directora de Ventas | Viñedos Tulum | 85 | AR | organic_search | asked_for_demo
Martín Iriarte | Gerente Comercial | Puertos del Plata | 310 | UY | referral | asked_for_information
Noemí Sandoval | Gerente de Ventas | Cerámica Jalisco | 66 | MX | paid_search | sent_form
"""
STORIES = [tuple(cell.strip() for cell in row.split("|")) for row in TABLE.strip().splitlines()]


def facts(story: int, **attributes: Any) -> dict[str, Any]:
    """What is known of the lead of ``story``, as capture() takes it."""
    name, title, company, employees, country, _source, _action = STORIES[story]
    mailbox = name.lower().split()[0].translate(str.maketrans("áéíóúñ", "aeioun"))
    return {
        "person": {
            "name": name,
            "email": f"{mailbox}{story}@{demo.DOMAIN}",
            "phone": f"+52 55 4000 {1000 + story}",
            "job_title": title,
            "country": country,
        },
        "company": {"name": company, "employees": int(employees), "country": country},
        "attributes": attributes,
    }


def _lead(cast: Cast, story: int, *, at: datetime, **attributes: Any) -> Lead:
    return leads.capture(
        facts(story, **attributes),
        by=cast.ana,
        at=at,
        team=cast.marketing,
        source=Source.objects.get(code=STORIES[story][5]),
        first_action=ValuableActionKind.objects.get(code=STORIES[story][6]),
    )


def _handed_off(cast: Cast, story: int, team: Team, *, at: datetime, note: str = "", **attributes: Any) -> Handoff:
    lead = _lead(cast, story, at=at - timedelta(minutes=40), **attributes)
    return handoffs.hand_off(lead, team=team, persona_version=cast.leader, by=cast.ana, at=at, note=note)


def _sql(handoff: Handoff, rep: User, *, at: datetime) -> None:
    """Accepted, contacted and qualified with evidence, over two days from ``at``."""
    handoffs.accept(handoff, by=rep, at=at)
    contact = at + timedelta(hours=2)
    attempts.record(handoff, ContactChannel.PHONE, reached=True, by=rep, at=contact)
    for code, value in (("budget", "80,000 MXN"), ("decides", "Firma el contrato")):
        said_at = contact + timedelta(hours=1)
        leads.add_evidence(handoff.lead, code, "met", value=value, source="Llamada", by=rep, at=said_at)
    outcomes.qualify_sql(handoff, by=rep, at=contact + timedelta(hours=20))


def tell_past(cast: Cast, *, at: datetime) -> None:
    """Wins, a loss, rejections and a disqualification of the last weeks, each begun in the morning."""

    def morning(days: int) -> datetime:
        local = at.astimezone(ZoneInfo(ZONE)) - timedelta(days=days)
        return local.replace(hour=10, minute=15)

    for story, days, amount in ((10, 52, "185000"), (13, 40, "240000"), (14, 33, "96000"), (17, 21, "150000")):
        begun = morning(days)
        handoff = _handed_off(cast, story, cast.online, at=begun)
        rep = cast.bea if story % 2 else cast.cruz
        _sql(handoff, rep, at=begun + timedelta(minutes=18 + story))
        outcomes.win(handoff, Decimal(amount), by=rep, at=begun + timedelta(days=9 + story % 5))
    begun = morning(30)
    lost = _handed_off(cast, 15, cast.online, at=begun)
    _sql(lost, cast.bea, at=begun + timedelta(minutes=65))
    price = OutcomeReason.objects.get(code="price")
    outcomes.lose(lost, price, by=cast.bea, at=begun + timedelta(days=11), comment="El competidor bajó 20 %.")
    _returns(cast, morning)
    begun = morning(12)
    handoff = _handed_off(cast, 19, cast.online, at=begun)
    handoffs.accept(handoff, by=cast.bea, at=begun + timedelta(minutes=110))
    attempts.record(handoff, ContactChannel.WHATSAPP, reached=True, by=cast.bea, at=begun + timedelta(hours=4))
    no_budget = OutcomeReason.objects.get(code="no_budget")
    outcomes.disqualify(handoff, no_budget, by=cast.bea, at=begun + timedelta(hours=29), comment="Hasta 2028.")


def _returns(cast: Cast, morning: Callable[[int], datetime]) -> None:
    """Back on marketing's desk. The last one begs for a dispute: the lead contradicts what the comment says."""
    for story, days, code, comment in (
        (16, 26, "not_the_persona", ""),
        (18, 15, "bad_contact_data", "El teléfono no existe."),
        (22, 2, "not_the_persona", "Apenas 12 empleados: no llega a los 20 de la buyer persona. Ni le llamé."),
    ):
        handoff = _handed_off(cast, story, cast.online, at=morning(days))
        reason = RejectionReason.objects.get(code=code)
        decided_at = morning(days) + timedelta(minutes=50)
        handoffs.reject(handoff, reason, by=cast.cruz, at=decided_at, comment=comment)


def _pause(cast: Cast, handoff: Handoff, *, at: datetime) -> None:
    """She sent a document sooner than she had said, and now she wants to be called back tomorrow."""
    document, call_back = (PauseReason.objects.get(code=code) for code in ("document", "call_back"))
    asked = at - timedelta(hours=22)
    pauses.pause(handoff, document, until=asked + timedelta(hours=24), by=cast.bea, at=asked, note="Espera el RFC.")
    pauses.resume(handoff, by=cast.bea, at=asked + timedelta(hours=6))
    until, note = at + timedelta(hours=20), "Hoy está en consejo; mañana a primera hora."
    pauses.pause(handoff, call_back, until=until, by=cast.bea, at=at - timedelta(hours=3), note=note)


def tell_requeued(book: Book, *, at: datetime) -> None:
    """Cruz took this one this morning and never called: the ladder has just put it back into the queue."""
    story = STORIES[25]
    begun = at - timedelta(minutes=4 * 60 + 4 * 60 + 25)  # window of the first contact, then the ladder's last step
    lead = book.capture(facts(25), by=book.cast.ana, at=begun - timedelta(minutes=70), source=story[5], action=story[6])
    handoff = book.hand_off(
        lead, book.cast.online, book.cast.leader, by=book.cast.ana, at=begun - timedelta(minutes=30)
    )
    book.accept(handoff, by=book.cast.cruz, at=begun)


def tell_today(cast: Cast, *, at: datetime) -> None:
    """What is on the desks now: one overdue, two due soon, some with time, some that wait for opening.

    Office and evening shift are never open together, so at least one of the two pairs waits.
    """
    for story, minutes in ((0, 135), (1, 112), (2, 98), (3, 35), (4, 10)):
        _handed_off(cast, story, cast.online, at=at - timedelta(minutes=minutes))
    _handed_off(cast, 20, cast.online, at=at - timedelta(minutes=20), budget=60000, decides=True)
    for story, team in ((5, cast.mexico), (6, cast.mexico), (23, cast.evening), (24, cast.evening)):
        _handed_off(cast, story, team, at=at - timedelta(minutes=4 + story % 5))
    accepted = _handed_off(cast, 7, cast.online, at=at - timedelta(minutes=90))
    handoffs.accept(accepted, by=cast.bea, at=at - timedelta(minutes=70))
    contacted = _handed_off(cast, 8, cast.online, at=at - timedelta(hours=26))
    handoffs.accept(contacted, by=cast.bea, at=at - timedelta(hours=25))
    attempts.record(contacted, ContactChannel.PHONE, reached=True, by=cast.bea, at=at - timedelta(hours=23))
    _pause(cast, contacted, at=at)
    open_sql = _handed_off(cast, 9, cast.online, at=at - timedelta(days=3))
    _sql(open_sql, cast.bea, at=at - timedelta(days=3) + timedelta(minutes=25))
    _lead(cast, 11, at=at - timedelta(hours=3))
    _lead(cast, 12, at=at - timedelta(hours=1))
    _lead(cast, 21, at=at - timedelta(minutes=15))
