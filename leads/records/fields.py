"""The names by which people know the fields of a lead."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.lib.bilingual import in_language
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


def labels(fields: Iterable[str]) -> dict[str, str]:
    """Return the labels of ``fields``: standard ones, and ``attributes.<code>`` of custom ones.

    At most one query.
    """
    wanted = list(fields)
    codes = [field.removeprefix("attributes.") for field in wanted if field not in FIELD_LABELS]
    custom = (
        {c.code: in_language(c.name) for c in CustomField.objects.filter(code__in=codes)}
        if codes
        else {}
    )
    return {
        field: str(
            FIELD_LABELS.get(field) or custom.get(code := field.removeprefix("attributes."), code)
        )
        for field in wanted
    }
