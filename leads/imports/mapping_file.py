"""How the columns of another system's file become fields of a lead or of its outcome: the mapping
file.

README, "Bring your own data", describes the format. Nothing here touches the database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from crm.lib.bilingual import LANGUAGES
from crm.lib.errors import DomainError
from crm.lib.files.csv import Row
from crm.lib.text import clean_line
from leads.imports import parsers
from leads.imports.parsers import Parser
from leads.states import Stage

KEYS = {"system", "dates", "decimal", "columns", "constants", "values", "sources", "person_name"}
DATES = ["%Y-%m-%d", "%Y-%m-%d %H:%M:%S"]
SAMPLE = datetime(2018, 2, 26, 19, 58, 54)
SYSTEM = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
# A won or lost lead is an outcome, with a mapping of its own.
STAGES = (
    Stage.MQL,
    Stage.HANDED_OFF,
    Stage.ACCEPTED,
    Stage.CONTACTED,
    Stage.SQL,
    Stage.OPPORTUNITY,
)


class UnusableMapping(DomainError):
    """The mapping file cannot be used, or not with this file; nothing was imported."""

    code = "unusable_mapping"


@dataclass(frozen=True)
class MappingFile:
    """A mapping that was checked.

    ``columns``: field -> column; ``constants``: field -> the text for every row.
    """

    system: str = ""
    dates: list[str] = field(default_factory=lambda: list(DATES))
    decimal: str = "."
    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str | None]] = field(default_factory=dict)
    sources: dict[str, dict[str, str]] = field(default_factory=dict)
    person_name: str = "{id}"

    @property
    def fields(self) -> list[str]:
        return [*self.columns, *self.constants]

    def name_of(self, person: str) -> str:
        """A readable name for a person of whom only the id is known."""
        return clean_line(self.person_name.replace("{id}", person).replace("{short}", person[:8]))[
            :120
        ]


TEXT = parsers.line(500)
ATTRIBUTE: dict[str, Parser] = {
    "number": parsers.number,
    "yes_no": parsers.yes_no,
    "date": parsers.iso_day,
}
LEAD: dict[str, Parser] = {
    "external_id": parsers.line(120),
    "first_seen_on": parsers.day,
    "source": parsers.line(120),
    "medium": parsers.line(120),
    "campaign": parsers.line(120),
    "landing_page": parsers.line(500),
    "person.name": parsers.line(160),
    "person.email": parsers.email,
    "person.phone": parsers.line(40),
    "person.job_title": parsers.line(120),
    "person.country": parsers.country,
    "person.language": parsers.language,
    "company.name": parsers.line(200),
    "company.domain": parsers.line(120),
    "company.country": parsers.country,
    "company.industry": parsers.line(80),
    "company.employees": parsers.headcount,
    **{f"stage.{stage}": parsers.day for stage in STAGES},
}
OUTCOME: dict[str, Parser] = {
    "external_id": parsers.line(120),
    "outcome": parsers.outcome,
    "won_on": parsers.day,
    "lost_on": parsers.day,
    "amount": parsers.amount,
    "won_by": parsers.line(79),  # with the system's name before it: 120
    "qualified_by": parsers.line(79),
}
KNOWN_BY = ("external_id", "person.name", "person.email", "person.phone")


def load(path: Path, known: Mapping[str, Parser]) -> MappingFile:
    """Read and check the mapping at ``path`` for the fields ``known`` (LEAD or OUTCOME).

    Raises UnusableMapping.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except FileNotFoundError:
        raise UnusableMapping(_("There is no mapping file %(path)s.") % {"path": path}) from None
    except OSError as error:
        words = {"path": path, "reason": error.strerror}
        raise UnusableMapping(_("%(path)s cannot be read: %(reason)s.") % words) from None
    except (ValueError, RecursionError) as error:
        raise UnusableMapping(
            _("The mapping is no JSON: %(reason)s.") % {"reason": error}
        ) from None
    mapping = _checked(raw)
    allowed = set(known)
    for name in (*mapping.fields, *mapping.values):
        if name not in allowed and not (
            name.startswith("attributes.") and CODE.fullmatch(name[11:])
        ):
            words = {"field": name, "known": ", ".join([*known, "attributes.<code>"])}
            raise UnusableMapping(
                _("The mapping names the field “%(field)s”; known are %(known)s.") % words
            )
    if both := set(mapping.columns) & set(mapping.constants):
        raise UnusableMapping(
            _("%(field)s has a column and a constant: choose one.") % {"field": min(both)}
        )
    (_check_lead if known is LEAD else _check_outcome)(mapping)
    return mapping


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(_("“%(name)s” stands twice") % {"name": twice})
    return found


def _checked(raw: Any) -> MappingFile:
    """The mapping with every key of the right kind."""
    if not isinstance(raw, dict):
        raise UnusableMapping(_("The mapping has to be a JSON object."))
    if unknown := set(raw) - KEYS:
        words = {"key": min(unknown), "known": ", ".join(sorted(KEYS))}
        raise UnusableMapping(_("The mapping has the key “%(key)s”; known are %(known)s.") % words)
    for key in ("columns", "constants"):
        _need(key, _is_texts(raw.get(key, {})), _("an object of texts"))
    _need("columns", bool(raw.get("columns")), _("an object that names at least one column"))
    values = raw.get("values", {})
    translations = isinstance(values, dict) and all(
        _is_texts(v, empty=True) for v in values.values()
    )
    _need("values", translations, _("an object of objects: field, then value to text or null"))
    sources = raw.get("sources", {})
    named = isinstance(sources, dict) and all(
        _is_texts(v) and v and set(v) <= set(LANGUAGES) for v in sources.values()
    )
    _need("sources", named, _("an object of names: value, then es and en"))
    system = raw.get("system", "")
    _need(
        "system",
        isinstance(system, str) and SYSTEM.fullmatch(system),
        _("a short name in a-z, 0-9, _ and -"),
    )
    forms = raw.get("dates", DATES)
    _need(
        "dates",
        isinstance(forms, list) and forms and all(map(_is_date_form, forms)),
        _("a list like %s") % DATES,
    )
    _need("decimal", raw.get("decimal", ".") in (".", ","), "“.” | “,”")
    name = raw.get("person_name", "{id}")
    template = isinstance(name, str) and ("{id}" in name or "{short}" in name)
    _need("person_name", template, _("a text with {id} or {short}"))
    return MappingFile(**raw)


def _need(key: str, holds: object, what: str) -> None:
    if not holds:
        raise UnusableMapping(
            _("“%(key)s” in the mapping has to be %(what)s.") % {"key": key, "what": what}
        )


def _is_texts(value: Any, *, empty: bool = False) -> bool:
    kinds = (str, type(None)) if empty else (str,)
    return isinstance(value, dict) and all(isinstance(v, kinds) for v in value.values())


def _is_date_form(form: Any) -> bool:
    """Whether dates written in ``form`` can be read back as the same date."""
    try:
        return datetime.strptime(SAMPLE.strftime(form), form).date() == SAMPLE.date()
    except (ValueError, TypeError, re.error):
        return False


def _check_lead(mapping: MappingFile) -> None:
    fields = mapping.fields
    if "first_seen_on" not in fields:
        raise UnusableMapping(
            _("The mapping has to say where %(field)s is from.") % {"field": "first_seen_on"}
        )
    if not set(KNOWN_BY) & set(mapping.columns):
        raise UnusableMapping(
            _("The mapping needs a column for one of %(fields)s.") % {"fields": ", ".join(KNOWN_BY)}
        )
    if any(name.startswith("company.") for name in fields) and "company.name" not in fields:
        raise UnusableMapping(
            _("The mapping has to say where %(field)s is from.") % {"field": "company.name"}
        )


def _check_outcome(mapping: MappingFile) -> None:
    needed = ["external_id", "outcome"]
    if mapping.constants.get("outcome") in (Stage.WON, Stage.LOST):
        needed.append(f"{mapping.constants['outcome']}_on")
    elif not {"won_on", "lost_on"} & set(mapping.columns):
        needed.append("won_on")
    for name in needed:
        if name not in mapping.fields:
            raise UnusableMapping(
                _("The mapping has to say where %(field)s is from.") % {"field": name}
            )


@dataclass
class Reading:
    """A row as fields. ``values`` lacks what was not given; ``originals`` has the cells as they
    came.
    """

    row: Row
    values: dict[str, Any] = field(default_factory=dict)
    originals: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def group(self, prefix: str) -> dict[str, Any]:
        """The values below ``prefix``: group("person") -> {"name": …, "email": …}."""
        return {
            name.partition(".")[2]: v
            for name, v in self.values.items()
            if name.startswith(f"{prefix}.")
        }


class Reader:
    """Reads the rows of one file by a mapping.

    ``types``: code -> type of the organisation's custom fields; other attributes stay text.
    ``latest``: the last date that may stand in the file. Raises UnusableMapping where a column is
    missing or stands twice.
    """

    def __init__(
        self,
        mapping: MappingFile,
        known: Mapping[str, Parser],
        header: list[str],
        *,
        types: Mapping[str, str],
        latest: date,
    ) -> None:
        self.mapping, self.header, self.latest = mapping, header, latest
        self.columns = [
            (name, column, _position(column, header)) for name, column in mapping.columns.items()
        ]
        attribute = {
            f"attributes.{code}": ATTRIBUTE.get(kind, TEXT) for code, kind in types.items()
        }
        self.parsers: dict[str, Parser] = {
            name: known.get(name) or attribute.get(name) or TEXT for name in mapping.fields
        }

    def read(self, row: Row) -> Reading:
        """The fields of ``row``; what cannot be taken stands in its problems, by field
        and column.
        """
        reading = Reading(row)
        if len(row.cells) < len(self.header) or any(row.cells[len(self.header) :]):
            words = {"cells": len(row.cells), "columns": len(self.header)}
            reading.problems.append(
                _("the row has %(cells)d cells, the header has %(columns)d") % words
            )
            return reading
        for name, column, position in self.columns:
            self._take(reading, name, row.cells[position], label=f"{name} ({column})")
        for name, constant in self.mapping.constants.items():
            self._take(reading, name, constant, label=name)
        return reading

    def _take(self, reading: Reading, name: str, cell: str, *, label: str) -> None:
        text = reading.originals[name] = clean_line(cell)
        text = clean_line(self.mapping.values.get(name, {}).get(text, text) or "")
        if not text:
            return
        try:
            value = self.parsers[name](self.mapping, text)
            if isinstance(value, date) and value > self.latest:
                raise parsers.BadCell(_("%(cell)s has not come yet") % parsers.said(text))
        except parsers.BadCell as problem:
            reading.problems.append(f"{label}: {problem}")
            return
        if value is not None:
            reading.values[name] = value


def _position(column: str, header: list[str]) -> int:
    """Where ``column`` stands.

    The same header twice matters only to a mapping that means one of them.
    """
    wanted = column.strip()
    if header.count(wanted) > 1:
        raise UnusableMapping(
            _("The column “%(column)s” stands twice in the file.") % {"column": column}
        )
    if wanted not in header:
        words = {"column": column, "columns": ", ".join(_shortened(header))}
        raise UnusableMapping(_("The file has no column “%(column)s”; it has %(columns)s.") % words)
    return header.index(wanted)


def _shortened(header: list[str], most: int = 40) -> list[str]:
    return [*header[:most], "…"] if len(header) > most else header
