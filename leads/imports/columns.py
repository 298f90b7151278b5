"""The columns of a file: which fields they may fill, which they likely fill, and their reader.

The browser knows columns by position, so that two columns of one name stay two.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.files.layout import Layout, Row
from crm.lib.text import fold
from leads.imports import parsers
from leads.imports.parsers import BadCell, Parser, Style
from leads.imports.readings import (
    EMAIL,
    EXTERNAL_ID,
    FIRST_NAME,
    IDENTITY,
    LAST_NAME,
    NAME,
    PHONE,
    RowReader,
    Target,
    complete_lead,
)
from leads.models import CustomField, ValuableActionKind
from leads.records.fields import FIELD_LABELS
from leads.records.fields import labels as field_labels
from leads.states import Stage

SKIP = ""
ACTION = "first_action"
DOMAIN = "company.domain"
# A won or lost lead is an outcome, which comes in a file of its own.
STAGES = (
    Stage.MQL,
    Stage.HANDED_OFF,
    Stage.ACCEPTED,
    Stage.CONTACTED,
    Stage.SQL,
    Stage.OPPORTUNITY,
)
# The fields of a lead, with the parser of their cells.
LEAD_FIELDS: dict[str, Parser] = {
    EXTERNAL_ID: parsers.line(120),
    "first_seen_on": parsers.day,
    "source": parsers.line(120),
    "medium": parsers.line(120),
    "campaign": parsers.line(120),
    "landing_page": parsers.line(500),
    NAME: parsers.line(160),
    EMAIL: parsers.email,
    PHONE: parsers.line(40),
    "person.job_title": parsers.line(120),
    "person.country": parsers.country,
    "person.language": parsers.language,
    "company.name": parsers.line(200),
    DOMAIN: parsers.line(120),
    "company.country": parsers.country,
    "company.industry": parsers.line(80),
    "company.employees": parsers.headcount,
    **{f"stage.{stage}": parsers.day for stage in STAGES},
}
OUTCOME_FIELDS: dict[str, Parser] = {
    EXTERNAL_ID: parsers.line(120),
    "outcome": parsers.outcome,
    "won_on": parsers.day,
    "lost_on": parsers.day,
    "amount": parsers.amount,
    "won_by": parsers.line(79),  # with the name of the system before it: 120
    "qualified_by": parsers.line(79),
}
ATTRIBUTE_TEXT = parsers.line(500)
ATTRIBUTES: dict[str, Parser] = {
    CustomField.Type.NUMBER: parsers.number,
    CustomField.Type.YES_NO: parsers.yes_no,
    CustomField.Type.DATE: parsers.iso_day,
}
# What a column may be in the browser, with its label.
LABELS: dict[str, Promise] = {
    NAME: FIELD_LABELS[NAME],
    FIRST_NAME: gettext_lazy("First name"),
    LAST_NAME: gettext_lazy("Last name"),
    EMAIL: FIELD_LABELS[EMAIL],
    PHONE: FIELD_LABELS[PHONE],
    "person.job_title": FIELD_LABELS["person.job_title"],
    "person.country": FIELD_LABELS["person.country"],
    "company.name": FIELD_LABELS["company.name"],
    DOMAIN: FIELD_LABELS[DOMAIN],
    "company.industry": FIELD_LABELS["company.industry"],
    "company.employees": FIELD_LABELS["company.employees"],
    "source": FIELD_LABELS["lead.source"],
    "campaign": gettext_lazy("Campaign"),
    ACTION: gettext_lazy("First valuable action"),
    EXTERNAL_ID: gettext_lazy("External id"),
}
# How people name a column, folded: in Spanish, then in English.
HEADERS: dict[str, str] = {
    NAME: (
        "nombre|nombre completo|nombre y apellido|nombre y apellidos|contacto|nombre del"
        " contacto|prospecto|name|full name|contact|contact name|lead|lead name"
    ),
    FIRST_NAME: "nombres|primer nombre|nombre de pila|first name|given name|firstname",
    LAST_NAME: "apellido|apellidos|apellido paterno|last name|surname|family name|lastname",
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
    EXTERNAL_ID: (
        "id externo|id de contacto|id del contacto|id del prospecto|id de registro"
        "|external id|record id|contact id|lead id"
    ),
}
FIELD_OF_HEADER = {
    header: field for field, headers in HEADERS.items() for header in headers.split("|")
}
LOOKS_LIKE: dict[str, re.Pattern[str]] = {
    EMAIL: re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    # The lookahead counts the digits, whatever is between them.
    PHONE: re.compile(r"(?=(\D*\d){10,15}\D*$)\+?[\d(][\d\s().-]{8,20}\d"),
    DOMAIN: re.compile(r"(https?://)?([a-z0-9-]+\.)+[a-z]{2,}(/\S*)?", re.IGNORECASE),
}
LIKELY = 0.8  # share of the filled cells that have to look like the field


# -- What a column may be


def targets(customs: Sequence[CustomField]) -> list[tuple[str, str]]:
    """Return what a column may be, as (code, label); SKIP is not imported."""
    standard = [(code, str(label)) for code, label in LABELS.items()]
    custom = [(f"attributes.{each.code}", str(each)) for each in customs]
    return [(SKIP, _("Do not import")), *standard, *custom]


def label(code: str) -> str:
    """Return the label of a target."""
    if code in LABELS:
        return str(LABELS[code])
    return field_labels([code])[code]


def check(columns: Sequence[str]) -> str:
    """Return what is wrong with a choice of targets, "" for nothing."""
    chosen = [code for code in columns if code != SKIP]
    for code in chosen:
        if chosen.count(code) > 1:
            return _("Two columns are matched to “%(field)s”: choose one.") % {"field": label(code)}
    if not {*IDENTITY, FIRST_NAME, LAST_NAME} & set(chosen):
        return _("Match at least one column to name, e-mail, phone or external id.")
    has_company_data = any(code.startswith("company.") for code in chosen)
    if has_company_data and "company.name" not in chosen:
        return _("Match a column to the company, else its other data have no place.")
    return ""


# -- What a column likely is


def key_of(header: Sequence[str]) -> str:
    """Return the key by which a file with the same columns is recognised."""
    names = json.dumps([fold(name) for name in header])
    return hashlib.sha256(names.encode()).hexdigest()


def suggest(
    header: Sequence[str], sample: Sequence[Row], customs: Sequence[CustomField]
) -> list[str]:
    """Return the likely target of each column: by its name, else by its cells; each target once."""
    own = _fields_of_customs(customs)
    suggested: list[str] = []
    for name in header:
        folded = fold(name)
        # A custom field comes first: the organisation itself chose this name.
        code = own.get(folded) or FIELD_OF_HEADER.get(folded, SKIP)
        suggested.append(_once(code, suggested))
    # With a column "Apellidos", "Nombre" is the first name alone.
    if LAST_NAME in suggested and NAME in suggested and FIRST_NAME not in suggested:
        suggested[suggested.index(NAME)] = FIRST_NAME
    for position, code in enumerate(suggested):
        if code == SKIP:
            cells = [row.cells[position] for row in sample if position < len(row.cells)]
            suggested[position] = _once(_by_content(cells), suggested)
    return suggested


def _fields_of_customs(customs: Sequence[CustomField]) -> dict[str, str]:
    """Return the field of each custom field, by its code and by its names, folded."""
    fields: dict[str, str] = {}
    for custom in customs:
        for name in (custom.code, *custom.name.values()):
            fields[fold(name)] = f"attributes.{custom.code}"
    return fields


def _once(code: str, taken: Sequence[str]) -> str:
    if code in taken:
        return SKIP
    return code


def _by_content(cells: Sequence[str]) -> str:
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return SKIP
    for code, pattern in LOOKS_LIKE.items():
        # Not every cell: real files have notes and typing errors among the addresses.
        alike = sum(1 for cell in filled if pattern.fullmatch(cell))
        if alike >= LIKELY * len(filled):
            return code
    return SKIP


# -- Reading


def style_of(layout: Layout) -> Style:
    """Return how a file with this layout writes dates and numbers."""
    order = "%m{0}%d{0}%Y"
    if layout.day_first:
        order = "%d{0}%m{0}%Y"
    by_region = [order.format(sign) for sign in "/-."]
    return Style(
        dates=(*parsers.ISO_DATES, *by_region),
        decimal=layout.decimal,
        is_sheet=layout.kind == "xlsx",
    )


def reader(
    header: Sequence[str], columns: Sequence[str], layout: Layout, *, latest: date
) -> RowReader:
    """Return the reader of new leads by a choice of targets.

    ``latest`` is the last date that the file may have.
    """
    customs = list(CustomField.objects.filter(archived_at__isnull=True))
    known: dict[str, Parser] = {code: LEAD_FIELDS[code] for code in LABELS if code in LEAD_FIELDS}
    known |= {FIRST_NAME: parsers.line(160), LAST_NAME: parsers.line(160), ACTION: _action_parser()}
    known |= attribute_parsers(customs)
    names = dict(targets(customs))
    chosen: list[tuple[Target, int]] = []
    for position, code in enumerate(columns):
        # A custom field that was archived after the columns were matched is not imported.
        if code in known:
            title = f"{names[code]} ({header[position]})"
            chosen.append((Target(code, title, known[code]), position))
    return RowReader(
        chosen,
        width=len(header),
        style=style_of(layout),
        latest=latest,
        complete=complete_lead,
    )


def attribute_parsers(customs: Sequence[CustomField]) -> dict[str, Parser]:
    """Return the parser of each custom field, by its field."""
    return {f"attributes.{custom.code}": _attribute_parser(custom) for custom in customs}


def _attribute_parser(custom: CustomField) -> Parser:
    if custom.type == CustomField.Type.CHOICE:
        return _choice_parser(custom)
    return ATTRIBUTES.get(custom.type, ATTRIBUTE_TEXT)


def _choice_parser(custom: CustomField) -> Parser:
    # By the stored value and by the text in either language.
    values = {fold(text): option["value"] for option in custom.options for text in option.values()}

    def choose(style: Style, cell: str) -> Any:
        key = fold(cell)
        if key not in values:
            known = ", ".join(name for _value, name in custom.form_choices())
            raise BadCell(_("“%(cell)s” is none of %(known)s") % parsers.quoted(cell, known=known))
        return values[key]

    return choose


def _action_parser() -> Parser:
    kinds: dict[str, ValuableActionKind] = {}
    for kind in ValuableActionKind.objects.filter(archived_at__isnull=True):
        for name in (kind.code, *kind.name.values()):
            kinds[fold(name)] = kind

    def find(style: Style, cell: str) -> ValuableActionKind:
        kind = kinds.get(fold(cell))
        if kind is None:
            raise BadCell(
                _("“%(cell)s” is no valuable action of the catalogue") % parsers.quoted(cell)
            )
        return kind

    return find
