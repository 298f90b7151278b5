"""Bringing in what another system knows: leads, and what became of them.

Imported history is not judged: it opens no handoff, starts no clock and sends nothing. Dates stay
the calendar dates of the file, and a stage that the file does not record stays empty.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from crm.accounts import people
from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib.errors import DomainError
from leads.handoffs import stages
from leads.imports import csv_job, mapping_file
from leads.imports.csv_job import Report, Result, Run
from leads.imports.mapping_file import Reading
from leads.models import Company, Event, FirstTouch, Handoff, Lead, Person, Source
from leads.records import companies, sources
from leads.records.leads import NothingToKnowItBy, normal_phone, search_text
from leads.states import OPEN, EventKind, Stage

PEOPLE = ("qualified_by", "won_by")
TOUCH = ("campaign", "landing_page", "medium")
ENDED = (Stage.WON, Stage.LOST, Stage.DISQUALIFIED)


class NoSuchTeam(DomainError):
    code = "no_such_team"


def marketing_team(name: str | None) -> Team | None:
    """The marketing team called ``name``; without a name the only one there is, else None.

    Raises NoSuchTeam.
    """
    teams = Team.objects.filter(side=Side.MARKETING, archived_at__isnull=True)
    if name is None:
        return teams[0] if len(teams) == 1 else None
    found = teams.filter(name__iexact=name.strip()).first()
    if found is None:
        words = {"name": name, "known": ", ".join(team.name for team in teams) or "–"}
        raise NoSuchTeam(_("There is no marketing team “%(name)s”; there are: %(known)s.") % words)
    return found


def import_leads(
    path: Path,
    mapping_path: Path,
    *,
    by: User | None,
    at: datetime,
    team: Team | None = None,
    rejects: Path | None = None,
) -> Report:
    """Import the leads of a CSV.

    ``team``: the marketing team that brought them; ``by`` None: the system.

    A lead that is known already (by external id, else by an equal row) is never changed; a row that
    says something else about its first touch is rejected. Raises as :func:`imports.carry_out`.
    """
    fields = mapping_file.LEAD
    return csv_job.carry_out(
        "leads_imported",
        path,
        mapping_path,
        fields,
        _write_leads,
        by=by,
        at=at,
        team=team,
        rejects=rejects,
    )


def import_outcomes(
    path: Path, mapping_path: Path, *, by: User | None, at: datetime, rejects: Path | None = None
) -> Report:
    """Import what became of leads that are here already: won or lost.

    An outcome that is recorded already is never changed: an equal one counts as known, another one
    is rejected, and so is one for a lead that sales works on here. Raises as
    :func:`imports.carry_out`.
    """
    fields = mapping_file.OUTCOME
    return csv_job.carry_out(
        "outcomes_imported",
        path,
        mapping_path,
        fields,
        _write_outcomes,
        by=by,
        at=at,
        rejects=rejects,
    )


# -- Leads
def _write_leads(run: Run, readings: list[Reading]) -> Result:
    """Insert what is not known yet: person, company, lead, first touch, events."""
    result = Result()
    known = _known_leads(run, readings)
    fresh = [reading for reading in readings if _is_fresh(run, reading, known, result)]
    by_value, created = sources.find_or_create(
        {reading.get("source") for reading in fresh} - {None},
        {sources.code_of(value): name for value, name in run.mapping.sources.items()},
    )
    companies_by_key = companies.find_or_create(fresh)
    rows = [
        _lead(run, r, by_value.get(r.get("source")), companies_by_key.get(companies.key_of(r)))
        for r in fresh
    ]
    Person.objects.bulk_create(lead.person for lead in rows)
    Lead.objects.bulk_create(rows)
    FirstTouch.objects.bulk_create(map(partial(_first_touch, run), rows, fresh))
    Event.objects.bulk_create(
        event for lead, r in zip(rows, fresh, strict=True) for event in _stages(run, lead, r)
    )
    result.count(new=len(rows), sources=len(created))
    return result


def _known_leads(run: Run, readings: list[Reading]) -> dict[str, Lead]:
    ids = [reading.get("external_id") for reading in readings if reading.get("external_id")]
    here = Lead.objects.filter(archived_at__isnull=True)
    rows = here.filter(external_system=run.system, external_id__in=ids).select_related(
        "first_touch"
    )
    return {lead.external_id: lead for lead in rows}


def _is_fresh(run: Run, reading: Reading, known: dict[str, Lead], result: Result) -> bool:
    """Whether to insert the row; what is known, contradicts or says too little is counted in
    ``result``.
    """
    lead = known.get(reading.get("external_id"))
    if lead is not None:
        if differences := _differences(run, lead, reading):
            result.reject(reading, "; ".join(differences), contradicts=True)
        else:
            result.count(known=1)
        return False
    if not reading.get("first_seen_on"):
        result.reject(reading, _("first_seen_on: is not given"))
        return False
    if not any(reading.get(name) for name in mapping_file.KNOWN_BY):
        result.reject(reading, str(NothingToKnowItBy.message))
        return False
    if not reading.get("external_id") and csv_job.fingerprint(reading) in run.fingerprints:
        result.count(known=1)
        return False
    return True


def _differences(run: Run, lead: Lead, reading: Reading) -> list[str]:
    """What the row says otherwise than the first touch, which nobody can change since."""
    touch = lead.first_touch
    recorded: dict[str, Any] = {
        "first_seen_on": touch.seen_on,
        "source": touch.payload.get("source", ""),
    }
    recorded |= {name: getattr(touch, name) for name in TOUCH}
    return [
        _contradiction(name, value)
        for name, value in recorded.items()
        if name in run.mapping.fields and (reading.get(name) or "") != value
    ]


def _contradiction(name: str, recorded: object) -> str:
    return _("%(field)s: “%(recorded)s” is recorded") % {
        "field": name,
        "recorded": recorded or _("Not given"),
    }


def _lead(run: Run, reading: Reading, source: Source | None, company: Company | None) -> Lead:
    """An unsaved lead with an unsaved person. Its stage is the last one that the row records."""
    person = Person(**reading.group("person"))
    if person.phone:
        person.phone = normal_phone(
            person.phone, person.country or reading.get("company.country", "")
        )
    external_id = reading.get("external_id", "")
    reached = reading.group("stage")
    return Lead(
        person=person,
        company=company,
        source=source,
        marketing_team=run.team,
        stage=next(
            (stage for stage in reversed(mapping_file.STAGES) if stage in reached), Stage.CAPTURED
        ),
        first_seen_on=reading.get("first_seen_on"),
        attributes=reading.group("attributes"),
        search_text=search_text(person, company, external_id),
        external_system=run.system,
        external_id=external_id,
        is_imported=True,
        created_by=run.by,
        created_at=run.at,
        **{f"{stage}_on": on for stage, on in reached.items()},
    )


def _first_touch(run: Run, lead: Lead, reading: Reading) -> FirstTouch:
    """How the file says that the lead came; ``payload`` keeps the file's own word for
    the source.
    """
    payload = {"source": reading.get("source")} if lead.source else {}
    payload |= {} if lead.external_id else {"fingerprint": csv_job.fingerprint(reading)}
    touch = {name: reading.get(name, "") for name in TOUCH}
    return FirstTouch(
        lead=lead, source=lead.source, seen_on=lead.first_seen_on, payload=payload, **touch
    )


def _stages(run: Run, lead: Lead, reading: Reading) -> list[Event]:
    """One event for each stage that the row records; for none, one that says when the lead was
    first seen.
    """
    reached = reading.group("stage")
    if not reached:
        original = reading.originals.get("first_seen_on", "")
        return [_event(run, lead, Stage.CAPTURED, lead.first_seen_on, original=original)]
    return [
        _event(run, lead, stage, reached[stage], original=reading.originals[f"stage.{stage}"])
        for stage in mapping_file.STAGES
        if stage in reached
    ]


def _event(run: Run, lead: Lead, stage: str, on: date, *, original: str, **said: Any) -> Event:
    return Event(
        lead=lead,
        kind=EventKind.IMPORTED,
        actor=run.by,
        at=run.at,
        occurred_on=on,
        to_state=stage,
        payload={"stage": stage, "original": original, "system": run.system, **said},
    )


# -- Outcomes
def _write_outcomes(run: Run, readings: list[Reading]) -> Result:
    """Close the leads of the rows as won or lost, with the people who did it."""
    result = Result()
    ids = [reading.get("external_id") for reading in readings if reading.get("external_id")]
    here = Lead.objects.filter(archived_at__isnull=True)
    rows = here.filter(external_system=run.system, external_id__in=ids).select_for_update(
        of=("self",)
    )
    leads = {lead.external_id: lead for lead in rows.select_related("won_by", "qualified_by")}
    worked = set(
        Handoff.objects.filter(lead__in=leads.values(), state__in=OPEN).values_list(
            "lead_id", flat=True
        )
    )
    fresh = [reading for reading in readings if _closes(run, reading, leads, worked, result)]
    persons = _people(run, fresh, result)
    written = [
        _close(run, leads[reading.get("external_id")], reading, persons) for reading in fresh
    ]
    Event.objects.bulk_create(written)
    closed = [leads[reading.get("external_id")] for reading in fresh]
    result.count(
        new=len(written),
        flagged=sum(lead.won_before_first_seen for lead in closed),
        unpriced=sum(lead.stage == Stage.WON and lead.won_amount is None for lead in closed),
    )
    return result


def _closes(
    run: Run, reading: Reading, leads: dict[str, Lead], worked: set[int], result: Result
) -> bool:
    """Whether the row closes a lead; what is known, undecided or cannot be taken is counted in
    ``result``.
    """
    lead = leads.get(reading.get("external_id"))
    outcome = reading.get("outcome")
    if not reading.get("external_id"):
        result.reject(reading, _("external_id: is not given"))
    elif lead is None:
        words = {"system": run.system, "id": reading.get("external_id")}
        result.reject(reading, _("external_id: no lead %(system)s %(id)s is here") % words)
    elif not outcome:
        result.count(undecided=1)
    elif not reading.get(f"{outcome}_on"):
        result.reject(reading, _("%(field)s: is not given") % {"field": f"{outcome}_on"})
    elif lead.pk in worked:
        result.reject(
            reading,
            _("outcome: sales works on this lead here; close it in Relevo"),
            contradicts=True,
        )
    elif differences := _outcome_differences(run, lead, reading):
        result.reject(reading, "; ".join(differences), contradicts=True)
    elif lead.stage in ENDED:
        result.count(known=1, flagged=int(lead.won_before_first_seen))
    else:
        return True
    return False


def _outcome_differences(run: Run, lead: Lead, reading: Reading) -> list[str]:
    """What the row says otherwise than the lead.

    Of a lead still open only its qualifier can contradict.
    """
    found = []
    if lead.stage in ENDED:
        outcome = reading.get("outcome")
        if lead.stage != outcome:
            return [_contradiction("outcome", lead.get_stage_display())]
        facts = {f"{outcome}_on": getattr(lead, f"{outcome}_on")}
        if outcome == Stage.WON:
            facts["amount"] = lead.won_amount
        found += [
            _contradiction(name, value)
            for name, value in facts.items()
            if value != reading.get(name)
        ]
    for name in PEOPLE:
        person, said = getattr(lead, name), _said_of(name, reading)
        is_same = person is None if said is None else person is not None and _is(run, person, said)
        if not is_same and (lead.stage in ENDED or (person and said)):
            found.append(_contradiction(name, person))
    return found


def _said_of(name: str, reading: Reading) -> str | None:
    """Whom the row names as ``name``; a lost lead was won by nobody."""
    return None if name == "won_by" and reading.get("outcome") != Stage.WON else reading.get(name)


def _key(run: Run, person: str) -> str:
    """A person's external id here: ids of two systems may be equal and mean two people."""
    return f"{run.system}:{person}"


def _is(run: Run, person: User, said: str) -> bool:
    return person.external_id == _key(run, said) or person.email == said.lower()


def _people(run: Run, readings: list[Reading], result: Result) -> dict[str, User]:
    """The people whom the rows name, by the rows' word: an e-mail or an id.

    Unknown ones are created, inactive.
    """
    said = {word for r in readings for name in PEOPLE if (word := _said_of(name, r))}
    by_email = {
        user.email: user for user in User.objects.filter(email__in={word.lower() for word in said})
    }
    others = {word: _key(run, word) for word in said if word.lower() not in by_email}
    known = User.objects.filter(external_id__in=others.values()).count()
    names = {key: run.mapping.name_of(word) for word, key in others.items()}
    by_key = people.get_or_create_by_external_id(names, by=run.by, at=run.at)
    result.count(people=len(by_key) - known)
    return {
        word: by_key[others[word]] if word in others else by_email[word.lower()] for word in said
    }


def _close(run: Run, lead: Lead, reading: Reading, persons: dict[str, User]) -> Event:
    """Record the outcome on the lead; returns the event to write.

    An amount of a lost lead stays in the event.
    """
    outcome, amount = Stage(reading.get("outcome")), reading.get("amount")
    attributes = reading.group("attributes")
    said: dict[str, Any] = {"amount": str(amount)} if amount else {}
    replaced = {
        code for code, value in attributes.items() if lead.attributes.get(code, value) != value
    }
    if replaced:
        said["changes"] = {
            f"attributes.{code}": [lead.attributes[code], attributes[code]]
            for code in sorted(replaced)
        }
    changes: dict[str, Any] = {
        "version": lead.version + 1,
        "attributes": lead.attributes | attributes,
    }
    changes |= {part: persons[word] for part in PEOPLE if (word := _said_of(part, reading))}
    if outcome == Stage.WON:
        changes["won_amount"] = amount
    before, day = lead.stage, f"{outcome}_on"
    stages.reach(lead, outcome, on=reading.get(day), **changes)
    if lead.won_before_first_seen:
        said["before_first_seen"] = True
    event = _event(run, lead, outcome, reading.get(day), original=reading.originals[day], **said)
    event.from_state = before
    return event
