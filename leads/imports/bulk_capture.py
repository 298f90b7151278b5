"""Capture many leads at once: what leads.records.leads.capture() writes for one lead, in a handful
of statements for a thousand. The importer of the browser.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from crm.accounts.models import User
from crm.lib.db.bulk_insert import insert, take_ids
from crm.lib.text import digits
from leads import events
from leads.imports.columns.targets import ACTION, FIRST_SEEN
from leads.imports.companies import plan
from leads.imports.history import stages
from leads.imports.history.leads import TOUCH
from leads.imports.pipeline import BatchResult
from leads.imports.problems import Said
from leads.imports.problems import said as _
from leads.imports.readings import EMAIL, EXTERNAL_ID, NAME, PHONE, Reading, fingerprint
from leads.imports.states import RowKind
from leads.models import Company, Event, FirstTouch, ImportRun, Lead, Person, Source, ValuableAction
from leads.records import companies, sources
from leads.records.search_text import search_text_of
from leads.states import EventKind, Stage

SYSTEM = "file"  # the system of external ids from uploaded files
SHORTEST_PHONE = 7  # digits; a shorter number identifies no one
PERSON_FIELDS = (
    "name",
    "email",
    "phone",
    "phone_extension",
    "phone_typed",
    "phone_assumed",
    "job_title",
    "country",
)
# Three look-ups, each by an index of its own; one OR over both tables could use none of them.
# Archived leads are left out: another import may bring them again.
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


class NewLeads:
    """Importer of new leads. Identity: e-mail, phone or external id, in the whole organisation."""

    def __init__(self, run: ImportRun, *, at: datetime) -> None:
        self.run = run
        self.at = at

    def keys(self, reading: Reading) -> Iterator[str]:
        return keys_of(reading)

    def duplicate_problem(self, reading: Reading, earlier: int) -> Said:
        return _("row %(row)d is the same person: e-mail, phone or external id") % {"row": earlier}

    def write(self, readings: Sequence[Reading]) -> BatchResult:
        result = BatchResult()
        fresh, known = split_known(readings)
        for reading in known:
            problem = _("known already: e-mail, phone or external id")
            result.reject(reading, problem, RowKind.KNOWN)
        if fresh:
            created = capture(self.run, fresh, by=self.run.created_by, at=self.at)
            for reading in fresh:
                result.note(reading)
            result.count(**{RowKind.NEW.value: created})
        return result


def keys_of(reading: Reading) -> Iterator[str]:
    """Yield the keys by which a row is the same as another.

    They are e-mail, phone and external id; without any of them, everything that the row holds.
    """
    email = reading.get(EMAIL)
    phone = reading.get(PHONE, "")
    external_id = reading.get(EXTERNAL_ID)
    has_phone = len(digits(phone)) >= SHORTEST_PHONE
    if email:
        yield f"e:{email}"
    if has_phone:
        yield f"p:{phone}"
    if external_id:
        yield f"x:{external_id}"
    if not (email or has_phone or external_id):
        yield fingerprint(reading.values)


def split_known(readings: Sequence[Reading]) -> tuple[list[Reading], list[Reading]]:
    """Return the rows that are new, and those whose lead the organisation has already."""
    keys = [list(keys_of(reading)) for reading in readings]
    known = known_keys([key for keys_of_row in keys for key in keys_of_row])
    fresh: list[Reading] = []
    known_rows: list[Reading] = []
    for reading, keys_of_row in zip(readings, keys, strict=True):
        if known.isdisjoint(keys_of_row):
            fresh.append(reading)
        else:
            known_rows.append(reading)
    return fresh, known_rows


def known_keys(keys: Iterable[str]) -> set[str]:
    """Return those of ``keys`` that a lead of the organisation has, visible or not."""
    wanted: dict[str, list[str]] = {"e": [], "p": [], "x": []}
    for key in keys:
        kind, _colon, value = key.partition(":")
        # A fingerprint compares only rows of one file; no uploaded lead stores it.
        if kind in wanted:
            wanted[kind].append(value)
    parameters = {"emails": wanted["e"], "phones": wanted["p"], "ids": wanted["x"]}
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, parameters)
        return {f"{kind}:{value}" for kind, value in cursor.fetchall()}


def capture(run: ImportRun, readings: Sequence[Reading], *, by: User, at: datetime) -> int:
    """Create a lead of the run's team for each row; return how many.

    Writes person, company, lead, first touch, events and valuable action, as one does by hand.
    """
    named_sources = {reading.get("source") for reading in readings} - {None}
    by_value, _created = sources.find_or_create(named_sources, {})
    origins = [by_value.get(reading.get("source"), run.source) for reading in readings]
    facts = [reading.group("company") for reading in readings]
    by_key = companies.find_or_create_many(facts)
    plan(run, readings, by_key)
    employers = [by_key.get(companies.key_of(each)) for each in facts]
    # The ids come first, so that rows of different tables can point at each other.
    people = take_ids(Person, len(readings))
    leads = take_ids(Lead, len(readings))
    moment = at.isoformat()
    today = events.today(at)
    insert(Person, [_person(pk, each) for pk, each in zip(people, readings, strict=True)])
    columns = zip(leads, people, readings, origins, employers, strict=True)
    insert(
        Lead,
        [_lead(*each, today=today) for each in columns],
        marketing_team_id=run.team_id,
        import_run_id=run.pk,
        created_by_id=by.pk,
        created_at=moment,
    )
    by_lead = list(zip(leads, readings, strict=True))
    touches = []
    for (lead, reading), origin in zip(by_lead, origins, strict=True):
        touches.append(_touch(lead, reading, origin, at=at, today=today))
    insert(FirstTouch, touches)
    author = {"at": moment, "actor_id": by.pk}
    insert(
        Event,
        [_captured(run, *each, today=today) for each in by_lead],
        kind=EventKind.CAPTURED.value,
        to_state=Stage.CAPTURED.value,
        **author,
    )
    _write_past(by_lead, author, today=today)
    _note_actions(run, by_lead, author, today=today)
    return len(leads)


def _seen_on(reading: Reading, today: date) -> str:
    """Return the date on which the organisation first learnt of the lead: the file's, or today."""
    seen_on: date = reading.get(FIRST_SEEN) or today
    return seen_on.isoformat()


def _write_past(
    by_lead: Sequence[tuple[int, Reading]], author: dict[str, Any], *, today: date
) -> None:
    """Write an event for each stage that a row records, and for its note."""
    rows: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for lead, reading in by_lead:
        note = stages.note_of(reading)
        if note:
            notes.append({"lead_id": lead, "payload": note})
        for happening in stages.happenings(reading, system=SYSTEM, today=today):
            happening["occurred_on"] = happening["occurred_on"].isoformat()
            rows.append({"lead_id": lead, **happening})
    insert(Event, rows, kind=EventKind.IMPORTED.value, **author)
    day = today.isoformat()
    insert(Event, notes, kind=EventKind.NOTE.value, occurred_on=day, **author)


def _person(pk: int, reading: Reading) -> dict[str, Any]:
    facts: dict[str, Any] = {name: reading.get(f"person.{name}", "") for name in PERSON_FIELDS}
    facts["id"] = pk
    return facts


def _lead(
    pk: int,
    person: int,
    reading: Reading,
    source: Source | None,
    company: Company | None,
    *,
    today: date,
) -> dict[str, Any]:
    external_id = reading.get(EXTERNAL_ID, "")
    company_name = company.name if company else ""
    milestones = {}
    for column, on in stages.milestones(reading).items():
        milestones[column] = on.isoformat() if on else None
    stage = stages.last_stage(reading)
    return {
        "id": pk,
        "first_seen_on": _seen_on(reading, today),
        "stage": stage,
        # A stage of the past is history, which is not judged.
        "is_imported": stage != Stage.CAPTURED,
        **milestones,
        "person_id": person,
        "company_id": company.pk if company else None,
        "source_id": source.pk if source else None,
        "attributes": reading.group("attributes"),
        "search_text": search_text_of(
            reading.get(NAME, ""),
            company_name,
            reading.get(EMAIL, ""),
            reading.get(PHONE, ""),
            external_id,
        ),
        "external_system": SYSTEM if external_id else "",
        "external_id": external_id,
    }


def _touch(
    lead: int, reading: Reading, source: Source | None, *, at: datetime, today: date
) -> dict[str, Any]:
    seen_at = None
    # Of a date from the file the time of day is not known.
    if not reading.get(FIRST_SEEN):
        seen_at = at.isoformat()
    return {
        "lead_id": lead,
        "source_id": source.pk if source else None,
        "seen_on": _seen_on(reading, today),
        "seen_at": seen_at,
        **{name: reading.get(name, "") for name in TOUCH},
    }


def _captured(run: ImportRun, lead: int, reading: Reading, *, today: date) -> dict[str, Any]:
    payload = {"import": run.pk, "row": reading.row.number}
    return {"lead_id": lead, "occurred_on": _seen_on(reading, today), "payload": payload}


def _note_actions(
    run: ImportRun,
    by_lead: Sequence[tuple[int, Reading]],
    author: dict[str, Any],
    *,
    today: date,
) -> None:
    """Note the first valuable action that a row names, else the one chosen for the whole file.

    It is what brought the lead, so it has the date of the first sight.
    """
    actions: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for lead, reading in by_lead:
        kind = reading.get(ACTION) or run.first_action
        if not kind:
            continue
        seen_on = _seen_on(reading, today)
        seen_at = None if reading.get(FIRST_SEEN) else author["at"]
        row = {"lead_id": lead, "kind_id": kind.pk, "occurred_on": seen_on, "occurred_at": seen_at}
        actions.append(row)
        payload = {"action": kind.code, "note": "", "import": run.pk}
        notes.append({"lead_id": lead, "occurred_on": seen_on, "payload": payload})
    insert(
        ValuableAction,
        actions,
        recorded_by_id=author["actor_id"],
        recorded_at=author["at"],
    )
    insert(Event, notes, kind=EventKind.VALUABLE_ACTION.value, **author)
