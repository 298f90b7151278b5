"""The companies of leads: find or create them, and change their facts.

A company's facts are shared by its leads, which one marketing team brought: what a team knows of
a company is not told to another one that logs a lead there. Each change is recorded on every lead
at the company, raises its version and rewrites its search text, in one transaction.

Locks are taken in one order everywhere, so that no two changes wait for each other: companies by
id, then leads by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.audit.entries import record_many
from crm.lib.db.inserts import Many, insert, take_ids
from crm.lib.errors import DomainError
from crm.lib.text import clean_line, company_key
from leads import events
from leads.models import Company, Lead
from leads.records.search_text import search_text
from leads.states import EventKind

Key = tuple[str, str]
Changes = dict[str, list[Any]]  # old and new value by fact
FACTS = ("name", "country", "industry", "employees", "domain")
TEXTS = ("name", "country", "industry", "domain")
# Facts that a new lead fills where its company lacks them, and never replaces.
# A row of another source is no reason to replace a fact that people may have corrected.
GAPS = ("domain", "industry", "employees")
MANY = 1_000  # leads in one statement


class NoCompanyName(DomainError):
    """Facts of a company without its name have no place."""

    code = "no_company_name"
    message = _("Name the company that these data are of.")

    def __init__(self) -> None:
        super().__init__(fields={"company": self.message})


# Of two equal companies the older one counts. Every new lead asks for it, and mostly there is none;
# a queryset would cost four times as much. With OFFSET PostgreSQL plans no join, which takes it
# longer than all the rest.
OF_KEY = """
SELECT id FROM leads_company company WHERE name_key = %s AND country = %s AND EXISTS
    (SELECT 1 FROM leads_lead WHERE company_id = company.id
        AND marketing_team_id IS NOT DISTINCT FROM %s OFFSET 0)
ORDER BY id LIMIT 1
"""


def check_named(facts: Mapping[str, Any]) -> None:
    """Raise NoCompanyName for facts without a name: they could not be looked up again."""
    has_facts = any(facts.get(fact) for fact in GAPS)
    if has_facts and not clean_line(facts.get("name") or ""):
        raise NoCompanyName


def key_of(facts: Mapping[str, Any]) -> Key:
    """Return the identity of a company: name without accents and legal form, and country."""
    # With the country: equal names in two countries are mostly two firms.
    return company_key(facts.get("name") or ""), facts.get("country") or ""


def same_name(company: Company, name: str) -> bool:
    """Return whether ``name`` is that of ``company``, but for accents and legal form."""
    return company_key(name) == company.name_key


# -- Find or create


def find(facts: Mapping[str, Any], *, team: int | None) -> int | None:
    """Return the id of the company with this name and country among leads of ``team``, or None."""
    name = clean_line(facts.get("name") or "")
    if not name:
        return None
    with connection.cursor() as cursor:
        cursor.execute(OF_KEY, (*key_of({**facts, "name": name}), team))
        return next((pk for (pk,) in cursor.fetchall()), None)


@transaction.atomic
def find_or_create(
    facts: Mapping[str, Any], *, team: int | None, by: User | None, at: datetime
) -> Company | None:
    """Return the company with these facts, known to ``team`` or new; None without a name.

    ``team``: the id of the marketing team that brought the lead. A known company takes over the
    facts that it lacks; that is a change of the company.
    """
    pk = find(facts, team=team)
    if pk is not None:
        return take_known(pk, facts, by=by, at=at)
    company = new(facts)
    if company is not None:
        company.save(force_insert=True)
    return company


def take_known(pk: int, facts: Mapping[str, Any], *, by: User | None, at: datetime) -> Company:
    """Return a known company for a lead that is logged, with those of ``facts`` that it lacked.

    The caller holds a transaction: the company stays locked until its end.
    """
    # Locked also where nothing is missing: the lead that is logged takes the name into its search
    # text, and a change of the name rewrites only leads that are there.
    known = locked([pk])[0]
    missing = gaps(known, facts)
    if missing:
        change(known, missing, by=by, at=at)
    return known


def new(facts: Mapping[str, Any]) -> Company | None:
    """Return an unsaved company; None without a name."""
    name = clean_line(facts.get("name") or "")
    if not name:
        return None
    name_key, country = key_of({**facts, "name": name})
    return Company(
        name=name,
        name_key=name_key,
        country=country,
        **{fact: _clean(fact, facts.get(fact)) for fact in GAPS},
    )


def gaps(company: Company, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of ``facts`` that ``company`` lacks."""
    return {fact: facts[fact] for fact in GAPS if facts.get(fact) and not getattr(company, fact)}


def fill_gaps(
    rows: Iterable[Mapping[str, Any]],
    of_key: Mapping[Key, Company],
    *,
    by: User | None,
    at: datetime,
    payload: Mapping[str, Any],
) -> None:
    """Fill the gaps of known companies from many rows; the first row that has a fact gives it.

    ``of_key``: the companies by :func:`key_of`. New companies have no gaps that a row fills.
    """
    wanted: dict[int, dict[str, Any]] = {}
    for facts in rows:
        company = of_key.get(key_of(facts))
        if company is None:
            continue
        for fact, value in gaps(company, facts).items():
            wanted.setdefault(company.pk, {}).setdefault(fact, value)
    change_many(wanted, by=by, at=at, payload=payload)


def differences(company: Company, facts: Mapping[str, Any]) -> Changes:
    """Return the facts that ``company`` keeps though ``facts`` give others: kept and given."""
    differing: Changes = {}
    for fact in GAPS:
        given = _clean(fact, facts.get(fact))
        kept = getattr(company, fact)
        if given and kept and given != kept:
            differing[fact] = [kept, given]
    return differing


def locked(pks: Iterable[int]) -> list[Company]:
    """Return the companies, locked in the order of their ids until the transaction ends."""
    rows = Company.objects.filter(pk__in=set(pks)).order_by("pk")
    return list(rows.select_for_update(no_key=True))


# -- Read


@dataclass(frozen=True)
class Sharing:
    """How many leads of a company a person sees, and whether there are others."""

    seen: int
    has_others: bool

    @property
    def is_shared(self) -> bool:
        return self.seen > 1 or self.has_others


def sharing(company: Company, user: User) -> Sharing:
    """Return who else has this company. Two queries."""
    rows = Lead.objects.filter(company=company, archived_at__isnull=True)
    seen = rows.visible_to(user).values("pk")
    has_others = rows.exclude(pk__in=seen).exists()
    return Sharing(seen.count(), has_others)


# -- Change


@transaction.atomic
def change(
    company: Company,
    facts: Mapping[str, Any],
    *,
    by: User | None,
    at: datetime,
    through: Lead | None = None,
) -> Changes:
    """Set ``facts`` of the company; those that it does not name stay. Return what changed.

    ``through`` is the lead on whose page the company was changed: its caller records the change in
    its own event and raises its version. Every other lead gets both here.
    """
    skip = Q(pk=through.pk) if through else None
    changed = change_many({company.pk: facts}, by=by, at=at, skip=skip)
    company.refresh_from_db()
    return changed.get(company.pk, {})


@transaction.atomic
def change_many(
    facts_of: Mapping[int, Mapping[str, Any]],
    *,
    by: User | None,
    at: datetime,
    payload: Mapping[str, Any] = MappingProxyType({}),
    skip: Q | None = None,
) -> dict[int, Changes]:
    """Set facts of many companies, given by their ids; return what changed, by id.

    ``payload`` goes into every event and audit entry. ``skip``: leads whose own event has the
    change. A handful of statements, however many companies there are.
    """
    changed: dict[int, Changes] = {}
    companies: list[Company] = []
    for company in locked(facts_of):
        changes = _set(company, facts_of[company.pk])
        if changes:
            changed[company.pk] = changes
            companies.append(company)
    Company.objects.bulk_update(companies, [*FACTS, "name_key"], batch_size=MANY)
    payloads = {pk: {**payload, "changes": changes} for pk, changes in changed.items()}
    subjects = [(company, payloads[company.pk]) for company in companies]
    record_many("company_changed", subjects, by=by, at=at)
    _record_on_leads(payloads, by=by, at=at, skip=skip)
    _rewrite_search_text([pk for pk, changes in changed.items() if "company.name" in changes])
    return changed


def _set(company: Company, facts: Mapping[str, Any]) -> Changes:
    changes: Changes = {}
    for fact in FACTS:
        if fact not in facts:
            continue
        old = getattr(company, fact)
        new = _clean(fact, facts[fact])
        # A company without a name is none; a lead leaves it instead.
        if old == new or (fact == "name" and not new):
            continue
        changes[f"company.{fact}"] = [old, new]
        setattr(company, fact, new)
    company.name_key = company_key(company.name)
    return changes


def _clean(fact: str, value: Any) -> Any:
    """Return a value of a fact as it is stored."""
    if fact in TEXTS:
        return clean_line(value or "")
    return value or None


def _record_on_leads(
    payloads: Mapping[int, Mapping[str, Any]], *, by: User | None, at: datetime, skip: Q | None
) -> None:
    """Record the changes of companies on their leads, and raise the versions of the leads.

    ``payloads`` are by the id of the company. Archived leads get no event: they are kept for their
    own history alone.
    """
    affected = Lead.objects.filter(company__in=payloads)
    if skip is not None:
        affected = affected.exclude(skip)
    affected = affected.order_by("pk").only("company", "archived_at", "import_run")
    leads = list(affected.select_for_update(no_key=True))
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(version=F("version") + 1)
    rows: list[dict[str, Any]] = []
    for lead in leads:
        if lead.archived_at is not None or lead.company_id is None:
            continue
        payload = {**payloads[lead.company_id], "company": lead.company_id}
        # Leads of the same import started with the company as it is now.
        if lead.import_run_id is None or payload.get("import") != lead.import_run_id:
            rows.append({"lead_id": lead.pk, "payload": payload})
    insert(events.many(rows, EventKind.UPDATED, by=by, at=at, on=events.today(at)))


def _rewrite_search_text(renamed: Sequence[int]) -> None:
    """Write the new names of companies into the search text of their leads."""
    if not renamed:
        return
    leads = Lead.objects.filter(company__in=renamed).select_related("person", "company")
    rewritten = []
    for lead in leads:
        lead.search_text = search_text(lead.person, lead.company, lead.external_id)
        rewritten.append(lead)
    Lead.objects.bulk_update(rewritten, ["search_text"], batch_size=MANY)


# -- Many rows of an import


def find_or_create_many(
    rows: Iterable[Mapping[str, Any]], *, team: int | None
) -> dict[Key, Company]:
    """Return the companies of many rows by :func:`key_of`; rows without a name have none.

    ``team``: the id of the marketing team that brings the leads; it knows the companies of its own.
    Rows come with clean names. A new company gets the facts of its first row and fills its gaps
    from the later ones; a known one stays as it is (:func:`leads.imports.companies`). A handful of
    queries, however many rows there are.
    """
    named = [facts for facts in rows if facts.get("name")]
    name_keys = {key_of(facts)[0] for facts in named}
    own = Lead.objects.filter(company=OuterRef("pk"), marketing_team=team)
    known = Company.objects.filter(Exists(own), name_key__in=name_keys).order_by("pk")
    companies: dict[Key, Company] = {}
    new: dict[Key, Company] = {}
    # Locked, so that no name changes before the leads of this batch are there.
    for company in known.select_for_update(no_key=True):
        # Of two equal companies the older one counts: it comes first.
        companies.setdefault((company.name_key, company.country), company)
    for facts in named:
        key = key_of(facts)
        if key not in companies:
            name_key, country = key
            companies[key] = Company(name=facts["name"], name_key=name_key, country=country)
            new[key] = companies[key]
        if key in new:
            for fact, value in gaps(new[key], facts).items():
                setattr(new[key], fact, value)
    # New ones after their gaps are filled, so that each is written once.
    _insert(list(new.values()))
    return companies


def _insert(companies: list[Company]) -> None:
    # insert() does not set ids, and the leads of the same batch point at these companies.
    pks = take_ids(Company, len(companies))
    for company, pk in zip(companies, pks, strict=True):
        company.pk = pk
    columns = ("id", "name", "name_key", "country", *GAPS)
    rows = []
    for company in companies:
        rows.append({name: getattr(company, name) for name in columns})
    insert(Many(Company, rows))
