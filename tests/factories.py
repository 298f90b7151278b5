"""The cast and the things they work on, made through the product's own functions.

Moments are literal: Monday 2 March 2026 in Mexico City (UTC−6, no clock changes), office hours
9–17. A handoff of the factories is logged at 9:30, handed off at 10:00 (accept by 12:00), accepted
at 10:20 (contact by 14:20), contacted at 11:00 (SQL decision within 16 hours: Wednesday at 11:00),
SQL at 12:00, won on the 9th at 16:00.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from crm.accounts import people
from crm.accounts.models import Organisation, Team, User
from crm.demo import remove, seeding
from crm.notifications.models import Message
from crm.setup.starter import agreements as starter
from crm.setup.starter import catalogues as starter_catalogues
from crm.setup.starter import demo_personas, demo_texts
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import outcomes
from leads.models import CustomField, Handoff, Lead, OutcomeReason, Source, ValuableActionKind
from leads.records import leads
from personas import personas
from personas.models import PersonaVersion
from sla.agreements import agreements, drafts, proposals, signing
from sla.calendars import calendars
from sla.clocks.subjects import ClockSubject, Step
from sla.models import (
    Agreement,
    AgreementVersion,
    Calendar,
    Clock,
    Firing,
    PauseReason,
    RejectionReason,
)
from sla.states import AgreementState, StepKind
from tests.terms import BUDGET, COMMITMENTS, DECIDES, ROLE, SIZE, TERMS

ZONE = "America/Mexico_City"
OFFICE = [(day, 9 * 60, 17 * 60) for day in range(5)]
PASSWORD = "relevo-tests-2026"
numbers = count(1)


def when(text: str) -> datetime:
    """An instant: "2026-03-02 10:00" is Mexico City's time, "2026-03-02 10:00-03:00" says its
    own offset.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(ZONE))


SIGNED_AT = when("2026-01-05 09:00")
LOGGED_AT = when("2026-03-02 09:30")
HANDED_OFF_AT = when("2026-03-02 10:00")
ACCEPTED_AT = when("2026-03-02 10:20")
CONTACTED_AT = when("2026-03-02 11:00")
SQL_AT = when("2026-03-02 12:00")
OPPORTUNITY_AT = when("2026-03-04 12:00")
WON_AT = when("2026-03-09 16:00")


@dataclass
class Cast:
    """Who plays, in which teams, by which persona and agreement. The other two teams are empty."""

    organisation: Organisation
    marketing: Team
    sales: Team
    other_marketing: Team
    other_sales: Team
    ana: User  # marketing
    luis: User  # leads marketing
    bea: User  # sales rep
    cruz: User  # sales rep
    dora: User  # leads sales
    elsa: User  # director
    root: User  # admin
    extra: User  # no team
    persona: PersonaVersion
    agreement: AgreementVersion
    calendar: Calendar


# -- People and what they agreed on


def team(name: str, side: str) -> Team:
    return people.create_team(name, side, by=None, at=SIGNED_AT)


def person(name: str, *teams: Team, leads: Iterable[Team] = (), **marks: Any) -> User:
    """A person who can sign in with PASSWORD as <first name>@relevo.test; a member of ``teams``,
    lead of ``leads``.
    """
    email = f"{name.split()[0].lower()}@relevo.test"
    places = [(one, False) for one in teams] + [(one, True) for one in leads]
    marks.setdefault("language", "en")
    # Most tests are about people who know their way (crm.first_steps).
    marks.setdefault("first_steps", {"over": SIGNED_AT.isoformat()})
    return people.create_person(
        name, email=email, password=PASSWORD, teams=places, by=None, at=SIGNED_AT, **marks
    )


def persona(
    slug: str = "commercial-leader",
    criteria: Iterable[Mapping[str, Any]] = (SIZE, ROLE, BUDGET, DECIDES),
) -> PersonaVersion:
    """A persona with one published version."""
    name = {"es": "Líder comercial", "en": "Commercial leader"}
    created = personas.create(slug, name, by=None, at=SIGNED_AT)
    content = {"who": {"es": "Dirige un equipo de ventas", "en": "Leads a sales team"}}
    return personas.publish_version(created, content, criteria, by=None, at=SIGNED_AT)


def office(name: str = "Oficina", zone: str = ZONE, **more: Any) -> Calendar:
    """Monday to Friday, 9 to 17."""
    return calendars.create(name, zone, OFFICE, by=None, at=SIGNED_AT, **more)


def drafted(
    calendar: Calendar,
    *,
    by: User,
    teams: Iterable[Team] = (),
    commitments: Iterable[Mapping[str, Any]] = COMMITMENTS,
    of: Agreement | None = None,
    at: datetime = SIGNED_AT,
    **terms: Any,
) -> AgreementVersion:
    """A draft of the next version ``of`` an agreement, or of a new one for ``teams`` (none:
    everybody).
    """
    parent = of or Agreement.objects.create(name=f"ANS {next(numbers)}")
    if of is None:
        parent.teams.set(teams)
    reasons = RejectionReason.objects.all()
    words = {**TERMS, **terms}
    return drafts.create(
        parent, by=by, at=at, calendar=calendar, commitments=commitments, reasons=reasons, **words
    )


def agreement(
    calendar: Calendar, *, marketing: User, sales: User, at: datetime = SIGNED_AT, **terms: Any
) -> AgreementVersion:
    """A version drafted (see above), signed by a lead of each side, and in force.

    A side that promises nothing in ``commitments`` promises what no clock counts, since neither
    side signs alone.
    """
    promises = [*terms.pop("commitments", COMMITMENTS)]
    silent = {
        "marketing": COMMITMENTS[3],
        "sales": {"side": "sales", "metric": "feedback", "target": "0.9"},
    }
    promises += [
        words for side, words in silent.items() if side not in {each["side"] for each in promises}
    ]
    version = drafted(calendar, by=marketing, at=at, commitments=promises, **terms)
    sign(version, "marketing", by=marketing, at=at)
    sign(version, "sales", by=sales, at=at)
    return agreements.activate(version, by=sales, at=at)


def sign(version: AgreementVersion, side: str, *, by: User, at: datetime) -> AgreementVersion:
    """Sign for one side what the version says now; a draft is closed first."""
    closed = _closed(version, by=by, at=at)
    return signing.sign(closed, side, sha256=closed.content_hash, by=by, at=at)


def sign_sides(
    version: AgreementVersion, sides: Iterable[str], *, by: User, at: datetime
) -> AgreementVersion:
    """Sign as :func:`sign` for each of ``sides``, and bring it into force once it is due."""
    closed = _closed(version, by=by, at=at)
    return signing.sign_sides(closed, sides, sha256=closed.content_hash, by=by, at=at)


def _closed(version: AgreementVersion, *, by: User, at: datetime) -> AgreementVersion:
    stored = AgreementVersion.objects.get(pk=version.pk)
    if stored.state == AgreementState.DRAFT:
        return proposals.close_text(stored, by=by, at=at)
    return stored


def _named(model: Any, *rows: tuple[str, str, str, dict[str, Any]]) -> None:
    model.objects.bulk_create(
        model(code=code, name={"es": es, "en": en}, position=position, **fields)
        for position, (code, es, en, fields) in enumerate(rows)
    )


def catalogues() -> None:
    """Sources, valuable actions, reasons and custom fields: a few of each."""
    _named(
        Source,
        ("organic_search", "Búsqueda orgánica", "Organic search", {}),
        ("event", "Evento", "Event", {}),
        ("referral", "Referido", "Referral", {}),
    )
    _named(
        ValuableActionKind,
        ("asked_for_demo", "Pidió una demo", "Asked for a demo", {}),
        ("sent_form", "Envió un formulario", "Sent a form", {}),
    )
    _named(
        RejectionReason,
        ("wrong_team", "De otro equipo", "Of another team", {"kind": "procedural"}),
        (
            "bad_contact_data",
            "Datos malos",
            "Bad data",
            {"kind": "clerical", "needs_comment": True},
        ),
        ("not_the_persona", "No es la persona", "Not the persona", {"kind": "definitional"}),
    )
    _named(
        OutcomeReason,
        ("price", "Precio", "Price", {"kind": "lost"}),
        ("no_budget", "Sin presupuesto", "No budget", {"kind": "disqualified"}),
    )
    _named(
        PauseReason,
        (
            "call_back",
            "Pidió que lo llamemos",
            "Asked to be called back",
            {"longest_minutes": 7 * 24 * 60},
        ),
        (
            "document",
            "Falta un documento",
            "Waits for a document",
            {"longest_minutes": 2 * 24 * 60},
        ),
    )
    _named(
        CustomField,
        ("budget", "Presupuesto", "Budget", {"type": "number"}),
        ("decides", "Decide la compra", "Decides the purchase", {"type": "yes_no"}),
    )


def cast() -> Cast:
    """The organisation in Mexico City with everybody in it and a signed agreement in force."""
    return _assemble(catalogues, persona, {}, language="en")


def cast_of_a_new_organisation() -> Cast:
    """The same people with what a new organisation begins with; they read Spanish."""

    def publish() -> PersonaVersion:
        leader = personas.create(
            "commercial-leader", demo_personas.LEADER_NAME, by=None, at=SIGNED_AT
        )
        return personas.publish_version(
            leader, demo_texts.LEADER, demo_personas.LEADER_CRITERIA, by=None, at=SIGNED_AT
        )

    terms = {**starter.DEFINITIONS, "commitments": starter.COMMITMENTS}
    return _assemble(starter_catalogues.create_catalogues, publish, terms, language="es")


def _assemble(
    make_catalogues: Callable[[], None],
    publish: Callable[[], PersonaVersion],
    terms: Mapping[str, Any],
    *,
    language: str,
) -> Cast:
    organisation = Organisation.objects.create(
        name="Nube Clara", currency="MXN", time_zone=ZONE, country="MX"
    )
    make_catalogues()
    marketing, sales = team("Marketing", "marketing"), team("Ventas", "sales")
    speak = partial(person, language=language)
    luis, dora = speak("Luis Ferrer", leads=[marketing]), speak("Dora Salinas", leads=[sales])
    calendar = office()
    found = Cast(
        organisation=organisation,
        marketing=marketing,
        sales=sales,
        other_marketing=team("Marketing Sur", "marketing"),
        other_sales=team("Ventas Sur", "sales"),
        luis=luis,
        dora=dora,
        ana=speak("Ana Robles", marketing),
        bea=speak("Bea Quintero", sales),
        cruz=speak("Cruz Medina", sales),
        elsa=speak("Elsa Duarte", is_director=True),
        root=speak("Root Otero", is_admin=True),
        extra=speak("Extra Vidal"),
        persona=publish(),
        agreement=agreement(calendar, marketing=luis, sales=dora, **terms),
        calendar=calendar,
    )
    Message.objects.all().delete()  # what was said of the agreement was read long ago
    return found


def demo(*, at: datetime, leads: int = seeding.LEADS) -> None:
    """The demo in this empty database, as `migrate --demo` makes it.

    The settings must be in demo mode.
    """
    remove.mark()
    assert seeding.seed(at=at, leads=leads)


# -- Leads and their handoffs, one function for each step of the way


def source(code: str = "organic_search") -> Source:
    return Source.objects.get(code=code)


def action(code: str = "asked_for_demo") -> ValuableActionKind:
    return ValuableActionKind.objects.get(code=code)


def rejection(code: str = "not_the_persona") -> RejectionReason:
    return RejectionReason.objects.get(code=code)


def pause_reason(code: str = "call_back") -> PauseReason:
    return PauseReason.objects.get(code=code)


def outcome(code: str = "price") -> OutcomeReason:
    return OutcomeReason.objects.get(code=code)


def facts(**changes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What capture() takes: a person who fits and a complete package.

    ``changes``: person=, company=, attributes=.
    """
    number = next(numbers)
    known: dict[str, dict[str, Any]] = {
        "person": {
            "name": f"Mariana Peña {number}",
            "email": f"mariana{number}@andino.test",
            "phone": f"+52 55 4000 {number % 9000 + 1000}",
            "job_title": "Directora de Ventas",
            "country": "MX",
        },
        "company": {"name": f"Grupo Andino {number}", "employees": 180, "country": "MX"},
        "attributes": {},
    }
    return {part: {**values, **changes.get(part, {})} for part, values in known.items()}


def lead(
    cast: Cast,
    *,
    by: User | None = None,
    team: Team | None = None,
    at: datetime = LOGGED_AT,
    from_source: str | None = "organic_search",
    did: str | None = "asked_for_demo",
    **changes: Mapping[str, Any],
) -> Lead:
    """A lead that marketing logged. It fits; with ``did`` None it did nothing yet."""
    return leads.capture(
        facts(**changes),
        by=by or cast.ana,
        at=at,
        team=team or cast.marketing,
        source=source(from_source) if from_source else None,
        first_action=action(did) if did else None,
    )


def mql(cast: Cast, *, at: datetime = LOGGED_AT, **changes: Any) -> Lead:
    return handoffs.qualify(lead(cast, at=at, **changes), cast.persona, by=cast.ana, at=at)


def handed_off(
    cast: Cast,
    *,
    of: Lead | None = None,
    to: Team | None = None,
    at: datetime = HANDED_OFF_AT,
    note: str = "",
    **changes: Any,
) -> Handoff:
    """A pending handoff of the lead ``of`` (default: a new one) in the queue of the team ``to``
    (default: sales).
    """
    passed = of or lead(cast, at=min(at, LOGGED_AT), **changes)
    return handoffs.hand_off(
        passed,
        team=to or cast.sales,
        persona_version=cast.persona,
        by=cast.ana,
        at=at,
        note=note,
        # Asked for if it was sent back.
        unchanged_reason="As it was",
    )


def proven(cast: Cast, **changes: Any) -> Handoff:
    """A pending handoff whose package proves means and authority."""
    return handed_off(cast, attributes={"budget": 60000, "decides": True}, **changes)


def accepted(cast: Cast, *, by: User | None = None, **changes: Any) -> Handoff:
    """Accepted by Bea, or ``by``."""
    return handoffs.accept(handed_off(cast, **changes), by=by or cast.bea, at=ACCEPTED_AT)


def rejected(
    cast: Cast, *, by: User | None = None, code: str = "not_the_persona", **changes: Any
) -> Handoff:
    return handoffs.reject(
        handed_off(cast, **changes), rejection(code), by=by or cast.bea, at=ACCEPTED_AT
    )


def withdrawn(cast: Cast, **changes: Any) -> Handoff:
    return handoffs.withdraw(handed_off(cast, **changes), by=cast.ana, at=ACCEPTED_AT)


def contacted(cast: Cast, *, by: User | None = None, **changes: Any) -> Handoff:
    handoff = accepted(cast, by=by, **changes)
    attempts.record(handoff, "phone", outcome="reached", by=by or cast.bea, at=CONTACTED_AT)
    return handoff


def prove(lead: Lead, *codes: str, by: User, at: datetime = CONTACTED_AT) -> None:
    """Evidence for the criteria ``codes``, by default for means and authority."""
    for code in codes or ("budget", "decides"):
        leads.add_evidence(lead, code, "met", value="Said so", source="Call", by=by, at=at)


def sql(cast: Cast, *, by: User | None = None, **changes: Any) -> Handoff:
    handoff = contacted(cast, by=by, **changes)
    prove(handoff.lead, by=by or cast.bea)
    return outcomes.qualify_sql(handoff, by=by or cast.bea, at=SQL_AT)


def opportunity(cast: Cast, *, by: User | None = None, **changes: Any) -> Handoff:
    return outcomes.open_opportunity(
        sql(cast, by=by, **changes), by=by or cast.bea, at=OPPORTUNITY_AT
    )


def won(
    cast: Cast, amount: str = "185000.00", *, by: User | None = None, **changes: Any
) -> Handoff:
    return outcomes.win(
        opportunity(cast, by=by, **changes), Decimal(amount), by=by or cast.bea, at=WON_AT
    )


def lost(cast: Cast, *, by: User | None = None, **changes: Any) -> Handoff:
    return outcomes.lose(
        opportunity(cast, by=by, **changes), outcome("price"), by=by or cast.bea, at=WON_AT
    )


def disqualified(cast: Cast, *, by: User | None = None, **changes: Any) -> Handoff:
    handoff = contacted(cast, by=by, **changes)
    return outcomes.disqualify(handoff, outcome("no_budget"), by=by or cast.bea, at=SQL_AT)


def ignore_step(clock: Clock, firing: Firing) -> None:
    """Do nothing when a step fires."""


def clock_subjects(
    act: Callable[[Clock, Firing], None] = ignore_step, busy: Container[int] = ()
) -> dict[str, ClockSubject]:
    """Return the kinds of subject that tests start clocks on; every step calls ``act``.

    ``busy``: the ids of clocks whose subjects another transaction holds.
    """

    def hold(clocks: Sequence[Clock]) -> dict[int, None]:
        return {clock.pk: None for clock in clocks if clock.pk not in busy}

    def each(steps: Sequence[Step]) -> None:
        for step in steps:
            act(step.clock, step.firing)

    subject = ClockSubject(hold=hold, steps=dict.fromkeys(StepKind.values, each))
    return {"handoff": subject, "personaversion": subject}
