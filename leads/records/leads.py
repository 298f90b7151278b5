"""Write leads: log one by hand, change its data, note valuable actions and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Model
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team, User
from crm.lib.db.inserts import insert
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import clean_line
from leads import events
from leads.models import (
    Company,
    Evidence,
    FirstTouch,
    Lead,
    Person,
    Source,
    ValuableAction,
    ValuableActionKind,
)
from leads.records import companies, persons
from leads.records.persons import Changes
from leads.records.search_text import search_text
from leads.returns import new_actions
from leads.states import EventKind, Verdict

TOUCH_FIELDS = ("campaign", "landing_page", "medium")


class NoIdentity(DomainError):
    """Nothing identifies the lead: no name, e-mail, phone or external id."""

    code = "nothing_to_know_it_by"
    message = _("Give at least a name, an e-mail, a phone or an external id.")


class ChangedMeanwhile(Conflict):
    """Another person saved the lead while it was being edited; the message names that person."""

    code = "changed_meanwhile"
    message = _("Somebody else changed this lead while you edited it.")


def capture(
    data: Mapping[str, Any],
    *,
    by: User | None,
    at: datetime,
    team: Team | None,
    source: Source | None = None,
    first_action: ValuableActionKind | None = None,
    person: Person | None = None,
) -> Lead:
    """Log a lead.

    ``data`` is {"person": {…}, "company": {…}, "attributes": {…}, "campaign", "landing_page"}.
    ``person``: that of :func:`persons.new` for these data, where it was read before.

    Writes the immutable first touch and, with ``first_action``, the valuable action that brought
    the lead. Raises NoIdentity where name, e-mail and phone are all empty.
    """
    person = person or persons.new(data)
    if not (person.name or person.email or person.phone):
        raise NoIdentity(fields={"name": _("Give a name, an e-mail or a phone.")})
    team_id = team.pk if team else None
    facts = data.get("company", {})
    known = companies.find(facts, team=team_id)
    # Mostly all is new, and written by one statement: it needs no transaction around it.
    if known is None and first_action is None:
        return _insert(person, companies.new(facts), data, by=by, at=at, team=team, source=source)
    with transaction.atomic():
        if known is None:
            company = companies.new(facts)
        else:
            company = companies.take_known(known, facts, by=by, at=at)
        lead = _insert(person, company, data, by=by, at=at, team=team, source=source)
        if first_action is not None:
            on = lead.first_seen_on
            add_action(lead, first_action, occurred_on=on, by=by, at=at, occurred_at=at)
    return lead


def _insert(
    person: Person,
    company: Company | None,
    data: Mapping[str, Any],
    *,
    by: User | None,
    at: datetime,
    team: Team | None,
    source: Source | None,
) -> Lead:
    """Insert the lead with its person, first touch and event, and a new company, together."""
    # One day for lead, first touch and event, by the organisation's calendar.
    on = events.today(at)
    lead = Lead(
        person=person,
        company=company,
        source=source,
        marketing_team=team,
        first_seen_on=on,
        attributes=_without_empty(data.get("attributes", {})),
        search_text=search_text(person, company),
        created_by=by,
        created_at=at,
    )
    rows: list[Model] = [person, lead, _first_touch(lead, data, at=at)]
    rows.append(events.new(lead, EventKind.CAPTURED, by=by, at=at, on=on, to_state=lead.stage))
    if company is not None and company._state.adding:
        rows.insert(0, company)
    insert(*rows)
    return lead


def _first_touch(lead: Lead, data: Mapping[str, Any], *, at: datetime) -> FirstTouch:
    """Return how the organisation first learnt of the new ``lead``."""
    texts = {name: clean_line(data.get(name, "")) for name in TOUCH_FIELDS}
    # Apart from the lead, whose source may be corrected later: a first touch never changes.
    return FirstTouch(
        lead=lead,
        source=lead.source,
        seen_on=lead.first_seen_on,
        seen_at=at,
        **texts,
    )


def _without_empty(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that have a value."""
    # Not "if value": 0 and False are answers.
    return {code: value for code, value in attributes.items() if value not in (None, "")}


@transaction.atomic
def change(lead: Lead, data: Mapping[str, Any], *, by: User, at: datetime, version: int) -> Lead:
    """Change a lead's data.

    ``version`` is the one that was on the screen; raises ChangedMeanwhile if the lead has another
    one by now. ``data`` is as in :func:`capture`, plus "source". What ``data`` does not name stays;
    an empty attribute is removed. The first touch never changes. Old and new values are stored in
    the event.

    Another company name moves this lead alone. Other facts of the company, and accents or the legal
    form in its name, are changed for all of its leads (:func:`companies.change`).
    """
    _lock_companies(lead, data.get("company", {}))
    # The condition is the lock: of two edits of one version the second matches no row. It is the
    # first statement, so that the row stays locked while the facts are compared.
    unchanged = Lead.objects.filter(pk=lead.pk, version=version, archived_at__isnull=True)
    if not unchanged.update(version=F("version") + 1):
        raise ChangedMeanwhile(_changed_by(lead))
    lead = Lead.objects.select_related("person", "company", "source").get(pk=lead.pk)
    # The company first: its country may be that of the phone.
    changes = _change_company(lead, data.get("company", {}), by=by, at=at)
    changes |= _change_person(lead, data.get("person", {}))
    source = data.get("source", lead.source)
    if lead.source != source:
        changes["lead.source"] = [str(lead.source or ""), str(source or "")]
        lead.source = source
    changes |= _change_attributes(lead, data.get("attributes", {}))
    lead.search_text = search_text(lead.person, lead.company, lead.external_id)
    lead.save(update_fields=["company", "source", "attributes", "search_text"])
    if changes:
        payload = {"changes": changes}
        events.record(events.new(lead, EventKind.UPDATED, by=by, at=at, payload=payload))
    return lead


def _change_person(lead: Lead, fields: Mapping[str, Any]) -> Changes:
    """Change the facts of the person that ``fields`` names. Raises NoIdentity, NotAPhone."""
    person = lead.person
    company_country = lead.company.country if lead.company is not None else ""
    changes = persons.change(person, fields, company_country=company_country)
    if not (person.name or person.email or person.phone or lead.external_id):
        raise NoIdentity(fields={"name": _("Give a name, an e-mail or a phone.")})
    return changes


def _change_attributes(lead: Lead, attributes: Mapping[str, Any]) -> Changes:
    """Change the attributes that are named; an empty one is removed."""
    merged = {**lead.attributes, **attributes}
    changes: Changes = {}
    for code, value in merged.items():
        old = lead.attributes.get(code)
        new = value
        if value == "":
            new = None
        if old != new:
            changes[f"attributes.{code}"] = [old, new]
    lead.attributes = _without_empty(merged)
    return changes


def _changed_by(lead: Lead) -> object:
    edits = lead.events.filter(kind=EventKind.UPDATED).select_related("actor")
    last = edits.order_by("-id").first()
    if last is None or last.actor is None:
        return ChangedMeanwhile.message
    text = _("%(name)s changed this lead while you edited it. Compare, then save again.")
    return text % {"name": last.actor.name}


def _lock_companies(lead: Lead, facts: Mapping[str, Any]) -> None:
    """Lock the company of ``lead`` and the one that ``facts`` name, before the lead itself."""
    pks = set(Lead.objects.filter(pk=lead.pk).values_list("company", flat=True))
    target = companies.find(_with_country(lead, facts), team=lead.marketing_team_id)
    if target is not None:
        pks.add(target)
    companies.locked(pks - {None})


def _with_country(lead: Lead, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of another company; it is in the country of the person if none is named."""
    return {"country": lead.person.country, **facts}


def _change_company(
    lead: Lead, facts: Mapping[str, Any], *, by: User | None, at: datetime
) -> Changes:
    """Move ``lead`` to the company that ``facts`` name, or change the facts of its own one."""
    old = lead.company
    name = clean_line(facts.get("name", old.name if old else "") or "")
    # By the key: a corrected accent or legal form is no other company.
    if old is not None and companies.same_name(old, name):
        return companies.change(old, facts, by=by, at=at, through=lead)
    facts = {**_with_country(lead, facts), "name": name}
    team = lead.marketing_team_id
    lead.company = companies.find_or_create(facts, team=team, by=by, at=at)
    if lead.company == old:
        return {}
    return {"company.name": [str(old or ""), str(lead.company or "")]}


@transaction.atomic
def add_action(
    lead: Lead,
    kind: ValuableActionKind,
    *,
    occurred_on: date,
    by: User | None,
    at: datetime,
    occurred_at: datetime | None = None,
    note: str = "",
) -> ValuableAction:
    """Note a valuable action of the lead.

    It wakes a parked lead, and the owner of a lead in work is told.
    """
    # Locked: an action beside a parking either is seen by it, or wakes the lead.
    lead = _locked(lead)
    action = ValuableAction(
        lead=lead,
        kind=kind,
        occurred_on=occurred_on,
        occurred_at=occurred_at,
        note=note,
        recorded_by=by,
        recorded_at=at,
    )
    event = events.new(
        lead,
        EventKind.VALUABLE_ACTION,
        by=by,
        at=at,
        on=occurred_on,
        payload={"action": kind.code, "note": note},
    )
    insert(action, event)
    new_actions.follow(action, by=by, at=at)
    return action


def _locked(lead: Lead) -> Lead:
    rows = Lead.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("person").get(pk=lead.pk)


@transaction.atomic
def add_evidence(
    lead: Lead, code: str, verdict: str, *, value: str, source: str, by: User, at: datetime
) -> Evidence:
    """Note what proves or disproves the criterion ``code``: value, source, author and time."""
    # Evidence without a value proves nothing (rule of the domain).
    if not value.strip():
        raise DomainError(_("Say what proves it."), fields={"value": _("Say what proves it.")})
    details = {"value": value, "source": source}
    return write_evidence(lead, code, verdict, details=details, by=by, at=at)


@transaction.atomic
def write_evidence(
    lead: Lead,
    code: str,
    verdict: str,
    *,
    details: dict[str, str],
    by: User,
    at: datetime,
    overrides: bool = False,
) -> Evidence:
    """Create the evidence and its event.

    ``details`` is {"value", "source"}, and "reason" where it ``overrides`` a fact.
    """
    evidence = Evidence.objects.create(
        lead=lead,
        code=code,
        verdict=Verdict(verdict),
        overrides=overrides,
        actor=by,
        at=at,
        payload=details,
    )
    payload: dict[str, Any] = {"criterion": code, "verdict": verdict, **details}
    if overrides:
        payload["overrides"] = True
    events.record(events.new(lead, EventKind.EVIDENCE, by=by, at=at, payload=payload))
    return evidence
