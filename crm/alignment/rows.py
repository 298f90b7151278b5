"""The list behind a number of the alignment page.

A row outside the reader's sight shows only stage, dates and source, and cannot be opened: both
sides read the same numbers (domain.md), but not the same people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.accounts.models import User
from crm.alignment.numbers.scope import Scope
from crm.alignment.numbers.slices import CONTACT, count, rows
from crm.lib.bilingual import in_language
from crm.lib.clock import local_date
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.number_formats import number
from crm.lib.paging import newest_first
from leads.lists.leads import LeadRow, rows_in_sight
from leads.models import Decision, Handoff, Lead
from leads.states import MILESTONES, DecisionKind, HandoffState, Stage
from sla.clocks import readings
from sla.models import Clock

PAGE = 50
WON = (Stage.WON, "won_early")


# What every reader may know of a lead.
FACTS = ("pk", "stage", "source__name", "first_seen_on", *(f"{stage}_on" for stage in MILESTONES))
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One row of the list.

    ``lead`` is None where the reader may not see the person. ``on`` is the date by which the case
    counts, ``took`` the time from first seen to won; ``is_early``: that is negative.
    """

    lead: LeadRow | None
    stage: str
    source: str
    first_seen_on: date
    on: date | None
    took: str
    is_early: bool
    decision: str
    reading: readings.Reading | None


@dataclass(frozen=True)
class Listing:
    """One page of the list.

    ``count`` is the number of all cases, ``hidden`` that of masked rows on this page, ``next`` the
    parameter ``after`` of the next page. ``dated`` and ``result`` are the heads of the columns for
    the date that counts and for the result; an empty head means no such column.
    """

    dated: str
    result: str
    rows: list[Case]
    count: int
    hidden: int
    next: str


def listing(scope: Scope, show: str, *, user: User, after: str) -> Listing:
    """Return a page of the cases that the number ``show`` of ``scope`` counts, newest lead first.

    Raise BadParameter where ``after`` does not come from a page of this list.
    """
    counted = rows(scope, show)
    page = newest_first(counted, "first_seen_on", after=after, size=PAGE)
    ids = list({row.lead_pk for row in page.rows})
    # Two looks at the leads of the page: one for what every reader may know, one through
    # visible_to, so that a person is shown only where the reader has sight of the lead.
    facts = {values[0]: dict(zip(FACTS, values, strict=True)) for values in LEADS.rows(ids=ids)}
    visible = rows_in_sight(user, ids)
    cases = []
    for row in page.rows:
        key = row.lead_pk
        cases.append(_case(row, facts[key], visible.get(key), show, scope))
    hidden = sum(case.lead is None for case in cases)
    dated, result = _heads(counted.model, show)
    return Listing(dated, result, cases, count(scope, show), hidden, page.next)


def _facts(*, ids: list[int]) -> QuerySet[Any]:
    return Lead.objects.filter(Among("pk", ids)).values_list(*FACTS)


LEADS = KeptSql(_facts)


def _heads(model: type[Any], show: str) -> tuple[str, str]:
    """Return the heads of the columns for the date that counts and for the result."""
    if model is Clock and show.startswith(CONTACT):
        return _("Accepted"), _("Clock")
    if model is Clock:
        return _("Entered the queue"), _("Clock")
    if model is Decision:
        return _("Decided"), _("Decision")
    if model is Handoff:
        return _("Handed off"), _("Result")
    if show in WON:
        return str(Stage.WON.label), _("Days to won")
    if show == "delivered":
        return str(Stage.MQL.label), ""
    if show in MILESTONES:
        return str(Stage(show).label), ""
    return "", ""


def _case(row: Any, facts: Facts, visible: LeadRow | None, show: str, scope: Scope) -> Case:
    """Return a row of the list; ``row`` is a clock, decision, handoff or lead."""
    took = ""
    is_early = False
    if show in WON and facts["won_on"]:
        days = (facts["won_on"] - facts["first_seen_on"]).days
        took = ngettext("%(n)s day", "%(n)s days", days) % {"n": number(days)}
        # An imported win may be dated before the first sight; the page marks it.
        is_early = days < 0
    reading = None
    # Judged at the moment of the page, like the number that led here.
    if isinstance(row, Clock):
        reading = readings.reading(row, at=scope.at)
    return Case(
        lead=visible,
        stage=str(Stage(facts["stage"]).label),
        source=in_language(facts["source__name"]),
        first_seen_on=facts["first_seen_on"],
        on=_date_that_counts(row, facts, show, scope.zone),
        took=took,
        is_early=is_early,
        decision=_result(row),
        reading=reading,
    )


def _result(case: Any) -> str:
    """Return the kind of a decision or the state of a handoff, else an empty text."""
    if isinstance(case, Decision):
        return str(DecisionKind(case.kind).label)
    if isinstance(case, Handoff):
        return str(HandoffState(case.state).label)
    return ""


def _date_that_counts(case: Any, facts: Facts, show: str, zone: str) -> date | None:
    """Return the date by which the case counts, None where it is the date of first seen."""
    # In the organisation's zone, in which the period was cut.
    if isinstance(case, Clock):
        return local_date(case.started_at, zone)
    if isinstance(case, Decision):
        return local_date(case.at, zone)
    if isinstance(case, Handoff):
        return local_date(case.submitted_at, zone)
    if show in MILESTONES:
        return facts[f"{show}_on"]
    if show == "delivered":
        return facts["mql_on"]
    if show == "won_early":
        return facts["won_on"]
    return None
