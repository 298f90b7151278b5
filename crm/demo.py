"""Demo data: a small company on one of its days, made through the product's own functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from crm import starter
from crm.accounts import demo, people
from crm.accounts.models import Organisation, Team, User
from crm.audit.entries import record
from crm.notifications import outbox
from crm.setup import fresh
from leads import attempts, handoffs, leads, outcomes
from leads.models import Handoff, Lead, OutcomeReason, Source, ValuableActionKind
from leads.states import ContactChannel
from personas.models import PersonaVersion
from sla import agreements, calendars
from sla.models import Agreement, RejectionReason

ZONE = "America/Mexico_City"
WEEK = [(day, 9 * 60, 18 * 60) for day in range(5)]
ALWAYS = [(day, 0, 24 * 60) for day in range(7)]


class NotADemo(Exception):
    """Demo data never go beside real data, nor into an installation that is not in demo mode."""


@dataclass
class Cast:
    """Who plays, and where."""

    ana: User
    luis: User
    bea: User
    cruz: User
    dora: User
    elsa: User
    marketing: Team
    mexico: Team
    online: Team
    persona: PersonaVersion


@transaction.atomic
def seed(*, at: datetime) -> bool:
    """Make the demo around ``at``; False where it is, or was and had to go. Raises NotADemo beside real data."""
    if not settings.DEMO:
        raise NotADemo("demo data are made in RELEVO_MODE=demo only")
    existing = Organisation.objects.first()
    if existing is not None:
        if existing.is_demo:
            return False
        raise NotADemo("this database holds a real organisation")
    if fresh.has_happened():
        return False
    Organisation.objects.create(
        name="Nube Clara", currency="MXN", language="es", time_zone=ZONE, country="MX", is_demo=True
    )
    record("demo_seeded", "organisation", by=None, at=at)
    starter.catalogues()
    start = at - timedelta(days=100)
    cast = _cast(at=start)
    _agreement(cast, at=start)
    _past(cast, at=at)
    _read(at)
    _today(cast, at=at)
    return True


def _person(mailbox: str, name: str, teams: list[tuple[Team, bool]], *, at: datetime, **marks: Any) -> User:
    return people.create_person(
        name,
        email=f"{mailbox}@{demo.DOMAIN}",
        password=demo.PASSWORD,
        teams=teams,
        by=None,
        at=at,
        is_demo=True,
        **marks,
    )


def _cast(*, at: datetime) -> Cast:
    marketing = people.create_team("Marketing", "marketing", by=None, at=at)
    mexico = people.create_team("Ventas México", "sales", by=None, at=at)
    online = people.create_team("Ventas en línea", "sales", by=None, at=at)
    calendars.create("Ventas en línea", ZONE, ALWAYS, team=online, by=None, at=at)
    both = [(mexico, False), (online, False)]
    return Cast(
        ana=_person("ana", "Ana Robles", [(marketing, False)], at=at),
        luis=_person("luis", "Luis Ferrer", [(marketing, True)], at=at),
        bea=_person("bea", "Bea Quintero", both, at=at),
        cruz=_person("cruz", "Cruz Medina", both, at=at),
        dora=_person("dora", "Dora Salinas", [(mexico, True), (online, True)], at=at),
        elsa=_person("elsa", "Elsa Duarte", [], at=at, is_director=True),
        marketing=marketing,
        mexico=mexico,
        online=online,
        persona=_with_admin(at),
    )


def _with_admin(at: datetime) -> PersonaVersion:
    root = _person("root", "Rocío Otero", [], at=at, is_admin=True)
    return starter.persona(by=root, at=at)


def _agreement(cast: Cast, *, at: datetime) -> None:
    holidays = [
        (date(year, month, day), name, None)
        for year in range(at.year, at.year + 3)
        for month, day, name in (
            (1, 1, "Año Nuevo"),
            (5, 1, "Día del Trabajo"),
            (9, 16, "Independencia"),
            (12, 25, "Navidad"),
        )
    ]
    calendar = calendars.create("Oficina México", ZONE, WEEK, holidays=holidays, by=cast.dora, at=at)
    agreement = Agreement.objects.create(name="ANS Marketing–Ventas")
    version = agreements.draft(
        agreement,
        by=cast.luis,
        at=at,
        calendar=calendar,
        commitments=starter.COMMITMENTS,
        reasons=RejectionReason.objects.all(),
        **starter.DEFINITIONS,
    )
    agreements.sign(version, "marketing", by=cast.luis, at=at)
    agreements.sign(version, "sales", by=cast.dora, at=at)
    agreements.activate(version, by=cast.dora, at=at)


# name, job title, company, employees, country, source, valuable action
STORIES: list[tuple[str, str, str, int | None, str, str, str]] = [
    ("Mariana Peña", "Directora de Ventas", "Grupo Andino S.A.", 180, "CO", "paid_search", "asked_for_demo"),
    ("Joaquín Ibáñez", "Gerente Comercial", "Tecnología Austral SpA", 64, "CL", "event", "attended_webinar"),
    (
        "Lucía Fernández",
        "Gerente de Marketing",
        "Distribuidora Río Bravo",
        320,
        "MX",
        "organic_search",
        "sent_form",
    ),
    ("Carlos Medina", "Director Comercial", "Café del Valle S.A.S.", 45, "CO", "referral", "asked_for_demo"),
    (
        "Ana Sofía Rojas",
        "Directora General",
        "Clínica San Rafael",
        210,
        "PE",
        "organic_search",
        "asked_for_information",
    ),
    (
        "Bruno Cardoso",
        "Gerente de Ventas",
        "Logística Paulista Ltda",
        500,
        "BR",
        "event",
        "left_contact_data",
    ),
    ("Valentina Quispe", "Head of Growth", "Mercado Ya", 38, "BO", "social", "asked_for_demo"),
    ("Diego Luna", "CEO", "Estudio Luna", 24, "MX", "direct", "sent_form"),
    (
        "Camila Torres",
        "Gerente Comercial",
        "Textiles del Sur S.A. de C.V.",
        150,
        "MX",
        "email",
        "asked_for_information",
    ),
    (
        "Renata Villalobos",
        "Directora de Marketing",
        "Universidad del Lago",
        900,
        "MX",
        "organic_search",
        "sent_form",
    ),
    ("Héctor Zamora", "Director de Ventas", "Ferretería Central", 75, "GT", "paid_search", "asked_for_demo"),
    ("Paula Ríos", "Gerente General", "Viajes Altiplano", 30, "BO", "social", "left_contact_data"),
    ("Sebastián Prieto", "Sales Manager", "Bodegas Cuyo", 88, "AR", "event", "attended_webinar"),
    ("Daniela Mora", "Gerente de Ventas", "Farmacias Vida", 410, "CR", "paid_search", "asked_for_demo"),
    (
        "Ignacio Bravo",
        "Director Comercial",
        "Constructora Maipo SpA",
        260,
        "CL",
        "referral",
        "asked_for_demo",
    ),
    (
        "Gabriela Núñez",
        "Gerente Comercial",
        "Seguros Pampa",
        130,
        "AR",
        "organic_search",
        "asked_for_information",
    ),
    ("Óscar Treviño", "CEO", "Norte Digital", 22, "MX", "direct", "sent_form"),
    ("Fernanda Lima", "Directora de Ventas", "Moda Ipanema Ltda", 95, "BR", "social", "asked_for_demo"),
    ("Julián Cárdenas", "Gerente de Marketing", "Caja Popular Sierra", 340, "MX", "email", "sent_form"),
    (
        "Teresa Aguirre",
        "Directora General",
        "Lácteos Quiteños",
        120,
        "EC",
        "referral",
        "asked_for_information",
    ),
    ("Marco Beltrán", "Director Comercial", "Empaques Bajío", 70, "MX", "paid_search", "asked_for_demo"),
    ("Ximena Castro", "Gerente de Ventas", "Hotel Mirador", 55, "PE", "organic_search", "left_contact_data"),
]


def _lead(cast: Cast, story: int, *, at: datetime, **attributes: Any) -> Lead:
    name, title, company, employees, country, source, action = STORIES[story]
    mailbox = name.lower().split()[0].translate(str.maketrans("áéíóúñ", "aeioun"))
    data = {
        "person": {
            "name": name,
            "email": f"{mailbox}{story}@{demo.DOMAIN}",
            "phone": f"+52 55 4000 {1000 + story}",
            "job_title": title,
            "country": country,
        },
        "company": {"name": company, "employees": employees, "country": country},
        "attributes": attributes,
    }
    return leads.capture(
        data,
        by=cast.ana,
        at=at,
        team=cast.marketing,
        source=Source.objects.get(code=source),
        first_action=ValuableActionKind.objects.get(code=action),
    )


def _handed_off(cast: Cast, story: int, team: Team, *, at: datetime, note: str = "", **attributes: Any) -> Handoff:
    lead = _lead(cast, story, at=at - timedelta(minutes=40), **attributes)
    return handoffs.hand_off(lead, team=team, persona_version=cast.persona, by=cast.ana, at=at, note=note)


def _sql(handoff: Handoff, rep: User, *, at: datetime) -> None:
    """Accepted, contacted and qualified with evidence, over two days from ``at``."""
    handoffs.accept(handoff, by=rep, at=at)
    contact = at + timedelta(hours=2)
    attempts.record(handoff, ContactChannel.PHONE, reached=True, by=rep, at=contact)
    for code, value in (("budget", "80,000 MXN"), ("decides", "Firma el contrato")):
        said_at = contact + timedelta(hours=1)
        leads.add_evidence(handoff.lead, code, "met", value=value, source="Llamada", by=rep, at=said_at)
    outcomes.qualify_sql(handoff, by=rep, at=contact + timedelta(hours=20))


def _past(cast: Cast, *, at: datetime) -> None:
    """What happened in the last weeks: wins, a loss, rejections, a disqualification. All in the 24/7 queue, so that
    the story is the same on any weekday."""
    for story, days, amount in (
        (10, 52, "185000"),
        (13, 40, "240000"),
        (14, 33, "96000"),
        (17, 21, "150000"),
    ):
        begun = at - timedelta(days=days)
        handoff = _handed_off(cast, story, cast.online, at=begun)
        rep = cast.bea if story % 2 else cast.cruz
        _sql(handoff, rep, at=begun + timedelta(minutes=18 + story))
        outcomes.win(handoff, Decimal(amount), by=rep, at=begun + timedelta(days=9 + story % 5))
    begun = at - timedelta(days=30)
    lost = _handed_off(cast, 15, cast.online, at=begun)
    _sql(lost, cast.bea, at=begun + timedelta(minutes=65))
    price = OutcomeReason.objects.get(code="price")
    outcomes.lose(lost, price, by=cast.bea, at=begun + timedelta(days=11), comment="El competidor bajó 20 %.")
    rejections = ((16, 26, "not_the_persona", ""), (18, 15, "bad_contact_data", "El teléfono no existe."))
    for story, days, code, comment in rejections:
        begun = at - timedelta(days=days)
        handoff = _handed_off(cast, story, cast.online, at=begun)
        reason = RejectionReason.objects.get(code=code)
        handoffs.reject(handoff, reason, by=cast.cruz, at=begun + timedelta(minutes=50), comment=comment)
    begun = at - timedelta(days=12)
    handoff = _handed_off(cast, 19, cast.online, at=begun)
    handoffs.accept(handoff, by=cast.bea, at=begun + timedelta(minutes=150))
    attempts.record(handoff, ContactChannel.WHATSAPP, reached=True, by=cast.bea, at=begun + timedelta(hours=5))
    no_budget = OutcomeReason.objects.get(code="no_budget")
    outcomes.disqualify(handoff, no_budget, by=cast.bea, at=begun + timedelta(hours=30), comment="Hasta 2028.")


def _read(at: datetime) -> None:
    """What was told in the past weeks was read long ago."""
    while outbox.deliver():
        pass
    for user in User.objects.all():
        outbox.mark_read(user, at=at)


def _today(cast: Cast, *, at: datetime) -> None:
    """What is on the desks now: one overdue, two due soon, some with time, some that wait for opening."""
    for story, minutes in ((0, 135), (1, 112), (2, 98), (3, 35), (4, 10)):
        _handed_off(cast, story, cast.online, at=at - timedelta(minutes=minutes))
    _handed_off(cast, 20, cast.online, at=at - timedelta(minutes=20), budget=60000, decides=True)
    for story in (5, 6):
        _handed_off(cast, story, cast.mexico, at=at - timedelta(minutes=5 + story))
    accepted = _handed_off(cast, 7, cast.online, at=at - timedelta(minutes=90))
    handoffs.accept(accepted, by=cast.bea, at=at - timedelta(minutes=70))
    contacted = _handed_off(cast, 8, cast.online, at=at - timedelta(hours=26))
    handoffs.accept(contacted, by=cast.bea, at=at - timedelta(hours=25))
    attempts.record(contacted, ContactChannel.PHONE, reached=True, by=cast.bea, at=at - timedelta(hours=23))
    open_sql = _handed_off(cast, 9, cast.online, at=at - timedelta(days=3))
    _sql(open_sql, cast.bea, at=at - timedelta(days=3) + timedelta(minutes=25))
    _lead(cast, 11, at=at - timedelta(hours=3))
    _lead(cast, 12, at=at - timedelta(hours=1))
    _lead(cast, 21, at=at - timedelta(minutes=15))
