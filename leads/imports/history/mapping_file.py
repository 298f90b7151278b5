"""The mapping file: how the columns of another system's file become fields, for the command line.

README, "Bring your own data", describes the format. Nothing here touches the database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from crm.lib.bilingual import LANGUAGES
from crm.lib.errors import DomainError
from crm.lib.text import clean_line
from leads.imports.columns.targets import ATTRIBUTE_TEXT, LEAD_FIELDS, WORDS
from leads.imports.parsers import Parser, Style
from leads.imports.readings import EXTERNAL_ID, IDENTITY, RowReader, Target, complete_lead
from leads.states import Stage

KEYS = {"system", "dates", "decimal", "columns", "constants", "values", "sources", "person_name"}
ISO_DATES = ["%Y-%m-%d", "%Y-%m-%d %H:%M:%S"]
# Written in a form and read back, it shows whether the form holds day, month and year.
SAMPLE = datetime(2018, 2, 26, 19, 58, 54)
# Without them a lead of another system has no place in time, or is not known again.
REQUIRED = (EXTERNAL_ID, "first_seen_on")
SYSTEM = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
ATTRIBUTE = re.compile(r"attributes\.[a-z0-9][a-z0-9_-]{0,59}")
LONGEST_NAME = 120
SHORT_ID = 8
MOST_NAMED_COLUMNS = 40


class UnusableMapping(DomainError):
    """The mapping file cannot be used, or not with this file; nothing was imported."""

    code = "unusable_mapping"


@dataclass(frozen=True)
class MappingFile:
    """A checked mapping.

    ``columns`` are columns by field, ``constants`` the text for every row by field, ``values``
    translations of cells by field, ``sources`` bilingual names by value. Without ``dates``, every
    usual spelling of a date is read.
    """

    system: str = ""
    dates: list[str] = field(default_factory=list)
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
        """Return a readable name for a person who is known only by an id."""
        # replace() and not format(), which would evaluate what a mapping has in braces.
        name = self.person_name.replace("{id}", person).replace("{short}", person[:SHORT_ID])
        return clean_line(name)[:LONGEST_NAME]

    def style(self, *, is_sheet: bool = False) -> Style:
        """Return how the file writes dates and numbers. A sheet stores its dates as ISO, too."""
        dates = list(self.dates)
        if dates and is_sheet:
            dates.extend(ISO_DATES)
        return Style(dates=tuple(dict.fromkeys(dates)), decimal=self.decimal, is_sheet=is_sheet)


# -- Loading


def load(path: Path, known: Mapping[str, Parser]) -> MappingFile:
    """Read and check the mapping at ``path`` for LEAD_FIELDS or OUTCOME_FIELDS.

    Raises UnusableMapping.
    """
    try:
        # utf-8-sig, because editors on Windows begin UTF-8 with a byte order mark. _unique, because
        # json silently keeps the last of two equal names.
        raw = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_unique)
    except FileNotFoundError:
        raise UnusableMapping(_("There is no mapping file %(path)s.") % {"path": path}) from None
    except OSError as error:
        details = {"path": path, "reason": error.strerror}
        raise UnusableMapping(_("%(path)s cannot be read: %(reason)s.") % details) from None
    # RecursionError: thousands of nested brackets.
    except (ValueError, RecursionError) as error:
        raise UnusableMapping(
            _("The mapping is no JSON: %(reason)s.") % {"reason": error}
        ) from None
    mapping = _checked(raw)
    _check_fields(mapping, known)
    if known is LEAD_FIELDS:
        _check_lead(mapping)
    else:
        _check_outcome(mapping)
    return mapping


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs of a JSON object. Raises ValueError for a name that occurs twice."""
    names = [name for name, _value in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(_("“%(name)s” stands twice") % {"name": name})
    return dict(pairs)


def _checked(raw: Any) -> MappingFile:
    """Return the mapping; every key has a value of the right kind."""
    if not isinstance(raw, dict):
        raise UnusableMapping(_("The mapping has to be a JSON object."))
    unknown = set(raw) - KEYS
    if unknown:
        names = {"key": min(unknown), "known": ", ".join(sorted(KEYS))}
        raise UnusableMapping(_("The mapping has the key “%(key)s”; known are %(known)s.") % names)
    for key in ("columns", "constants"):
        _need(key, _is_texts(raw.get(key, {})), _("an object of texts"))
    _need("columns", bool(raw.get("columns")), _("an object that names at least one column"))
    _need(
        "values",
        _is_translations(raw.get("values", {})),
        _("an object of objects: field, then value to text or null"),
    )
    _need(
        "sources",
        _is_bilingual(raw.get("sources", {})),
        _("an object of names: value, then es and en"),
    )
    _need("system", _is_system(raw.get("system", "")), _("a short name in a-z, 0-9, _ and -"))
    _need(
        "dates",
        _is_date_forms(raw.get("dates", ISO_DATES)),
        _("a list like %s") % ISO_DATES,
    )
    _need("decimal", raw.get("decimal", ".") in (".", ","), "“.” | “,”")
    _need(
        "person_name",
        _is_name_form(raw.get("person_name", "{id}")),
        _("a text with {id} or {short}"),
    )
    return MappingFile(**raw)


def _need(key: str, is_right: bool, what: str) -> None:
    if not is_right:
        raise UnusableMapping(
            _("“%(key)s” in the mapping has to be %(what)s.") % {"key": key, "what": what}
        )


def _is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _is_texts_or_nulls(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return all(isinstance(each, str | None) for each in value.values())


def _is_translations(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_texts_or_nulls(each) for each in value.values())


def _is_bilingual(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return all(_is_texts(each) and each and set(each) <= set(LANGUAGES) for each in value.values())


def _is_system(value: Any) -> bool:
    return isinstance(value, str) and bool(SYSTEM.fullmatch(value))


def _is_date_forms(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_date_form, value))


def _is_date_form(form: Any) -> bool:
    """Return whether a date written in ``form`` can be read back as the same date."""
    try:
        return datetime.strptime(SAMPLE.strftime(form), form).date() == SAMPLE.date()
    # strptime makes a regular expression of the form, and some forms make a broken one.
    except (ValueError, TypeError, re.error):
        return False


def _is_name_form(value: Any) -> bool:
    return isinstance(value, str) and ("{id}" in value or "{short}" in value)


def _check_fields(mapping: MappingFile, known: Mapping[str, Parser]) -> None:
    for name in (*mapping.fields, *mapping.values):
        if name not in known and not ATTRIBUTE.fullmatch(name):
            names = {"field": name, "known": ", ".join([*known, "attributes.<code>"])}
            raise UnusableMapping(
                _("The mapping names the field “%(field)s”; known are %(known)s.") % names
            )
    twice = set(mapping.columns) & set(mapping.constants)
    if twice:
        raise UnusableMapping(
            _("%(field)s has a column and a constant: choose one.") % {"field": min(twice)}
        )


def _check_lead(mapping: MappingFile) -> None:
    fields = mapping.fields
    _require(fields, "first_seen_on")
    if not set(IDENTITY) & set(mapping.columns):
        raise UnusableMapping(
            _("The mapping needs a column for one of %(fields)s.") % {"fields": ", ".join(IDENTITY)}
        )
    if any(name.startswith("company.") for name in fields):
        _require(fields, "company.name")


def _check_outcome(mapping: MappingFile) -> None:
    fields = mapping.fields
    _require(fields, "external_id")
    _require(fields, "outcome")
    outcome = mapping.constants.get("outcome")
    if outcome in (Stage.WON, Stage.LOST):
        _require(fields, f"{outcome}_on")
    elif not {"won_on", "lost_on"} & set(mapping.columns):
        _require(fields, "won_on")


def _require(fields: Sequence[str], name: str) -> None:
    if name not in fields:
        raise UnusableMapping(
            _("The mapping has to say where %(field)s is from.") % {"field": name}
        )


# -- Reading


def reader(
    mapping: MappingFile,
    known: Mapping[str, Parser],
    header: Sequence[str],
    *,
    attributes: Mapping[str, Parser],
    latest: date,
    is_sheet: bool = False,
    assumed: str = "",
) -> RowReader:
    """Return the reader of a file with this header.

    ``attributes`` are the parsers of the custom fields; other attributes stay text. ``latest`` is
    the last date that the file may have; ``assumed`` is the country of the organisation. Raises
    UnusableMapping for a column that is missing or occurs twice.
    """

    def target(name: str, column: str) -> Target:
        parse = known.get(name) or attributes.get(name) or ATTRIBUTE_TEXT
        return Target(
            name,
            column,
            parse,
            translations=mapping.values.get(name, {}),
            words=WORDS.get(name, ()),
            # An outcome without one of its facts is another outcome.
            is_required=name in REQUIRED or known is not LEAD_FIELDS,
        )

    columns: list[tuple[Target, int]] = []
    for name, column in mapping.columns.items():
        columns.append((target(name, column), _position(column, header)))
    constants = [(target(name, ""), text) for name, text in mapping.constants.items()]
    complete = None
    if known is LEAD_FIELDS:
        complete = partial(complete_lead, assumed=assumed)
    return RowReader(
        columns,
        constants,
        width=len(header),
        style=mapping.style(is_sheet=is_sheet),
        latest=latest,
        complete=complete,
    )


def _position(column: str, header: Sequence[str]) -> int:
    """Return the position of ``column``. A repeated name matters only if it is mapped."""
    wanted = clean_line(column)
    if header.count(wanted) > 1:
        raise UnusableMapping(
            _("The column “%(column)s” stands twice in the file.") % {"column": column}
        )
    if wanted not in header:
        names = list(header[:MOST_NAMED_COLUMNS])
        if len(header) > MOST_NAMED_COLUMNS:
            names.append("…")
        details = {"column": column, "columns": ", ".join(names)}
        raise UnusableMapping(
            _("The file has no column “%(column)s”; it has %(columns)s.") % details
        )
    return header.index(wanted)
