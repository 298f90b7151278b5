"""Capture many leads at once: what leads.records.leads.capture() writes for one lead, in a handful
of statements for a thousand. The importer of the browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from crm.accounts.models import User
from crm.lib.db.inserts import Many, insert, take_ids
from leads import events
from leads.imports.columns.targets import ACTION, FIRST_SEEN
from leads.imports.companies import plan
from leads.imports.history import stages
from leads.imports.history.leads import TOUCH
from leads.imports.identity import known_rows
from leads.imports.pipeline import BatchResult
from leads.imports.readings import EMAIL, EXTERNAL_ID, NAME, PHONE, Reading
from leads.imports.states import RowKind
from leads.models import Company, Event, FirstTouch, ImportRun, Lead, Person, Source, ValuableAction
from leads.records import companies, sources
from leads.records.search_text import search_text_of
from leads.states import EventKind, Stage

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


class NewLeads:
    """Importer of new leads. It knows the leads in the sight of the person who imports.

    An import of the command line knows those of its team.
    """

    def __init__(self, run: ImportRun, *, at: datetime, by: User | None = None) -> None:
        self.run = run
        self.sees_team_only = run.sees_team_only and by is None
        # Another person of the team may try rejected rows again.
        self.by = by or run.created_by
        self.at = at
        self.system = run.system

    def write(self, readings: Sequence[Reading]) -> BatchResult:
        result, fresh = self.split_known(readings)
        if fresh:
            created = capture(self.run, fresh, by=self.by, at=self.at)
            result.count(**{RowKind.NEW.value: created})
        return result

    def split_known(self, readings: Sequence[Reading]) -> tuple[BatchResult, list[Reading]]:
        """Return the rows that are new, and a result with the known rows and all notes."""
        sight = Lead.objects.filter(marketing_team=self.run.team)
        if not self.sees_team_only:
            sight = Lead.objects.visible_to(self.by)
        return known_rows.split_known(readings, sight, system=self.system)


def capture(run: ImportRun, readings: Sequence[Reading], *, by: User, at: datetime) -> int:
    """Create a lead of the run's team for each row; return how many.

    Writes person, company, lead, first touch, events and valuable action, as one does by hand.
    """
    named_sources = {reading.get("source") for reading in readings} - {None}
    by_value, _created = sources.find_or_create(named_sources, {})
    origins = [by_value.get(reading.get("source"), run.source) for reading in readings]
    facts = [reading.group("company") for reading in readings]
    by_key = companies.find_or_create_many(facts, team=run.team_id)
    plan(run, readings, by_key)
    employers = [by_key.get(companies.key_of(each)) for each in facts]
    # The ids come first, so that rows of different tables can point at each other.
    people = take_ids(Person, len(readings))
    leads = take_ids(Lead, len(readings))
    moment = at.isoformat()
    today = events.today(at)
    columns = zip(leads, people, readings, origins, employers, strict=True)
    rows = Many(
        Lead,
        [_lead(*each, system=run.system, today=today) for each in columns],
        marketing_team_id=run.team_id,
        import_run_id=run.pk,
        created_by_id=by.pk,
        created_at=moment,
    )
    persons = [_person(pk, each) for pk, each in zip(people, readings, strict=True)]
    insert(Many(Person, persons), rows)
    by_lead = list(zip(leads, readings, strict=True))
    touches = []
    for (lead, reading), origin in zip(by_lead, origins, strict=True):
        touches.append(_touch(lead, reading, origin, at=at, today=today))
    author: dict[str, Any] = {"at": moment, "actor_id": by.pk}
    captured = Many(
        Event,
        [_captured(run, *each, today=today) for each in by_lead],
        kind=EventKind.CAPTURED.value,
        to_state=Stage.CAPTURED.value,
        **author,
    )
    insert(Many(FirstTouch, touches), captured)
    _write_past(run, by_lead, author, today=today)
    _note_actions(run, by_lead, author, today=today)
    return len(leads)


def _seen_on(reading: Reading, today: date) -> str:
    """Return the date on which the organisation first learnt of the lead: the file's, or today."""
    seen_on: date = reading.get(FIRST_SEEN) or today
    return seen_on.isoformat()


def _write_past(
    run: ImportRun, by_lead: Sequence[tuple[int, Reading]], author: dict[str, Any], *, today: date
) -> None:
    """Write an event for each stage that a row records, and for its note."""
    rows: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for lead, reading in by_lead:
        note = stages.note_of(reading)
        if note:
            notes.append({"lead_id": lead, "payload": note})
        for happening in stages.happenings(reading, system=run.system, today=today):
            happening["occurred_on"] = happening["occurred_on"].isoformat()
            rows.append({"lead_id": lead, **happening})
    insert(Many(Event, rows, kind=EventKind.IMPORTED.value, **author))
    day = today.isoformat()
    insert(Many(Event, notes, kind=EventKind.NOTE.value, occurred_on=day, **author))


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
    system: str,
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
        "external_system": system if external_id else "",
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
    done = Many(
        ValuableAction,
        actions,
        recorded_by_id=author["actor_id"],
        recorded_at=author["at"],
    )
    insert(done, Many(Event, notes, kind=EventKind.VALUABLE_ACTION.value, **author))
