"""Who plays in the demo, in which teams, by which personas, calendars and agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from crm.accounts import people
from crm.accounts.models import Team, User
from crm.accounts.sign_in import demo
from crm.lib import clock
from crm.setup.starter import agreements
from crm.setup.starter.demo_personas import publish_leader, publish_owner
from personas.models import PersonaVersion
from sla.agreements import comments, drafts, proposals, signing
from sla.calendars import calendars
from sla.models import Agreement, AgreementVersion, RejectionReason
from sla.states import Metric, StepKind
from sla.text import labels

ZONE = "America/Mexico_City"
WEEK = [(day, 9 * 60, 18 * 60) for day in range(5)]
ALWAYS = [(day, 0, 24 * 60) for day in range(7)]
# Never open together with the office, so that at any hour some handoff waits for opening.
EVENINGS = [(day, 18 * 60, 23 * 60) for day in range(5)]
HOLIDAYS = (
    (1, 1, "Año Nuevo", None),
    (5, 1, "Día del Trabajo", None),
    (9, 16, "Independencia", None),
    (12, 24, "Nochebuena", (9 * 60, 13 * 60)),
    (12, 25, "Navidad", None),
)

FIRST = timedelta(days=120)  # how long the first version was in force
SLOWER: dict[str, dict[str, Any]] = {
    Metric.ACCEPT: {
        "window_minutes": 240,
        "steps": [(StepKind.WARN, -60), (StepKind.BREACH, 0), (StepKind.NOTIFY_TEAM_LEAD, 60), (StepKind.REQUEUE, 120)],
    },
    Metric.MQL_VOLUME: {"target": "45"},
}
SHORT_LADDER = [(StepKind.WARN, -15), (StepKind.BREACH, 0), (StepKind.NOTIFY_TEAM_LEAD, 15), (StepKind.REQUEUE, 30)]
TALK = {
    "fast": "Quien pide una demo espera respuesta el mismo día. ¿Podemos prometer una hora?",
    "agreed": "Sí, si llegan con teléfono. Lo puse como compromiso aparte para las demos.",
    "capacity": "Con el turno de tarde podemos trabajar 80 al mes.",
    "cap": "Veinticinco abiertos por persona me parece el máximo razonable.",
}


@dataclass
class Cast:
    """Who plays, and where. ``leader`` and ``owner`` are the two personas."""

    ana: User
    luis: User
    bea: User
    cruz: User
    dora: User
    elsa: User
    marketing: Team
    mexico: Team
    online: Team
    evening: Team
    leader: PersonaVersion
    owner: PersonaVersion
    agreement: AgreementVersion


def assemble(*, at: datetime) -> Cast:
    """Everybody, with a signed agreement in force since ``at``."""
    marketing = people.create_team("Marketing", "marketing", by=None, at=at)
    mexico = people.create_team("Ventas México", "sales", by=None, at=at)
    online = people.create_team("Ventas en línea", "sales", by=None, at=at)
    evening = people.create_team("Ventas turno tarde", "sales", by=None, at=at)
    calendars.create("Ventas en línea", ZONE, ALWAYS, team=online, by=None, at=at)
    calendars.create("Ventas turno tarde", ZONE, EVENINGS, team=evening, by=None, at=at)
    sales = (mexico, online, evening)
    luis = _person("luis", "Luis Ferrer", [(marketing, True)], at=at)
    dora = _person("dora", "Dora Salinas", [(team, True) for team in sales], at=at)
    _person("root", "Rocío Otero", [], at=at, is_admin=True)
    return Cast(
        ana=_person("ana", "Ana Robles", [(marketing, False)], at=at),
        luis=luis,
        bea=_person("bea", "Bea Quintero", [(team, False) for team in sales], at=at),
        cruz=_person("cruz", "Cruz Medina", [(team, False) for team in sales], at=at),
        dora=dora,
        elsa=_person("elsa", "Elsa Duarte", [], at=at, is_director=True),
        marketing=marketing,
        mexico=mexico,
        online=online,
        evening=evening,
        leader=publish_leader(by=luis, at=at),
        owner=publish_owner(by=dora, at=at),
        agreement=_agreement(luis, dora, at=at),
    )


def _person(mailbox: str, name: str, teams: list[tuple[Team, bool]], *, at: datetime, **marks: Any) -> User:
    email = f"{mailbox}@{demo.DOMAIN}"
    return people.create_person(
        name, email=email, password=demo.PASSWORD, teams=teams, by=None, at=at, is_demo=True, **marks
    )


def _second_saturday(year: int) -> date:
    """Of December: the office opens once on a day on which it never does."""
    return date(year, 12, 8 + (5 - date(year, 12, 1).weekday()) % 7)


def _agreement(luis: User, dora: User, *, at: datetime) -> AgreementVersion:
    """The version in force since ``at``, signed for all that the past tells; it superseded a slower one."""
    before = at - FIRST
    years = range(at.year, at.year + 3)
    holidays: list[tuple[date, str, Any]] = [
        (date(year, month, day), name, hours) for year in years for month, day, name, hours in HOLIDAYS
    ]
    holidays += [(_second_saturday(year), "Sábado de cierre de año", (10 * 60, 14 * 60)) for year in years]
    calendar = calendars.create("Oficina México", ZONE, WEEK, holidays=holidays, by=dora, at=before)
    slower = [{**each, **SLOWER.get(each["metric"], {})} for each in agreements.COMMITMENTS]
    first = drafts.create(
        Agreement.objects.create(name="Acuerdo Marketing–Ventas"),
        by=luis,
        at=before,
        calendar=calendar,
        commitments=[each for each in slower if each["metric"] != Metric.PACKAGE_COMPLETE],
        reasons=RejectionReason.objects.exclude(code="already_customer"),
        **agreements.DEFINITIONS,
    )
    _conclude(first, luis, dora, at=before)
    version = drafts.renew(first, by=dora, at=at)
    reasons = RejectionReason.objects.all()
    version = drafts.edit(version, by=luis, at=at, seen=0, commitments=agreements.COMMITMENTS, reasons=reasons)
    return _conclude(version, luis, dora, at=at)


def _conclude(version: AgreementVersion, luis: User, dora: User, *, at: datetime) -> AgreementVersion:
    proposals.close_text(version, by=luis, at=at, labels=labels.labels_of(version))
    signing.sign(version, "marketing", by=luis, at=at)
    return signing.sign_sides(version, ["sales"], by=dora, at=at)


def negotiate(company: Cast, *, at: datetime) -> AgreementVersion:
    """The next version, which both sides write: a draft of two days with what they said of it."""
    luis, dora, elsa = company.luis, company.dora, company.elsa
    begun = at - timedelta(days=2)
    draft = drafts.renew(company.agreement, by=dora, at=begun)
    rows = drafts.commitments_of(draft)
    demo_first = {**rows[0], "window_minutes": 60, "conditions": {"actions": ["asked_for_demo"]}, "steps": SHORT_LADDER}
    drafts.edit(
        draft,
        by=dora,
        at=begun,
        seen=0,
        commitments=[rows[0], demo_first, *rows[1:]],
        capacity=80,
        rep_cap=25,
        renew_by=clock.local_date(at, ZONE) + timedelta(days=180),
    )
    comments.add(draft, "sales", TALK["fast"], by=luis, at=begun + timedelta(hours=1))
    said = draft.comments.get()
    comments.add(draft, "sales", TALK["agreed"], by=dora, at=begun + timedelta(hours=3), answers=said)
    comments.add(draft, "capacity", TALK["capacity"], by=dora, at=begun + timedelta(hours=4))
    comments.add(draft, "rules", TALK["cap"], by=elsa, at=begun + timedelta(hours=20))
    return draft
