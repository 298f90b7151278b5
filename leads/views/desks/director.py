"""The desk of directors and arbiters: cases to decide, and what escalated to the directors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.accounts.request import Request, require_permission
from crm.lib.paging import BadParameter
from crm.templatetags.jinja import respond
from leads import permissions
from leads.desks import director
from leads.desks.director import Case, Escalation, Waiting
from leads.states import WORKED, HandoffState
from leads.views.desks.marketing import DeskTab
from leads.views.lead.trail import of_list
from sla.clocks import readings
from sla.clocks.readings import Reading
from sla.states import CLOCKED

PAGE = 25  # two lists on one page
CASES, ESCALATED = "cases", "escalated"
TAB_LABELS: dict[str, Promise] = {CASES: _("Cases"), ESCALATED: _("Escalated")}
UNKNOWN_ADDRESS = _("This address is not known. Start again from the desk.")


@dataclass(frozen=True)
class CaseRow:
    """A case with its clock."""

    case: Case
    reading: Reading | None


@dataclass(frozen=True)
class EscalationRow:
    """An escalation with its clock and what is owed."""

    escalation: Escalation
    reading: Reading
    owed: str
    state: str

    @property
    def act(self) -> tuple[Promise, str]:
        """The label of what a director can do about it, and where on the lead page."""
        subject = self.escalation.escalated.subject_type
        if subject == "dispute":
            return _("Decide"), "return"
        if subject == "return":
            return _("Give to another person"), "step-give-return"
        if self.escalation.handoff.state in WORKED:
            return _("Reassign"), "handoff"
        return _("Open the lead"), "handoff"


@require_safe
@require_permission(permissions.can_lead)
def desk(request: Request) -> HttpResponse:
    """Show the cases that wait for the viewer, or to directors what escalated to them."""
    waiting = director.waiting_for(request.user, at=request.now)
    tabs = _tabs(request, waiting)
    tab = request.GET.get("tab", CASES)
    known = {each.url.removeprefix("?tab=") for each in tabs}
    if tab not in known or set(request.GET) - {"tab", "after", "density"}:
        raise BadParameter(UNKNOWN_ADDRESS)
    context = _cases(request, waiting) if tab == CASES else _escalated(request)
    context |= {"tab": tab, "tabs": tabs, "came": of_list(request).suffix}
    return respond(request, "leads/desk_director.jinja", context)


def _tabs(request: Request, waiting: Waiting) -> list[DeskTab]:
    """Return the tabs with what they count; an arbiter who is no director has only the cases."""
    counts = {CASES: waiting.count()}
    if request.user.is_director:
        counts[ESCALATED] = director.count_escalations()
    current = request.GET.get("tab", CASES)
    return [
        DeskTab(f"?tab={name}", TAB_LABELS[name], count, name == current)
        for name, count in counts.items()
    ]


def _cases(request: Request, waiting: Waiting) -> dict[str, Any]:
    page = waiting.page(after=request.GET.get("after", ""), size=PAGE)
    rows = []
    for case in director.case_rows(page):
        reading = readings.reading(case.clock, at=request.now) if case.clock else None
        rows.append(CaseRow(case, reading))
    return {"rows": rows, "shown": page}


def _escalated(request: Request) -> dict[str, Any]:
    page = director.escalations().page(after=request.GET.get("after", ""), size=PAGE)
    metrics = dict(CLOCKED)
    rows = []
    for each in director.escalation_rows(page):
        clock = each.escalated.clock
        reading = readings.reading(clock, at=request.now)
        state = str(HandoffState(each.handoff.state).label)
        rows.append(EscalationRow(each, reading, str(metrics[clock.metric]), state))
    return {"rows": rows, "shown": page}
