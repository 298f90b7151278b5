"""My leads: the desk of a rep, by the next step of each lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from crm.accounts.models import User
from crm.accounts.request import Request
from crm.lib.bilingual import in_language
from crm.lib.paging import BadParameter, Page
from crm.templatetags.addresses import addresses
from crm.templatetags.jinja import respond
from crm.templatetags.relevo import breakable
from leads.follow_up import own_leads
from leads.handoffs.queue.rows import HandoffRow, rows_of
from leads.lists import handoffs
from leads.lists.handoffs import MineFilter
from leads.states import WORKED, FollowUp
from leads.templatetags.leads import next_step_label
from leads.views.lead.trail import of_list
from leads.views.queue import QueueTab, end_of_today
from sla.clocks import assignments, pauses, readings
from sla.clocks.readings import Reading
from sla.clocks.snapshots import ClockRow
from sla.states import ClockStatus

PAGE = 50
OWN_RECORD_SPAN = timedelta(days=30)
TAB_LABELS: dict[str, Promise] = {
    "today": _("Today"),
    "overdue": _("Overdue"),
    "all": _("All"),
}
UNKNOWN_ADDRESS = _("This address is not known. Start again from your leads.")


@dataclass
class MineRow:
    """A lead as a row shows it. ``pk``: of its handoff. ``because``: why its clock is paused."""

    pk: int
    lead_at: str
    name: SafeString
    about: str
    state: str
    source: str
    reading: Reading | None
    because: str
    next_step: str
    next_due: datetime | None = None
    is_late: bool = False


@require_safe
def mine(request: Request) -> HttpResponse:
    """Show the leads that the person works on: overdue first contacts, then the next step due."""
    tab = request.GET.get("tab", "all")
    if tab not in own_leads.TABS:
        raise BadParameter(UNKNOWN_ADDRESS)
    until = end_of_today(request.now)
    listed = handoffs.mine(request.user, request.GET, at=request.now, until=until, tab=tab)
    page, sizes = _page(request, tab, listed, until=until)
    context = {
        "rows": _rows(request, rows_of(page, without=("persona", "team", "owner"))),
        "filter": listed,
        "shown": page,
        "tab": tab,
        "tabs": _tabs(request, tab, sizes),
        "late": str(ClockStatus.LATE.label),
        "record": own_record_text(request.user, at=request.now),
    }
    return respond(request, "leads/lead_mine.jinja", context, status=listed.status)


def _page(
    request: Request, tab: str, listed: MineFilter, *, until: datetime
) -> tuple[Page, dict[str, int]]:
    """Return the page, and the sizes of the tabs under the filters."""
    user, at = request.user, request.now
    after = request.GET.get("after", "")
    if not after and not listed.is_on:
        return own_leads.first_page(user, tab, at=at, until=until, size=PAGE)
    narrow = listed.narrow if listed.chosen else None
    sizes = own_leads.sizes(user, at=at, until=until, narrow=narrow)
    return listed.listing.page(after=after, size=PAGE), sizes


def _rows(request: Request, handoffs_of_page: Sequence[HandoffRow]) -> list[MineRow]:
    """Return the rows with their next steps; one query more where a clock is paused."""
    planned = own_leads.planned(handoff.pk for handoff in handoffs_of_page)
    clocks = [_still_due(handoff) for handoff in handoffs_of_page]
    paused = pauses.open_pauses(clocks, at=request.now)
    lead_at, came = addresses("lead"), of_list(request).suffix
    # Words and not promises, which every row of the page would translate anew.
    states = {state.value: str(state.label) for state in WORKED}
    kinds = {kind.value: str(kind.label) for kind in FollowUp}
    rows = []
    for handoff, clock in zip(handoffs_of_page, clocks, strict=True):
        step = planned.get(handoff.pk)
        pause = paused.get(clock.pk) if clock else None
        row = MineRow(
            pk=handoff.pk,
            lead_at=lead_at(handoff.lead_id) + came,
            name=breakable(handoff.name),
            about=handoff.about,
            state=states[handoff.state],
            source=in_language(handoff.source),
            reading=readings.reading(clock, at=request.now) if clock else None,
            because=str(pause.reason) if pause else "",
            next_step=next_step_label(handoff.state),
        )
        if step is not None:
            row.next_step = step.text or kinds[step.kind]
            row.next_due = step.due_at
            row.is_late = step.due_at < request.now
        rows.append(row)
    return rows


def _still_due(handoff: HandoffRow) -> ClockRow | None:
    """Return the clock that runs: one that has stopped says how fast something was long ago."""
    clock = handoff.clock
    if clock is None or clock.stopped_at is not None:
        return None
    return clock


def _tabs(request: Request, current: str, sizes: Mapping[str, int]) -> list[QueueTab]:
    """Return the tabs with their sizes under the filters, which stay on."""
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
