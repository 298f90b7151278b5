"""The names by which people know the fields of a lead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.lib.bilingual import in_language
from crm.lib.db.kept_sql import KeptSql
from leads.models import CustomField

FIELD_LABELS: dict[str, Promise] = {
    "person.name": _("Name"),
    "person.email": _("E-mail"),
    "person.phone": _("Phone"),
    "person.job_title": _("Job title"),
    "person.country": _("Country"),
    "company.name": _("Company"),
    "company.country": _("Company's country"),
    "company.industry": _("Industry"),
    "company.employees": _("Employees"),
    "company.domain": _("Website"),
    "lead.source": _("Source"),
}


def custom_fields() -> list[CustomField]:
    """Return the custom fields, archived ones too, in the order of the form. One query."""
    return CUSTOM_FIELDS.objects()


CUSTOM_FIELDS = KeptSql(CustomField.objects.all)


def labels(fields: Iterable[str], customs: Iterable[CustomField] | None = None) -> dict[str, str]:
    """Return the labels of ``fields``: standard ones, and ``attributes.<code>`` of custom ones.

    ``customs``: the custom fields, where the caller has read them; else at most one query.
    """
    wanted = list(fields)
    names: dict[str, str] = {}
    # Most pages show standard fields alone and need no query.
    if any(field not in FIELD_LABELS for field in wanted):
        for custom in custom_fields() if customs is None else customs:
            names[custom.code] = in_language(custom.name)
    shown: dict[str, str] = {}
    for field in wanted:
        if field in FIELD_LABELS:
            shown[field] = str(FIELD_LABELS[field])
        else:
            # Imported attributes and old criteria may have a code that no field has.
            code = field.removeprefix("attributes.")
            shown[field] = names.get(code, code)
    return shown


def as_data(fact: str, value: Any) -> dict[str, Any]:
    """Return the data by which leads.change sets this one fact and leaves the others."""
    part, name = fact.split(".", 1)
    if part == "lead":
        return {name: value}
    return {part: {name: value}}
