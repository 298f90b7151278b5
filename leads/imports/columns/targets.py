"""The targets of columns: which fields of a lead a column of a file may fill."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.utils.translation import gettext as _

from leads.imports import parsers
from leads.imports.columns import stages
from leads.imports.columns.labels import LABELS, labels
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
from leads.records.identity import phones
from leads.states import Stage

SKIP = ""
ACTION = "first_action"
JOB_TITLE = "person.job_title"
COUNTRY = "person.country"
COMPANY = "company.name"
DOMAIN = "company.domain"
COMPANY_COUNTRY = "company.country"
INDUSTRY = "company.industry"
EMPLOYEES = "company.employees"
FIRST_SEEN = "first_seen_on"
SOURCE = "source"
MEDIUM = "medium"
CAMPAIGN = "campaign"
LANDING_PAGE = "landing_page"
STAGE = "stage"
NOTE = "note"
LONGEST_NOTE = 5_000  # characters
# Fields that may have several columns: in each row the first filled one is taken.
REPEATED = (EMAIL, PHONE)
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
    FIRST_SEEN: parsers.day,
    SOURCE: parsers.line(120),
    MEDIUM: parsers.line(120),
    CAMPAIGN: parsers.line(120),
    LANDING_PAGE: parsers.line(500),
    NAME: parsers.line(160),
    EMAIL: parsers.email,
    PHONE: parsers.line(phones.LONGEST),
    JOB_TITLE: parsers.line(120),
    COUNTRY: parsers.country,
    "person.language": parsers.language,
    COMPANY: parsers.line(200),
    DOMAIN: parsers.line(120),
    COMPANY_COUNTRY: parsers.country,
    INDUSTRY: parsers.line(80),
    EMPLOYEES: parsers.headcount,
    STAGE: stages.parse,
    **{f"stage.{stage}": parsers.day for stage in STAGES},
    NOTE: partial(parsers.long_text, most=LONGEST_NOTE),
}
# Words that are values of a field, although they usually mean an empty cell.
WORDS: dict[str, frozenset[str]] = {
    SOURCE: frozenset(["unknown", "desconocido", "desconhecido"]),
    COUNTRY: frozenset(["na"]),
    COMPANY_COUNTRY: frozenset(["na"]),
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


def choices(customs: Sequence[CustomField]) -> list[tuple[str, str]]:
    """Return what a column may be, as (code, label); SKIP is not imported."""
    standard = [(code, str(label)) for code, label in LABELS.items()]
    custom = [(f"attributes.{each.code}", str(each)) for each in customs]
    return [(SKIP, _("Do not import")), *standard, *custom]


def check(columns: Sequence[str]) -> str:
    """Return what is wrong with a choice of targets, "" for nothing."""
    chosen = [code for code in columns if code != SKIP]
    for code in chosen:
        if chosen.count(code) > 1 and code not in REPEATED:
            return _("Two columns are matched to “%(field)s”: choose one.") % {
                "field": labels([code])[code]
            }
    if not {*IDENTITY, FIRST_NAME, LAST_NAME} & set(chosen):
        return _("Match at least one column to name, e-mail, phone or external id.")
    return ""


def without_place(columns: Sequence[str]) -> list[str]:
    """Return the targets that cannot be imported: facts of a company, if none is matched."""
    if COMPANY in columns:
        return []
    return [code for code in columns if code.startswith("company.")]
