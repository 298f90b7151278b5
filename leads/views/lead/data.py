"""The data of a lead as its page lists them, each with what edits it in place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from crm.lib import countries, number_formats
from leads.forms.leads import ATTRIBUTE, COMPANY_COUNTRY
from leads.models import CustomField, Lead
from leads.qualification import facts
from leads.records.fields import FIELD_LABELS
from leads.records.persons import shown_phone
from leads.templatetags.leads import phone, value_text

# The name of each field in the form, with its fact, in the order of the page.
STANDARD = {
    "name": "person.name",
    "job_title": "person.job_title",
    "email": "person.email",
    "phone": "person.phone",
    "country": "person.country",
    "company": "company.name",
    COMPANY_COUNTRY: "company.country",
    "industry": "company.industry",
    "employees": "company.employees",
    "domain": "company.domain",
    "source": "lead.source",
}
OF_COMPANY = (COMPANY_COUNTRY, "industry", "employees", "domain")
# In the head of the page already: read there, edited here.
IN_HEAD = ("name", "job_title", "email", "phone", "company")


@dataclass(frozen=True)
class DataRow:
    """One field: its ``name`` in the form, and its value as people read it."""

    name: str
    label: str
    text: str


def data_rows(lead: Lead, customs: list[CustomField], *, editable: bool) -> list[DataRow]:
    """Return the fields of ``lead``; ``customs``: all custom fields.

    A viewer who may not edit them gets those with a value that the head of the page does not show.
    """
    known = facts.facts_of(lead)
    rows = [_standard_row(lead, name, known[STANDARD[name]]) for name in _names(lead)]
    rows += _custom_rows(lead, customs)
    if editable:
        return rows
    return [row for row in rows if row.text and row.name not in IN_HEAD]


def data_row(lead: Lead, name: str) -> DataRow:
    """Return one field."""
    if not name.startswith(ATTRIBUTE):
        return _standard_row(lead, name, facts.facts_of(lead)[STANDARD[name]])
    code = name.removeprefix(ATTRIBUTE)
    return _custom_rows(lead, CustomField.objects.filter(code=code))[0]


def _names(lead: Lead) -> list[str]:
    # The facts of a company need a company to belong to.
    return [name for name in STANDARD if lead.company is not None or name not in OF_COMPANY]


def _standard_row(lead: Lead, name: str, value: Any) -> DataRow:
    """Return the field ``name``. ``value``: the fact that it holds."""
    if name == "source":
        value = str(lead.source or "")
    elif name in ("country", COMPANY_COUNTRY):
        value = countries.name(value) if value else ""
    elif name == "phone":
        value = phone(lead.person.phone) or shown_phone(lead.person)
    elif name == "employees":
        value = number_formats.number(value) if value else ""
    return DataRow(name, str(FIELD_LABELS[STANDARD[name]]), value or "")


def _custom_rows(lead: Lead, customs: Iterable[CustomField]) -> list[DataRow]:
    """Return the custom fields in use, and those with a value; an unknown one by its code."""
    rows = []
    values = dict(lead.attributes)
    for custom in customs:
        value = values.pop(custom.code, None)
        if value is not None or custom.archived_at is None:
            rows.append(DataRow(ATTRIBUTE + custom.code, str(custom), _custom_text(custom, value)))
    for code, value in values.items():
        rows.append(DataRow("", code.replace("_", " "), str(value_text(value))))
    return rows


def _custom_text(custom: CustomField, value: Any) -> str:
    if value is None:
        return ""
    text = str(value_text(value))
    if custom.choices:
        return dict(custom.form_choices()).get(value, text)
    return text
