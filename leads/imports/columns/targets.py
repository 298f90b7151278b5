"""The targets of columns: which fields of a lead a column of a file may fill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.imports import parsers
from leads.imports.parsers import Parser
from leads.imports.readings import (
    EMAIL,
    EXTERNAL_ID,
    FIRST_NAME,
    IDENTITY,
    LAST_NAME,
    NAME,
    PHONE,
)
from leads.models import CustomField
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
# Words that are values of a field, although they usually mean an empty cell.
WORDS: dict[str, frozenset[str]] = {
    "source": frozenset(["unknown", "desconocido", "desconhecido"]),
    "person.country": frozenset(["na"]),
    "company.country": frozenset(["na"]),
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


def choices(customs: Sequence[CustomField]) -> list[tuple[str, str]]:
    """Return what a column may be, as (code, label); SKIP is not imported."""
    standard = [(code, str(label)) for code, label in LABELS.items()]
    custom = [(f"attributes.{each.code}", str(each)) for each in customs]
    return [(SKIP, _("Do not import")), *standard, *custom]


def label(code: str) -> str:
    """Return the label of a target."""
    if code in LABELS:
        return str(LABELS[code])
    return field_labels([code])[code]


def labels(codes: Iterable[str]) -> dict[str, str]:
    """Return the labels of targets. At most one query."""
    wanted = {code for code in codes if code != SKIP}
    shown = {code: str(LABELS[code]) for code in wanted if code in LABELS}
    return shown | field_labels(wanted - set(shown))


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
