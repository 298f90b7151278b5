"""The companies of leads: find the known ones, fill gaps in their facts, create the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crm.lib.db.bulk_insert import insert, take_ids
from crm.lib.text import clean_line, company_key
from leads.models import Company

Key = tuple[str, str]
# Facts that are filled where a company lacks them, never replaced.
# A row of another source is no reason to replace a fact that people may have corrected.
FACTS = ("domain", "industry", "employees")


def key_of(facts: Mapping[str, Any]) -> Key:
    """Return the identity of a company: name without accents and legal form, and country."""
    # With the country: equal names in two countries are mostly two firms.
    return company_key(facts.get("name") or ""), facts.get("country") or ""


def find_or_create(fields: Mapping[str, Any]) -> Company | None:
    """Return the company with these facts, known or new; None without a name."""
    name = clean_line(fields.get("name") or "")
    if not name:
        return None
    name_key, country = key_of({**fields, "name": name})
    known = Company.objects.filter(name_key=name_key, country=country).first()
    if known is None:
        return Company.objects.create(
            name=name,
            name_key=name_key,
            country=country,
            domain=fields.get("domain") or "",
            industry=fields.get("industry") or "",
            employees=fields.get("employees"),
        )
    gained = _fill_gaps(known, fields)
    if gained:
        known.save(update_fields=gained)
    return known


def find_or_create_many(rows: Iterable[Mapping[str, Any]]) -> dict[Key, Company]:
    """Return the companies of many rows by :func:`key_of`; rows without a name have none.

    Rows come with clean names. A handful of queries, however many rows there are.
    """
    named = [facts for facts in rows if facts.get("name")]
    name_keys = {key_of(facts)[0] for facts in named}
    known = Company.objects.filter(name_key__in=name_keys).order_by("-pk")
    # Of two equal companies the older one counts: it comes last.
    companies = {(company.name_key, company.country): company for company in known}
    changed: set[Key] = set()
    for facts in named:
        key = key_of(facts)
        if key not in companies:
            name_key, country = key
            companies[key] = Company(name=facts["name"], name_key=name_key, country=country)
        if _fill_gaps(companies[key], facts):
            # Noted by key: many rows of a file may fill gaps of the same company.
            changed.add(key)
    known_before = [companies[key] for key in changed if companies[key].pk]
    Company.objects.bulk_update(known_before, FACTS)
    # New ones after the gaps are filled, so that each is written once.
    _insert([company for company in companies.values() if company.pk is None])
    return companies


def _fill_gaps(company: Company, facts: Mapping[str, Any]) -> list[str]:
    """Set the facts that ``company`` lacks; return their names."""
    gained = []
    for name in FACTS:
        value = facts.get(name)
        if value and not getattr(company, name):
            setattr(company, name, value)
            gained.append(name)
    return gained


def _insert(companies: list[Company]) -> None:
    # insert() does not set ids, and the leads of the same batch point at these companies.
    pks = take_ids(Company, len(companies))
    for company, pk in zip(companies, pks, strict=True):
        company.pk = pk
    columns = ("id", "name", "name_key", "country", *FACTS)
    rows = []
    for company in companies:
        rows.append({name: getattr(company, name) for name in columns})
    insert(Company, rows)
