"""The list behind a number.

Rows outside the reader's sight say stage, dates and source, and cannot be opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.alignment.numbers.scope import Scope
from crm.alignment.numbers.slices import rows
from crm.lib.clock import local_date
from crm.lib.paging import newest_first
from leads.models import Decision, Handoff, Lead, Source
from leads.states import MILESTONES, Stage
from sla.clocks import clocks
from sla.models import Clock

PAGE = 50
WON = (Stage.WON, "won_early")


@dataclass(frozen=True)
class Row:
    """One case. ``lead`` is None where the reader may not see the person; ``on`` is the date that
    makes it count.
    """

    lead: Lead | None
    stage: str
    source: Source | None
    first_seen_on: date
    on: date | None
    days: int | None
    decision: str
    reading: clocks.Reading | None


@dataclass(frozen=True)
class Listing:
    """One page of the list: ``count`` cases in all, ``hidden`` of the page's rows masked, ``next``
    the next page.

    ``dated`` and ``result`` head the columns of the date that counts and of what came of it; empty:
    no such column.
    """

    dated: str
    result: str
    rows: list[Row]
    count: int
    hidden: int
    next: str


def listing(scope: Scope, show: str, *, user: User, after: str) -> Listing:
    """A page of the cases that the number ``show`` of ``scope`` counts, the newest lead first.

    Raises BadParameter for an ``after`` that is none.
    """
    found = rows(scope, show)
    page = newest_first(found, "first_seen_on", after=after, size=PAGE)
    keys = {case.lead_pk for case in page.rows}
    leads = Lead.objects.select_related("source").defer("attributes", "search_text").in_bulk(keys)
    seen = Lead.objects.visible_to(user).with_names().in_bulk(keys)
    shown = [
        _row(case, leads[case.lead_pk], seen.get(case.lead_pk), show, scope) for case in page.rows
    ]
    hidden = sum(row.lead is None for row in shown)
    return Listing(*_heads(found.model, show), shown, found.count(), hidden, page.next)


def _heads(model: type[Any], show: str) -> tuple[str, str]:
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
    return (str(Stage(show).label), "") if show in MILESTONES else ("", "")


def _row(case: Any, lead: Lead, seen: Lead | None, show: str, scope: Scope) -> Row:
    won_in = (lead.won_on - lead.first_seen_on).days if lead.won_on else None
    return Row(
        lead=seen,
        stage=str(Stage(lead.stage).label),
        source=lead.source,
        first_seen_on=lead.first_seen_on,
        on=_on(case, lead, show, scope.zone),
        days=won_in if show in WON else None,
        decision=_decision(case),
        reading=clocks.reading(case, at=scope.at) if isinstance(case, Clock) else None,
    )


def _decision(case: Any) -> str:
    """What a decision said, or what came of a handoff."""
    if isinstance(case, Decision):
        return case.get_kind_display()
    return case.get_state_display() if isinstance(case, Handoff) else ""


def _on(case: Any, lead: Lead, show: str, zone: str) -> date | None:
    """The date by which the case belongs to the number, None where the date of first
    sight is it.
    """
    if isinstance(case, Clock):
        return local_date(case.started_at, zone)
    if isinstance(case, Decision):
        return local_date(case.at, zone)
    if isinstance(case, Handoff):
        return local_date(case.submitted_at, zone)
    if show in MILESTONES:
        return getattr(lead, f"{show}_on")
    return {"delivered": lead.mql_on, "won_early": lead.won_on}.get(show)
