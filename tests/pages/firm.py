"""Making the things that tests need, through the product's own functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crm.accounts import people
from crm.accounts.models import Organisation, Team, User
from crm.notifications.models import Message
from crm.setup.starter import catalogues, demo_texts
from crm.setup.starter.agreements import COMMITMENTS, DEFINITIONS
from crm.setup.starter.demo_personas import LEADER_CRITERIA, LEADER_NAME
from leads import handoffs
from leads.handoffs import attempts
from leads.models import Handoff, Lead, OutcomeReason, Source, ValuableActionKind
from leads.records import leads
from leads.states import ContactChannel
from personas import personas
from personas.models import PersonaVersion
from sla.agreements import agreements, drafts, signing
from sla.calendars import calendars
from sla.models import Agreement, AgreementVersion, RejectionReason

ZONE = "America/Mexico_City"
WEEK = [(day, 9 * 60, 17 * 60) for day in range(5)]
BEGAN = datetime.fromisoformat("2026-01-05T09:00:00-06:00")
# A Monday morning: 10:00 in Mexico City (UTC-6 all year since 2022).
MONDAY = datetime.fromisoformat("2026-03-02T10:00:00-06:00")


@dataclass
class Firm:
    """The cast and its agreement."""

    organisation: Organisation
    marketing: Team
    sales: Team
    other_marketing: Team
    other_sales: Team
    ana: User
    luis: User
    bea: User
    cruz: User
    dora: User
    elsa: User
    root: User
    extra: User
    persona: PersonaVersion
    agreement: AgreementVersion


def firm() -> Firm:
    """An organisation with two teams a side, the cast, one persona and one signed agreement in force."""
    organisation = Organisation.objects.create(
        name="Prueba", currency="MXN", time_zone=ZONE, country="MX"
    )
    catalogues.create_catalogues()
    at = BEGAN
    teams = {
        key: people.create_team(name, side, by=None, at=at)
        for key, name, side in (
            ("marketing", "Marketing", "marketing"),
            ("other_marketing", "Marketing Sur", "marketing"),
            ("sales", "Ventas", "sales"),
            ("other_sales", "Ventas Sur", "sales"),
        )
    }

    def person(key: str, name: str, *memberships: tuple[str, bool], **marks: Any) -> User:
        found = [(teams[team], is_lead) for team, is_lead in memberships]
        return people.create_person(
            name,
            email=f"{key}@example.com",
            password="una clave larga",
            teams=found,
            by=None,
            at=at,
            **marks,
        )

    cast = {
        "ana": person("ana", "Ana Robles", ("marketing", False)),
        "luis": person("luis", "Luis Ferrer", ("marketing", True)),
        "bea": person("bea", "Bea Quintero", ("sales", False)),
        "cruz": person("cruz", "Cruz Medina", ("sales", False)),
        "dora": person("dora", "Dora Salinas", ("sales", True)),
        "elsa": person("elsa", "Elsa Duarte", is_director=True),
        "root": person("root", "Rocío Otero", is_admin=True),
        "extra": person("extra", "Extra Vagante"),
    }
    leader = personas.create("commercial-leader", LEADER_NAME, by=cast["luis"], at=at)
    persona = personas.publish_version(
        leader, demo_texts.LEADER, LEADER_CRITERIA, by=cast["luis"], at=at
    )
    agreement = signed(cast["luis"], cast["dora"], at=at)
    Message.objects.all().delete()  # what was said of the agreement was read long ago
    return Firm(organisation, persona=persona, agreement=agreement, **teams, **cast)


def signed(
    marketing_lead: User,
    sales_lead: User,
    *,
    at: datetime,
    calendar_name: str = "Oficina",
    of: Agreement | None = None,
    **changes: Any,
) -> AgreementVersion:
    """The starter agreement, signed by both sides and in force. ``changes``: fields that differ."""
    calendar = calendars.create(calendar_name, ZONE, WEEK, by=sales_lead, at=at)
    version = drafts.create(
        of or Agreement.objects.create(name="ANS"),
        by=marketing_lead,
        at=at,
        calendar=calendar,
        commitments=COMMITMENTS,
        reasons=RejectionReason.objects.all(),
        **{**DEFINITIONS, **changes},
    )
    signing.sign(version, "marketing", by=marketing_lead, at=at)
    signing.sign(version, "sales", by=sales_lead, at=at)
    return agreements.activate(version, by=sales_lead, at=at)


def lead(
    firm: Firm, *, at: datetime = MONDAY, action: str | None = "asked_for_demo", **changes: Any
) -> Lead:
    """A logged lead of the marketing team with a complete package that fits the persona.

    ``changes``: fields of the person; ``company`` a dict, ``attributes`` a dict, ``team``, ``source`` a code or None.
    """
    number = Lead.objects.count() + 1
    company = {
        "name": f"Empresa {number}",
        "employees": 120,
        "country": "MX",
        **changes.pop("company", {}),
    }
    data = {
        "attributes": changes.pop("attributes", {}),
        "company": company,
        "person": {
            "name": f"Prospecto {number}",
            "email": f"prospecto{number}@example.com",
            "phone": f"+52 55 4000 {1000 + number}",
            "job_title": "Directora Comercial",
        },
    }
    team, source = changes.pop("team", firm.marketing), changes.pop("source", "organic_search")
    data["person"] |= changes
    return leads.capture(
        data,
        by=firm.ana,
        at=at,
        team=team,
        source=Source.objects.get(code=source) if source else None,
        first_action=ValuableActionKind.objects.get(code=action) if action else None,
    )


def pending(
    firm: Firm, *, at: datetime = MONDAY, team: Team | None = None, **changes: Any
) -> Handoff:
    """A handoff that waits in the queue of the sales team."""
    made = lead(firm, at=at, **changes)
    return handoffs.hand_off(
        made, team=team or firm.sales, persona_version=firm.persona, by=firm.ana, at=at
    )


def accepted(
    firm: Firm, *, at: datetime = MONDAY, by: User | None = None, **changes: Any
) -> Handoff:
    """Accepted half an hour after it was handed off."""
    handoff = pending(firm, at=at, **changes)
    return handoffs.accept(handoff, by=by or firm.bea, at=at + timedelta(minutes=30))


def contacted(
    firm: Firm, *, at: datetime = MONDAY, by: User | None = None, **changes: Any
) -> Handoff:
    """Contacted an hour after it was handed off."""
    handoff = accepted(firm, at=at, by=by, **changes)
    moment = at + timedelta(hours=1)
    attempts.record(handoff, ContactChannel.PHONE, reached=True, by=by or firm.bea, at=moment)
    return handoff


def prove(
    firm: Firm, handoff: Handoff, *, at: datetime, codes: tuple[str, ...] = ("budget", "decides")
) -> None:
    """Evidence for means and authority."""
    for code in codes:
        leads.add_evidence(
            handoff.lead, code, "met", value="Sí", source="Llamada", by=firm.bea, at=at
        )


def rejection(code: str = "not_the_persona") -> RejectionReason:
    return RejectionReason.objects.get(code=code)


def ending(code: str = "price") -> OutcomeReason:
    return OutcomeReason.objects.get(code=code)
