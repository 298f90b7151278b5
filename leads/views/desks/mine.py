"""My leads: the desk of a rep, by the next step of each lead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from crm.accounts.models import User
from crm.accounts.request import Request
from crm.lib.paging import BadParameter
from crm.templatetags.jinja import respond
from leads.follow_up import own_leads
from leads.handoffs.queue.rows import HandoffRow, rows_of
from leads.lists import handoffs
from leads.lists.handoffs import MineFilter
from leads.states import FollowUp
from leads.templatetags.leads import next_step_label
from leads.views.queue import QueueRow, QueueTab, end_of_today, queue_rows
from sla.clocks import assignments
from sla.states import ClockStatus

PAGE = 50
OWN_RECORD_SPAN = timedelta(days=30)
TAB_LABELS: dict[str, Promise] = {
    "today": _("Today"),
    "overdue": _("Overdue"),
    "all": _("All"),
}
UNKNOWN_ADDRESS = _("This address is not known. Start again from your leads.")


@require_safe
def mine(request: Request) -> HttpResponse:
    """Show the leads that the person works on: overdue first contacts, then the next step due."""
    tab = request.GET.get("tab", "all")
    if tab not in own_leads.TABS:
        raise BadParameter(UNKNOWN_ADDRESS)
    until = end_of_today(request.now)
    listed = handoffs.mine(request.user, request.GET, at=request.now, until=until, tab=tab)
    page = listed.listing.page(after=request.GET.get("after", ""), size=PAGE)
    context = {
        "rows": _rows(request, rows_of(page, without=("persona", "team", "owner"))),
        "filter": listed,
        "shown": page,
        "tab": tab,
        "tabs": _tabs(request, tab, listed, until=until),
        "late": str(ClockStatus.LATE.label),
        "record": own_record_text(request.user, at=request.now),
    }
    return respond(request, "leads/lead_mine.jinja", context, status=listed.status)


def _rows(request: Request, handoffs_of_page: Sequence[HandoffRow]) -> list[QueueRow]:
    """Return the rows with their next steps."""
    planned = own_leads.planned(handoff.pk for handoff in handoffs_of_page)
    rows = queue_rows(request, handoffs_of_page, at=request.now)
    for row, handoff in zip(rows, handoffs_of_page, strict=True):
        row.next_step = next_step_label(handoff.state)
        step = planned.get(handoff.pk)
        if step is not None:
            row.next_step = step.text or str(FollowUp(step.kind).label)
            row.next_due = step.due_at
            row.is_late = step.due_at < request.now
        # What is still due: a clock that has stopped says how fast something was decided long ago.
        if handoff.clock is None or handoff.clock.stopped_at is not None:
            row.reading = None
    return rows


def _tabs(request: Request, current: str, listed: MineFilter, *, until: datetime) -> list[QueueTab]:
    """Return the tabs with their sizes under the filters, which stay on."""
    narrow = listed.narrow if listed.chosen else None
    sizes = own_leads.sizes(request.user, at=request.now, until=until, narrow=narrow)
    tabs = []
    for name, label in TAB_LABELS.items():
        query = request.GET.copy()
        query.pop("after", None)
        query["tab"] = name
        tabs.append(QueueTab(f"?{query.urlencode()}", label, sizes[name], name == current))
    return tabs


def own_record_text(user: User, *, at: datetime) -> str:
    """Return how many of their own promises the person kept lately; empty for none."""
    own = assignments.own_record(user, since=at - OWN_RECORD_SPAN, at=at)
    if not own.judged:
        return ""
    pattern = ngettext(
        "In the last 30 days you kept %(met)s of %(n)s commitment in time, by your own clock.",
        "In the last 30 days you kept %(met)s of %(n)s commitments in time, by your own clock.",
        own.judged,
    )
    return pattern % {"met": own.met, "n": own.judged}
