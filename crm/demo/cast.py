"""Who plays in the demo, in which teams, by which personas, calendars and agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from crm import starter
from crm.accounts import demo, people
from crm.accounts.models import Team, User
from crm.starter.personas import demo_leader, demo_owner
from personas.models import PersonaVersion
from sla import agreements, calendars, drafts
from sla.models import Agreement, AgreementVersion, RejectionReason

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
        leader=demo_leader(by=luis, at=at),
        owner=demo_owner(by=dora, at=at),
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
    years = range(at.year, at.year + 3)
    holidays: list[tuple[date, str, Any]] = [
        (date(year, month, day), name, hours) for year in years for month, day, name, hours in HOLIDAYS
    ]
    holidays += [(_second_saturday(year), "Sábado de cierre de año", (10 * 60, 14 * 60)) for year in years]
    calendar = calendars.create("Oficina México", ZONE, WEEK, holidays=holidays, by=dora, at=at)
    version = drafts.create(
        Agreement.objects.create(name="ANS Marketing–Ventas"),
        by=luis,
        at=at,
        calendar=calendar,
        commitments=starter.COMMITMENTS,
        reasons=RejectionReason.objects.all(),
        **starter.DEFINITIONS,
    )
    agreements.sign(version, "marketing", by=luis, at=at)
    agreements.sign(version, "sales", by=dora, at=at)
    return agreements.activate(version, by=dora, at=at)
