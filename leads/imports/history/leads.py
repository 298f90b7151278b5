"""Import the leads of another system with their history.

Imported history is not judged: it opens no handoff, starts no clock and sends nothing. Dates stay
the calendar dates of the file, and a stage that the file does not record stays empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any

from crm.accounts.models import Team, User
from leads import events
from leads.imports.history import stages
from leads.imports.history.mapping_file import MappingFile
from leads.imports.identity import known_rows
from leads.imports.notes import Note
from leads.imports.pipeline import BatchResult
from leads.imports.problems import Problem
from leads.imports.problems import deferred as _
from leads.imports.readings import EXTERNAL_ID, Reading, fingerprint
from leads.models import Company, Event, FirstTouch, Lead, Person, Source
from leads.models.lead import LeadQuerySet
from leads.records import companies, sources
from leads.records.search_text import search_text
from leads.states import EventKind, Stage

TOUCH = ("campaign", "landing_page", "medium")


class HistoryImporter:
    """What the importers of the command line have in common.

    External ids are those of the system of the mapping. ``by`` None: the system.
    """

    def __init__(self, mapping: MappingFile, *, by: User | None, at: datetime) -> None:
        self.mapping = mapping
        self.system = mapping.system
        self.by = by
        self.at = at

    def _event(self, lead: Lead, stage: str, on: date, *, original: str, **more: Any) -> Event:
        payload = {"stage": stage, "original": original, "system": self.system, **more}
        return Event(
            lead=lead,
            kind=EventKind.IMPORTED,
            actor=self.by,
            at=self.at,
            occurred_on=on,
            to_state=stage,
            payload=payload,
        )


def contradiction(name: str, recorded: object) -> Problem:
    """Return the problem of a row that differs from the ``recorded`` value."""
    values = {"field": name, "recorded": recorded or _("Not given")}
    return Problem(_("%(field)s: “%(recorded)s” is recorded") % values)


class ImportedLeads(HistoryImporter):
    """Importer of leads. ``team`` is the marketing team that brought them.

    A lead that is known is never changed; a row that differs from its first touch is rejected.
    """

    def __init__(
        self, mapping: MappingFile, *, by: User | None, at: datetime, team: Team | None
    ) -> None:
        super().__init__(mapping, by=by, at=at)
        self.team = team

    @cached_property
    def fingerprints(self) -> set[str]:
        """The fingerprints of this system's leads that have no external id."""
        # Read once for the whole file: rows that repeat within it are set aside before (sort_out).
        rows = FirstTouch.objects.filter(
            lead__external_system=self.system,
            lead__external_id="",
            lead__marketing_team=self.team,
        ).values_list("payload__fingerprint", flat=True)
        return set(rows)

    def write(self, readings: Sequence[Reading]) -> BatchResult:
        """Insert what is not known yet: person, company, lead, first touch, events."""
        result = BatchResult()
        known = self._known_leads(readings)
        fresh = [each for each in readings if self._is_fresh(each, known, result)]
        fresh = self._without_known(fresh, result)
        values = {reading.get("source") for reading in fresh} - {None}
        names = {}
        for value, name in self.mapping.sources.items():
            names[sources.code_of(value)] = name
        by_value, created = sources.find_or_create(values, names)
        facts = [reading.group("company") for reading in fresh]
        team = self.team.pk if self.team else None
        by_key = companies.find_or_create_many(facts, team=team)
        # Before the new leads exist: they start with their companies as filled here.
        payload = {"system": self.system}
        companies.fill_gaps(facts, by_key, by=self.by, at=self.at, payload=payload)
        leads: list[Lead] = []
        for reading, company_facts in zip(fresh, facts, strict=True):
            source = by_value.get(reading.get("source"))
            company = by_key.get(companies.key_of(company_facts))
            leads.append(self._lead(reading, source, company))
        self._insert(leads, fresh)
        result.count(new=len(leads), sources=len(created))
        return result

    def _insert(self, leads: list[Lead], readings: Sequence[Reading]) -> None:
        # First the people: bulk_create sets their ids, and the leads take these over.
        Person.objects.bulk_create(lead.person for lead in leads)
        Lead.objects.bulk_create(leads)
        touches: list[FirstTouch] = []
        events: list[Event] = []
        for lead, reading in zip(leads, readings, strict=True):
            touches.append(_first_touch(lead, reading))
            events.extend(self._stage_events(lead, reading))
        FirstTouch.objects.bulk_create(touches)
        Event.objects.bulk_create(events)

    def _without_known(self, readings: Sequence[Reading], result: BatchResult) -> list[Reading]:
        """Return the rows that are new by e-mail and phone, too; count the others as known."""
        known, fresh = known_rows.split_known(readings, self._sight(), system=self.system)
        for rejection in known.rejections:
            note = Note(rejection.matched_field, "known", {}, rejection.matched_lead)
            result.notes.append((rejection.row.number, note))
        result.count(known=len(known.rejections))
        result.notes.extend(known.notes)
        return fresh

    def _sight(self) -> LeadQuerySet:
        """Return the leads that this import may know: those of its team."""
        return Lead.objects.filter(marketing_team=self.team)

    def _known_leads(self, readings: Sequence[Reading]) -> dict[str, Lead]:
        """Return the leads of the system that the rows name, by their external id."""
        ids = [reading.get(EXTERNAL_ID) for reading in readings if reading.get(EXTERNAL_ID)]
        rows = self._sight().filter(
            archived_at__isnull=True, external_system=self.system, external_id__in=ids
        )
        return {lead.external_id: lead for lead in rows.select_related("first_touch")}

    def _is_fresh(self, reading: Reading, known: dict[str, Lead], result: BatchResult) -> bool:
        """Return whether to insert the row; others are counted or rejected in ``result``."""
        lead = known.get(reading.get(EXTERNAL_ID, ""))
        if lead is not None:
            differences = self._differences(lead, reading)
            if differences:
                result.reject(reading, differences, contradicts=True)
            else:
                result.count(known=1)
            return False
        if not reading.get("first_seen_on"):
            result.reject(reading, _("first_seen_on: is not given"))
            return False
        has_id = bool(reading.get(EXTERNAL_ID))
        if not has_id and fingerprint(reading.parsed) in self.fingerprints:
            result.count(known=1)
            return False
        return True

    def _differences(self, lead: Lead, reading: Reading) -> list[Problem]:
        """Return where the row differs from the first touch, which never changes."""
        touch = lead.first_touch
        recorded: dict[str, Any] = {name: getattr(touch, name) for name in TOUCH}
        # The file's own text: the organisation may have renamed or corrected the source.
        recorded["source"] = touch.payload.get("source", "")
        recorded["first_seen_on"] = touch.seen_on
        differences: list[Problem] = []
        for name in ("first_seen_on", "source", *TOUCH):
            is_mapped = name in self.mapping.fields
            if is_mapped and (reading.get(name) or "") != recorded[name]:
                differences.append(contradiction(name, recorded[name]))
        return differences

    def _lead(self, reading: Reading, source: Source | None, company: Company | None) -> Lead:
        """Return an unsaved lead with an unsaved person, in the last stage that the row records."""
        person = Person(**reading.group("person"))
        external_id = reading.get(EXTERNAL_ID, "")
        return Lead(
            person=person,
            company=company,
            source=source,
            marketing_team=self.team,
            stage=stages.last_stage(reading),
            first_seen_on=reading.get("first_seen_on"),
            attributes=reading.group("attributes"),
            search_text=search_text(person, company, external_id),
            external_system=self.system,
            external_id=external_id,
            is_imported=True,
            created_by=self.by,
            created_at=self.at,
            **stages.milestones(reading),
        )

    def _stage_events(self, lead: Lead, reading: Reading) -> Iterator[Event]:
        """Yield an event for each stage that the row records; for none, one of the first sight."""
        past = list(stages.happenings(reading, system=self.system, today=events.today(self.at)))
        if not past:
            original = reading.originals.get("first_seen_on", "")
            past.append(self._first_sight(lead, original))
        for happening in past:
            yield Event(lead=lead, kind=EventKind.IMPORTED, actor=self.by, at=self.at, **happening)
        note = stages.note_of(reading)
        if note:
            yield Event(
                lead=lead,
                kind=EventKind.NOTE,
                actor=self.by,
                at=self.at,
                occurred_on=events.today(self.at),
                payload=note,
            )

    def _first_sight(self, lead: Lead, original: str) -> dict[str, Any]:
        stage = Stage.CAPTURED.value
        payload = {"stage": stage, "original": original, "system": self.system}
        return {"to_state": stage, "occurred_on": lead.first_seen_on, "payload": payload}


def _first_touch(lead: Lead, reading: Reading) -> FirstTouch:
    """Return how the lead came; ``payload`` keeps the file's own text for the source."""
    payload: dict[str, Any] = {}
    if lead.source:
        payload["source"] = reading.get("source")
    # Nothing else recognises the row when the file is imported again.
    if not lead.external_id:
        payload["fingerprint"] = fingerprint(reading.parsed)
    touch = {name: reading.get(name, "") for name in TOUCH}
    return FirstTouch(
        lead=lead, source=lead.source, seen_on=lead.first_seen_on, payload=payload, **touch
    )
