"""What a column may be in the browser: the labels of the targets, in the order of the list."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leads.records.fields import FIELD_LABELS
from leads.records.fields import labels as field_labels

LABELS: dict[str, Promise] = {
    "person.name": FIELD_LABELS["person.name"],
    "person.first_name": _("First name"),
    "person.last_name": _("Last name"),
    "person.email": FIELD_LABELS["person.email"],
    "person.phone": FIELD_LABELS["person.phone"],
    "person.job_title": FIELD_LABELS["person.job_title"],
    "person.country": FIELD_LABELS["person.country"],
    "company.name": FIELD_LABELS["company.name"],
    "company.domain": FIELD_LABELS["company.domain"],
    "company.country": FIELD_LABELS["company.country"],
    "company.industry": FIELD_LABELS["company.industry"],
    "company.employees": FIELD_LABELS["company.employees"],
    "first_seen_on": _("First seen (created date)"),
    "source": FIELD_LABELS["lead.source"],
    "medium": _("Medium"),
    "campaign": _("Campaign"),
    "landing_page": _("Landing page"),
    "first_action": _("First valuable action"),
    "stage": _("Stage"),
    "stage.mql": _("Date of MQL"),
    "stage.sql": _("Date of SQL"),
    "stage.opportunity": _("Date of opportunity"),
    "note": _("Note"),
    "external_id": _("External id"),
}


def labels(codes: Iterable[str]) -> dict[str, str]:
    """Return the labels of targets, custom fields among them. At most one query."""
    wanted = {code for code in codes if code}
    shown = {code: str(LABELS[code]) for code in wanted if code in LABELS}
    return shown | field_labels(wanted - set(shown))
