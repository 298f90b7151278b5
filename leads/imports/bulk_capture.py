"""Capturing many leads at once: what leads.capture writes for one, in a handful of statements for a
thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from crm.accounts.models import User
from crm.lib.db.bulk_insert import insert, take_ids
from leads import events
from leads.imports.columns import ACTION, EMAIL, ID, NAME, PHONE
from leads.imports.mapping_file import Reading
from leads.models import Company, Event, FirstTouch, ImportRun, Lead, Person, Source, ValuableAction
from leads.records import companies, sources
from leads.records.leads import search_words
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
    """Which of ``keys`` (columns.keys_of) a lead of the organisation has already, whoever may see
    it.
    """
    asked: dict[str, list[str]] = {"e": [], "p": [], "x": []}
    for key in keys:
        kind, _colon, value = key.partition(":")
        if kind in asked:
            asked[kind].append(value)
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, {"emails": asked["e"], "phones": asked["p"], "ids": asked["x"]})
        return {f"{kind}:{value}" for kind, value in cursor.fetchall()}


def capture(run: ImportRun, readings: Sequence[Reading], *, by: User, at: datetime) -> int:
    """Log a lead of the run's team for each row: person, company, lead, first touch, events,
    valuable action.

    Returns how many.
    """
    by_value, _created = sources.find_or_create({r.get("source") for r in readings} - {None}, {})
    found = companies.find_or_create(readings)
    people, leads = take_ids(Person, len(readings)), take_ids(Lead, len(readings))
    moment, on = at.isoformat(), events.today(at).isoformat()
    origin = [by_value.get(r.get("source"), run.source) for r in readings]
    of_company = [found.get(companies.key_of(r)) for r in readings]
    insert(Person, [{"id": pk, **_person(r)} for pk, r in zip(people, readings, strict=True)])
    insert(
        Lead,
        [
            _lead(pk, person, r, source, company)
            for pk, person, r, source, company in zip(
                leads, people, readings, origin, of_company, strict=True
            )
        ],
        marketing_team_id=run.team_id,
        import_run_id=run.pk,
        first_seen_on=on,
        created_by_id=by.pk,
        created_at=moment,
    )
    touches = [
        {
            "lead_id": pk,
            "source_id": source.pk if source else None,
            "campaign": r.get("campaign", ""),
        }
        for pk, source, r in zip(leads, origin, readings, strict=True)
    ]
    insert(FirstTouch, touches, seen_on=on, seen_at=moment)
    logged = [
        {"lead_id": pk, "payload": {"import": run.pk, "row": r.row.number}}
        for pk, r in zip(leads, readings, strict=True)
    ]
    said = {"at": moment, "actor_id": by.pk, "occurred_on": on}
    insert(Event, logged, kind=EventKind.CAPTURED.value, to_state=Stage.CAPTURED.value, **said)
    _note_actions(run, leads, readings, said)
    return len(leads)


def _person(reading: Reading) -> dict[str, str]:
    return {
        name: reading.get(f"person.{name}", "")
        for name in ("name", "email", "phone", "job_title", "country")
    }


def _lead(
    pk: int, person: int, reading: Reading, source: Source | None, company: Company | None
) -> dict[str, str | int | dict[str, Any] | None]:
    external_id = reading.get(ID, "")
    named = (reading.get(NAME, ""), company.name if company else "")
    return {
        "id": pk,
        "person_id": person,
        "company_id": company.pk if company else None,
        "source_id": source.pk if source else None,
        "attributes": reading.group("attributes"),
        "search_text": search_words(
            *named, reading.get(EMAIL, ""), reading.get(PHONE, ""), external_id
        ),
        "external_system": SYSTEM if external_id else "",
        "external_id": external_id,
    }


def _note_actions(
    run: ImportRun, leads: Sequence[int], readings: Sequence[Reading], said: dict[str, Any]
) -> None:
    """The first valuable action of each row that names one, else the one chosen for the
    whole file.
    """
    each = [reading.get(ACTION) or run.first_action for reading in readings]
    did = [(pk, kind) for pk, kind in zip(leads, each, strict=True) if kind]
    insert(
        ValuableAction,
        [{"lead_id": pk, "kind_id": kind.pk} for pk, kind in did],
        occurred_on=said["occurred_on"],
        occurred_at=said["at"],
        recorded_by_id=said["actor_id"],
        recorded_at=said["at"],
    )
    payloads = [
        {"lead_id": pk, "payload": {"action": k.code, "note": "", "import": run.pk}}
        for pk, k in did
    ]
    insert(Event, payloads, kind=EventKind.VALUABLE_ACTION.value, **said)
