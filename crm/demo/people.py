"""The company of the demo: its people, teams, personas, calendars and its signed agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from crm.accounts import leaves, people
from crm.accounts.models import Organisation, Team, User
from crm.accounts.sign_in import demo
from crm.lib import clock
from crm.setup.starter import agreements, catalogues, demo_messages
from crm.setup.starter.demo_personas import publish_leader, publish_owner
from personas.models import PersonaVersion
from personas.states import VersionState
from sla.agreements import drafts, proposals, signing
from sla.calendars import calendars
from sla.models import Agreement, AgreementVersion, RejectionReason
from sla.states import AgreementState, Metric, StepKind
from sla.text import labels

ZONE = "America/Mexico_City"
OFFICE_CALENDAR = "Oficina México"
WEEK = [(day, 9 * 60, 18 * 60) for day in range(5)]
ALWAYS = [(day, 0, 24 * 60) for day in range(7)]
# Never open together with the office, so that at any hour some handoff waits for opening.
EVENINGS = [(day, 18 * 60, 23 * 60) for day in range(5)]

# The two days before the weekend that ends the recorded past but one week: Luis was away.
LUIS_AWAY = (date(2026, 1, 1), date(2026, 1, 2))

FIRST = timedelta(weeks=17)  # how long the first version of the agreement was in force
SLOWER: dict[str, dict[str, Any]] = {
    Metric.ACCEPT: {
        "window_minutes": 240,
        "steps": [
            (StepKind.WARN, -60),
            (StepKind.BREACH, 0),
            (StepKind.NOTIFY_TEAM_LEAD, 60),
            (StepKind.REQUEUE, 120),
        ],
    },
    Metric.MQL_VOLUME: {"target": "45"},
}


@dataclass
class Cast:
    """The people and teams of the demo. ``leader`` and ``owner`` are the two personas."""

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


def create_company(*, at: datetime) -> Cast:
    """Create the organisation with its people, and an agreement in force since ``at``."""
    Organisation.objects.create(
        name="Nube Clara",
        currency="MXN",
        language="es",
        time_zone=ZONE,
        country="MX",
        is_demo=True,
    )
    catalogues.create_catalogues()
    _create_people(at=at)
    luis, dora = _person("luis"), _person("dora")
    publish_leader(by=luis, at=at)
    publish_owner(by=dora, at=at)
    _sign_agreements(luis, dora, at=at)
    made = cast()
    for team in (made.mexico, made.online, made.evening):
        demo_messages.create_templates(team, by=dora, at=at)
    leaves.take(luis, *LUIS_AWAY, by=luis, at=at, delegate=made.ana)
    return made


def is_luis_away(at: datetime) -> bool:
    """Return whether Luis is on leave at a moment of the recorded past."""
    first_on, last_on = LUIS_AWAY
    return first_on <= clock.local_date(at, ZONE) <= last_on


def cast() -> Cast:
    """Return the people, teams, personas and the agreement of the demo in this database."""
    teams = {team.name: team for team in Team.objects.all()}
    published = PersonaVersion.objects.filter(state=VersionState.PUBLISHED)
    personas = {version.persona.slug: version for version in published.select_related("persona")}
    return Cast(
        ana=_person("ana"),
        luis=_person("luis"),
        bea=_person("bea"),
        cruz=_person("cruz"),
        dora=_person("dora"),
        elsa=_person("elsa"),
        marketing=teams["Marketing"],
        mexico=teams["Ventas México"],
        online=teams["Ventas en línea"],
        evening=teams["Ventas turno tarde"],
        leader=personas["commercial-leader"],
        owner=personas["small-business-owner"],
        agreement=AgreementVersion.objects.get(state=AgreementState.IN_FORCE),
    )


def _person(mailbox: str) -> User:
    return User.objects.get(email=f"{mailbox}@{demo.DOMAIN}")


def _create_people(*, at: datetime) -> None:
    marketing = people.create_team("Marketing", "marketing", by=None, at=at)
    mexico = people.create_team("Ventas México", "sales", by=None, at=at)
    online = people.create_team("Ventas en línea", "sales", by=None, at=at)
    evening = people.create_team("Ventas turno tarde", "sales", by=None, at=at)
    calendars.create("Ventas en línea", ZONE, ALWAYS, team=online, by=None, at=at)
    calendars.create("Ventas turno tarde", ZONE, EVENINGS, team=evening, by=None, at=at)
    sales = (mexico, online, evening)
    _create_person("luis", "Luis Ferrer", [(marketing, True)], at=at)
    _create_person("dora", "Dora Salinas", [(team, True) for team in sales], at=at)
    _create_person("root", "Rocío Otero", [], at=at, is_admin=True)
    _create_person("ana", "Ana Robles", [(marketing, False)], at=at)
    _create_person("bea", "Bea Quintero", [(team, False) for team in sales], at=at)
    _create_person("cruz", "Cruz Medina", [(team, False) for team in sales], at=at)
    _create_person("elsa", "Elsa Duarte", [], at=at, is_director=True)


def _create_person(
    mailbox: str, name: str, teams: list[tuple[Team, bool]], *, at: datetime, **marks: Any
) -> None:
    """Create a person without a password; crm.demo.load sets it."""
    email = f"{mailbox}@{demo.DOMAIN}"
    people.create_person(name, email=email, teams=teams, by=None, at=at, is_demo=True, **marks)


def _sign_agreements(luis: User, dora: User, *, at: datetime) -> None:
    """Bring a first, slower version into force long before ``at``, and its successor at ``at``."""
    before = at - FIRST
    slower = [{**each, **SLOWER.get(each["metric"], {})} for each in agreements.COMMITMENTS]
    first = drafts.create(
        Agreement.objects.create(name="Acuerdo Marketing–Ventas"),
        by=luis,
        at=before,
        calendar=calendars.create(OFFICE_CALENDAR, ZONE, WEEK, by=dora, at=before),
        commitments=[each for each in slower if each["metric"] != Metric.PACKAGE_COMPLETE],
        reasons=RejectionReason.objects.exclude(code="already_customer"),
        **agreements.DEFINITIONS,
    )
    _conclude(first, luis, dora, at=before)
    second = drafts.renew(first, by=dora, at=at)
    second = drafts.edit(
        second,
        by=luis,
        at=at,
        seen=0,
        commitments=agreements.COMMITMENTS,
        reasons=RejectionReason.objects.all(),
    )
    _conclude(second, luis, dora, at=at)


def _conclude(version: AgreementVersion, luis: User, dora: User, *, at: datetime) -> None:
    version = proposals.close_text(version, by=luis, at=at, labels=labels.labels_of(version))
    sha256 = version.content_hash
    signing.sign(version, "marketing", sha256=sha256, by=luis, at=at)
    signing.sign_sides(version, ["sales"], sha256=sha256, by=dora, at=at)
