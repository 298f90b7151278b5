"""The companies of many rows at once: known ones found, gaps in them filled, new ones created."""

from __future__ import annotations

from collections.abc import Iterable

from crm.lib.db.bulk_insert import insert, take_ids
from crm.lib.text import company_key
from leads.imports.mapping_file import Reading
from leads.models import Company

Key = tuple[str, str]
FACTS = ("domain", "industry", "employees")


def key_of(reading: Reading) -> Key:
    """By what a company is known: its name without accents and legal form, and its country."""
    return company_key(reading.get("company.name", "")), reading.get("company.country", "")


def find_or_create(readings: Iterable[Reading]) -> dict[Key, Company]:
    """The companies of the rows by :func:`key_of`."""
    named = [reading for reading in readings if reading.get("company.name")]
    keys = {key_of(reading)[0] for reading in named}
    found = {
        (row.name_key, row.country): row
        for row in Company.objects.filter(name_key__in=keys).order_by("-pk")
    }
    gained: set[Key] = set()
    for reading in named:
        key, given = key_of(reading), reading.group("company")
        company = found.setdefault(
            key, Company(name=given["name"], name_key=key[0], country=key[1])
        )
        for name in FACTS:
            if given.get(name) and not getattr(company, name):
                setattr(company, name, given[name])
                gained.add(key)
    Company.objects.bulk_update([found[key] for key in gained if found[key].pk], FACTS)
    _create([row for row in found.values() if row.pk is None])
    return found


def _create(fresh: list[Company]) -> None:
    for row, pk in zip(fresh, take_ids(Company, len(fresh)), strict=True):
        row.pk = pk
    columns = ("id", "name", "name_key", "country", *FACTS)
    insert(Company, [{column: getattr(row, column) for column in columns} for row in fresh])
