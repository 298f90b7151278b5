"""How the columns of an uploaded table become fields of new leads: what they may be, what they
likely are, and reading.

Columns are known by position, so that two with the same name stay two.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib import countries
from crm.lib.files.csv import Row
from crm.lib.files.detect import Layout
from crm.lib.text import clean_line, digits, fold
from leads.imports import csv_job, mapping_file
from leads.imports import parsers as cells
from leads.imports.mapping_file import Reading
from leads.imports.parsers import BadCell, Parser, Style
from leads.models import CustomField, ValuableActionKind
from leads.records.fields import FIELD_LABELS
from leads.records.fields import labels as field_labels
from leads.records.leads import NothingToKnowItBy, normal_phone

SKIP = ""
EMAIL, PHONE, NAME, ID = "person.email", "person.phone", "person.name", "external_id"
FIRST, LAST, ACTION, DOMAIN = (
    "person.first_name",
    "person.last_name",
    "first_action",
    "company.domain",
)
LABELS: dict[str, Promise] = {
    NAME: FIELD_LABELS[NAME],
    FIRST: gettext_lazy("First name"),
    LAST: gettext_lazy("Last name"),
    **{code: FIELD_LABELS[code] for code in (EMAIL, PHONE, "person.job_title", "person.country")},
    **{
        code: FIELD_LABELS[f"company.{code[8:]}"]
        for code in ("company.name", DOMAIN, "company.industry")
    },
    "company.employees": FIELD_LABELS["company.employees"],
    "source": FIELD_LABELS["lead.source"],
    "campaign": gettext_lazy("Campaign"),
    ACTION: gettext_lazy("First valuable action"),
    ID: gettext_lazy("External id"),
}
# What people call a column, folded: in Spanish, then in English.
WORDS: dict[str, str] = {
    NAME: (
        "nombre|nombre completo|nombre y apellido|nombre y apellidos|contacto|nombre del"
        " contacto|prospecto|name|full name|contact|contact name|lead|lead name"
    ),
    FIRST: "nombres|primer nombre|nombre de pila|first name|given name|firstname",
    LAST: "apellido|apellidos|apellido paterno|last name|surname|family name|lastname",
    EMAIL: (
        "correo|correo electronico|correo e|email|mail|e mail|direccion de correo|email"
        " address|work email"
    ),
    PHONE: (
        "telefono|tel|celular|movil|whatsapp|telefono movil|numero de telefono|phone|phone"
        " number|mobile|mobile phone|cell|cell phone|telephone"
    ),
    "person.job_title": "cargo|puesto|posicion|titulo|rol|job title|title|position|role|job",
    "person.country": "pais|country|pais region|country region",
    "company.name": (
        "empresa|compania|organizacion|razon social|nombre de la empresa|cuenta|negocio"
        "|company|company name|organization|organisation|account|account name|business"
    ),
    DOMAIN: "sitio web|web|pagina web|dominio|website|domain|url|company domain|website url",
    "company.industry": "industria|sector|giro|rubro|ramo|industry",
    "company.employees": (
        "empleados|numero de empleados|no de empleados|num empleados|tamano|colaboradores"
        "|employees|number of employees|headcount|company size|size"
    ),
    "source": (
        "fuente|origen|canal|fuente original|procedencia|source|lead source|original source|channel"
    ),
    "campaign": "campana|utm campaign|campaign|campaign name",
    ACTION: (
        "accion de valor|primera accion de valor|accion|valuable action|first valuable"
        " action|action"
    ),
    ID: (
        "id externo|id de contacto|id del contacto|id del prospecto|id de registro"
        "|external id|record id|contact id|lead id"
    ),
}
BY_WORD = {word: code for code, words in WORDS.items() for word in words.split("|")}
LOOKS_LIKE: dict[str, re.Pattern[str]] = {
    EMAIL: re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    PHONE: re.compile(r"(?=(\D*\d){10,15}\D*$)\+?[\d(][\d\s().-]{8,20}\d"),
    DOMAIN: re.compile(r"(https?://)?([a-z0-9-]+\.)+[a-z]{2,}(/\S*)?", re.IGNORECASE),
}
MOST_CONTENT = 0.8  # of the filled cells have to look like it
SPREADSHEET_ERROR = re.compile(
    r"#(N/A|N/D|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|¡\w+!|¿\w+\?)"
)
SHORTEST_PHONE = 7  # digits that make two phones the same


def targets(customs: Sequence[CustomField]) -> list[tuple[str, str]]:
    """What a column may be, as (code, label); "" is not imported."""
    own = [(f"attributes.{custom.code}", str(custom)) for custom in customs]
    return [
        (SKIP, _("Do not import")),
        *((code, str(label)) for code, label in LABELS.items()),
        *own,
    ]


def key_of(header: Sequence[str]) -> str:
    """By which a file with the same columns is known again."""
    return hashlib.sha256(json.dumps([fold(name) for name in header]).encode()).hexdigest()


def suggest(
    header: Sequence[str], sample: Sequence[Row], customs: Sequence[CustomField]
) -> list[str]:
    """The likely target of each column, by its name, else by what its cells look like; each target
    once.
    """
    own = {
        fold(name): f"attributes.{c.code}" for c in customs for name in (c.code, *c.name.values())
    }
    found: list[str] = []
    for name in header:
        code = own.get(fold(name)) or BY_WORD.get(fold(name), SKIP)
        found.append(code if code not in found else SKIP)
    if LAST in found and NAME in found and FIRST not in found:
        found[found.index(NAME)] = FIRST
    for position, code in enumerate(found):
        if not code:
            likely = _by_content(
                [row.cells[position] for row in sample if position < len(row.cells)]
            )
            found[position] = likely if likely not in found else SKIP
    return found


def _by_content(values: list[str]) -> str:
    filled = [value.strip() for value in values if value.strip()]
    for code, pattern in LOOKS_LIKE.items():
        if filled and sum(1 for value in filled if pattern.fullmatch(value)) >= MOST_CONTENT * len(
            filled
        ):
            return code
    return SKIP


def check(columns: Sequence[str]) -> str:
    """What is wrong with a choice of targets, in words; "" where nothing is."""
    twice = next((code for code in columns if code and list(columns).count(code) > 1), None)
    if twice:
        return _("Two columns are matched to “%(field)s”: choose one.") % {"field": label(twice)}
    if not {NAME, FIRST, LAST, EMAIL, PHONE, ID} & set(columns):
        return _("Match at least one column to name, e-mail, phone or external id.")
    if any(code.startswith("company.") for code in columns) and "company.name" not in columns:
        return _("Match a column to the company, else its other data have no place.")
    return ""


def label(code: str) -> str:
    """What people call a target."""
    return str(LABELS[code]) if code in LABELS else field_labels([code])[code]


class RowReader:
    """Reads rows by a choice of targets. ``latest``: the last date that may stand in the file."""

    def __init__(
        self, header: Sequence[str], columns: Sequence[str], layout: Layout, *, latest: date
    ) -> None:
        customs = list(CustomField.objects.filter(archived_at__isnull=True))
        actions = ValuableActionKind.objects.filter(archived_at__isnull=True)
        self.width, self.layout, self.latest = len(header), layout, latest
        self.actions = {
            fold(name): kind for kind in actions for name in (kind.code, *kind.name.values())
        }
        parsers: dict[str, Parser] = {
            **{code: mapping_file.LEAD[code] for code in LABELS if code in mapping_file.LEAD},
            FIRST: cells.line(160),
            LAST: cells.line(160),
            "person.country": _country,
            ACTION: self._action,
            **{f"attributes.{c.code}": _custom(c, layout) for c in customs},
        }
        names = dict(targets(customs))
        self.columns = [
            (code, position, parsers[code], f"{names[code]} ({header[position]})")
            for position, code in enumerate(columns)
            if code in parsers
        ]

    def read(self, row: Row) -> Reading:
        """The fields of ``row``; what cannot be taken stands in its problems, by field
        and column.
        """
        reading = Reading(row)
        extra = any(cell.strip() for cell in row.cells[self.width :])
        if extra or (len(row.cells) < self.width and self.layout.kind == "csv"):
            words = {"cells": len(row.cells), "columns": self.width}
            reading.problems.append(
                _("the row has %(cells)d cells, the header has %(columns)d") % words
            )
            return reading
        for code, position, parser, name in self.columns:
            text = clean_line(row.cells[position]) if position < len(row.cells) else ""
            if text:
                self._take(reading, code, text, parser, name)
        if not reading.problems:
            self._join(reading)
        return reading

    def _take(self, reading: Reading, code: str, text: str, parser: Parser, name: str) -> None:
        try:
            if SPREADSHEET_ERROR.fullmatch(text):
                raise BadCell(_("the spreadsheet shows the error %(cell)s") % cells.said(text))
            value = parser(self.layout, text)
            if isinstance(value, date) and value > self.latest:
                raise BadCell(_("%(cell)s has not come yet") % cells.said(text))
        except BadCell as problem:
            reading.problems.append(f"{name}: {problem}")
            return
        if value is not None:
            reading.values[code] = value

    def _action(self, _style: Style, cell: str) -> ValuableActionKind:
        found = self.actions.get(fold(cell))
        if found is None:
            raise BadCell(_("“%(cell)s” is no valuable action of the catalogue") % cells.said(cell))
        return found

    def _join(self, reading: Reading) -> None:
        """What follows from several cells: the whole name, the phone with its country's prefix."""
        values = reading.values
        parts = [values.pop(code, "") for code in (FIRST, LAST)]
        name = values.get(NAME) or " ".join(part for part in parts if part)
        if len(name) > 160:
            reading.problems.append(
                f"{label(NAME)}: " + _("longer than %(most)d characters") % {"most": 160}
            )
        elif name:
            values[NAME] = name
        if PHONE in values:
            values[PHONE] = normal_phone(values[PHONE], values.get("person.country", ""))
        if values.get("company.name") and values.get("person.country"):
            values["company.country"] = values["person.country"]
        if not any(values.get(code) for code in (NAME, EMAIL, PHONE, ID)):
            reading.problems.append(str(NothingToKnowItBy.message))


def _country(_style: Style, cell: str) -> str:
    found = countries.find(cell)
    if not found:
        raise BadCell(_("“%(cell)s” is no country") % cells.said(cell))
    return found


def _custom(custom: CustomField, layout: Layout) -> Parser:
    if custom.type == CustomField.Type.CHOICE:
        # by what it is kept as and by its words in either language
        choices = {
            fold(word): option["value"] for option in custom.options for word in option.values()
        }

        def choose(_style: Style, cell: str) -> Any:
            if fold(cell) not in choices:
                words = cells.said(
                    cell, known=", ".join(name for _value, name in custom.form_choices())
                )
                raise BadCell(_("“%(cell)s” is none of %(known)s") % words)
            return choices[fold(cell)]

        return choose
    if custom.type == CustomField.Type.NUMBER and layout.kind == "xlsx":
        return _stored_number
    return mapping_file.ATTRIBUTE.get(custom.type, mapping_file.TEXT)


def _stored_number(style: Style, cell: str) -> int | float:
    """A number of a sheet, which has no thousands and always a point; typed text is read as in a
    CSV.
    """
    if not re.fullmatch(r"-?\d{1,20}(\.\d{1,20})?", cell):
        return cells.number(style, cell)
    value = Decimal(cell)
    return int(value) if value == value.to_integral_value() else float(value)


def keys_of(reading: Reading) -> Iterator[str]:
    """By what a row is the same as another: e-mail, phone, external id; without any of them all
    that it says.
    """
    email, phone, known_as = reading.get(EMAIL), reading.get(PHONE, ""), reading.get(ID)
    if email:
        yield f"e:{email}"
    if has_phone := len(digits(phone)) >= SHORTEST_PHONE:
        yield f"p:{phone}"
    if known_as:
        yield f"x:{known_as}"
    if not (email or has_phone or known_as):
        yield csv_job.fingerprint(reading)
