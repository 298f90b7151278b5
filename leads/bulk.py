"""Capturing many leads at once: what leads.capture writes for one, in a handful of statements for a thousand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from crm.accounts.models import User
from leads import companies, events, sources
from leads.columns import ACTION, ID
from leads.leads import search_text
from leads.mapping import Reading
from leads.models import Company, Event, FirstTouch, ImportRun, Lead, Person, Source, ValuableAction, ValuableActionKind
from leads.states import EventKind, Stage

SYSTEM = "file"  # where external ids of uploaded files are from
KNOWN = """
    SELECT 'e', p.email FROM leads_person p JOIN leads_lead l ON l.person_id = p.id
    WHERE l.archived_at IS NULL AND p.email <> '' AND p.email = ANY(%(emails)s)
    UNION ALL
    SELECT 'p', p.phone FROM leads_person p JOIN leads_lead l ON l.person_id = p.id
    WHERE l.archived_at IS NULL AND p.phone <> '' AND p.phone = ANY(%(phones)s)
    UNION ALL
    SELECT 'x', l.external_id FROM leads_lead l
    WHERE l.archived_at IS NULL AND l.external_id <> '' AND l.external_id = ANY(%(ids)s)
"""


def known_keys(keys: Sequence[str]) -> set[str]:
    """Which of ``keys`` (columns.keys_of) a lead of the organisation has already, whoever may see it."""
    asked: dict[str, list[str]] = {"e": [], "p": [], "x": []}
    for key in keys:
        kind, _colon, value = key.partition(":")
        if kind in asked:
            asked[kind].append(value)
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, {"emails": asked["e"], "phones": asked["p"], "ids": asked["x"]})
        return {f"{kind}:{value}" for kind, value in cursor.fetchall()}


def capture(run: ImportRun, readings: Sequence[Reading], *, by: User, at: datetime) -> list[Lead]:
    """Log a lead of the run's team for each row: person, company, lead, first touch, events, valuable action."""
    by_value, _created = sources.find_or_create({r.get("source") for r in readings} - {None}, {})
    found = companies.find_or_create(readings)
    on = events.today(at)
    leads = [
        _lead(run, r, by_value.get(r.get("source"), run.source), found.get(companies.key_of(r)), by=by, at=at)
        for r in readings
    ]
    for lead in leads:
        lead.first_seen_on = on
    Person.objects.bulk_create(lead.person for lead in leads)
    Lead.objects.bulk_create(leads)
    FirstTouch.objects.bulk_create(
        FirstTouch(lead=lead, source=lead.source, seen_on=on, seen_at=at, campaign=r.get("campaign", ""))
        for lead, r in zip(leads, readings, strict=True)
    )
    Event.objects.bulk_create(
        Event(
            lead=lead,
            kind=EventKind.CAPTURED,
            actor=by,
            at=at,
            occurred_on=on,
            to_state=Stage.CAPTURED,
            payload={"import": run.pk, "row": r.row.number},
        )
        for lead, r in zip(leads, readings, strict=True)
    )
    _note_actions(run, leads, readings, by=by, at=at)
    return leads


def _lead(
    run: ImportRun, reading: Reading, source: Source | None, company: Company | None, *, by: User, at: datetime
) -> Lead:
    person = Person(**reading.group("person"))
    external_id = reading.get(ID, "")
    return Lead(
        person=person,
        company=company,
        source=source,
        marketing_team_id=run.team_id,
        attributes=reading.group("attributes"),
        search_text=search_text(person, company, external_id),
        external_system=SYSTEM if external_id else "",
        external_id=external_id,
        import_run=run,
        created_by=by,
        created_at=at,
    )


def _note_actions(
    run: ImportRun, leads: Sequence[Lead], readings: Sequence[Reading], *, by: User, at: datetime
) -> None:
    """The first valuable action of each row that names one, else the one chosen for the whole file."""
    on = events.today(at)
    did: list[tuple[Lead, ValuableActionKind]] = []
    for lead, reading in zip(leads, readings, strict=True):
        if kind := reading.get(ACTION) or run.first_action:
            did.append((lead, kind))
    ValuableAction.objects.bulk_create(
        ValuableAction(lead=lead, kind=kind, occurred_on=on, occurred_at=at, recorded_by=by, recorded_at=at)
        for lead, kind in did
    )
    Event.objects.bulk_create(
        Event(
            lead=lead,
            kind=EventKind.VALUABLE_ACTION,
            actor=by,
            at=at,
            occurred_on=on,
            payload={"action": kind.code, "note": "", "import": run.pk},
        )
        for lead, kind in did
    )
