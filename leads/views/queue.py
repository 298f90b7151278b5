"""The queue, and the leads that a person works on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.accounts.models import User
from crm.accounts.request import Request
from crm.accounts.states import Side
from crm.lib.bilingual import in_language
from crm.lib.moments import ago_text
from crm.lib.paging import BadParameter
from crm.templatetags.addresses import address
from crm.templatetags.relevo import breakable
from leads import permissions
from leads.handoffs import queue as handoff_queue
from leads.lists import handoffs
from leads.models import Handoff
from leads.models.lead import lead_name
from leads.records import contact_privacy
from leads.records.identity import phones
from leads.states import DecisionKind, HandoffState
from leads.views.lead.trail import of_list
from sla.clocks import assignments, pauses, readings

PAGE = 50
OWN_RECORD_SPAN = timedelta(days=30)
TAB_LABELS: dict[str, Promise] = {
    "waiting": _("Waiting"),
    "soon": _("At risk"),
    "overdue": _("Overdue"),
    "decided": _("Decided today"),
}
# The scores of the package, and the points between the highest and the lowest of a page from which
# on they are worth a column.
SCORES = {"fit_score": _("Fit"), "engagement_score": _("Engagement")}
SCORE_SPREAD = 10
# The counters that the browser keeps up to date, by tab.
COUNT_KEYS = {"waiting": "queue", "overdue": "overdue"}
UNKNOWN_ADDRESS = _("This address is not known. Start again from the queue.")


@dataclass(frozen=True)
class QueueTab:
    """A tab of the queue. ``count_key``: the counter that keeps ``count`` up to date."""

    url: str
    label: Promise
    count: int
    is_current: bool
    count_key: str = ""


# -- The queue


@require_safe
def queue(request: Request) -> HttpResponse:
    """Show the pending handoffs that the viewer may see, overdue first, then by time left."""
    now = request.now
    since = start_of_today(now)
    tab = request.GET.get("tab", "waiting")
    if tab not in handoff_queue.TABS:
        raise BadParameter(UNKNOWN_ADDRESS)
    listed = handoffs.queue(request.user, request.GET, tab=tab, at=now, since=since)
    page = listed.listing.page(after=request.GET.get("after", ""), size=PAGE)
    totals, sizes = _counts(request, listed, since=since)
    rows = queue_rows(request, page.rows, at=now)
    columns = score_columns(rows)
    context = {
        "rows": with_scores(rows, columns),
        "score_columns": columns,
        "score_label": score_label(columns),
        "filter": listed,
        "tab": tab,
        "tabs": _tabs(request, tab, sizes, are_live=sizes is totals),
        "waiting": totals["queue"],
        "version": handoff_queue.version(totals),
        "page": page,
        "reject_reasons_at": reverse("queue"),
    }
    return render(request, "leads/queue.html", context, status=listed.status)


def _counts(
    request: Request, listed: handoffs.QueueFilter, *, since: datetime
) -> tuple[dict[str, int], dict[str, int]]:
    """Return the counters of the navigation, and the size of each tab under the filters."""
    user = request.user
    at = request.now
    # The navigation shows the same counters and does not count again (crm.navigation).
    if not listed.chosen:
        request.counts = handoff_queue.tab_counts(user, at=at, since=since)
        return request.counts, request.counts
    request.counts = handoff_queue.counts(user, at=at)
    sizes = handoff_queue.tab_counts(user, at=at, since=since, narrow=listed.narrow)
    return request.counts, sizes


def start_of_today(at: datetime) -> datetime:
    """Return the midnight with which the viewer's day began."""
    zone = ZoneInfo(timezone.get_current_timezone_name())
    return datetime.combine(at.astimezone(zone).date(), time(), zone)


def _tabs(
    request: Request, current: str, sizes: dict[str, int], *, are_live: bool
) -> list[QueueTab]:
    """Return the tabs; the filters stay on. ``are_live``: the browser keeps the numbers current."""
    tabs = []
    for key, label in TAB_LABELS.items():
        query = request.GET.copy()
        query.pop("after", None)
        query["tab"] = key
        tab = QueueTab(
            f"?{query.urlencode()}",
            label,
            sizes[key],
            is_current=key == current,
            count_key=COUNT_KEYS.get(key, "") if are_live else "",
        )
        tabs.append(tab)
    return tabs


@require_safe
def mine(request: Request) -> HttpResponse:
    """Show the leads that the person has accepted and not finished, the next due first."""
    now = request.now
    listed = handoffs.mine(request.user, request.GET, at=now)
    page = listed.listing.page(after=request.GET.get("after", ""), size=PAGE)
    rows = queue_rows(request, page.rows, at=now)
    for row in rows:
        # What is still due: a clock that has stopped says how fast something was decided long ago.
        if row["handoff"].due is None:
            row["reading"] = None
    context = {
        "rows": rows,
        "filter": listed,
        "page": page,
        "own": assignments.own_record(request.user, since=now - OWN_RECORD_SPAN, at=now),
    }
    return render(request, "leads/lead_mine.html", context, status=listed.status)


# -- Rows


def queue_rows(
    request: Request, handoffs: Iterable[Handoff], *, at: datetime
) -> list[dict[str, Any]]:
    """Return a row for each handoff; one query more where the clock of one is paused."""
    rows = [queue_row(request, handoff, at=at) for handoff in handoffs]
    paused = pauses.open_pauses((row["handoff"].clock for row in rows), at=at)
    if not paused:
        return rows
    for row in rows:
        pause = paused.get(row["handoff"].clock_id)
        if pause is not None:
            row["because"] = str(pause.reason)
    return rows


def queue_row(request: Request, handoff: Handoff, *, at: datetime) -> dict[str, Any]:
    """Return a row of the queue as text; a dict, which templates read faster than an object."""
    values = handoff_queue.row_values(handoff)
    language = get_language()
    # Templates localize integers, which costs too much for fifty rows.
    pk = str(handoff.pk)
    can_decide = permissions.can_decide(request.user, handoff)
    about = (values["job_title"], values["company"])
    dial, chat = _reach(request.user, values)
    came = of_list(request).suffix
    return {
        "handoff": handoff,
        "pk": pk,
        "lead_at": address("lead", handoff.lead_id) + came,
        "accept_at": address("handoff_accept", handoff.pk),
        "accept_as_sql_at": address("handoff_accept_as_sql", handoff.pk),
        "reject_at": address("handoff_reject", handoff.pk) + came,
        "reading": readings.reading(handoff.clock, at=at) if handoff.clock else None,
        "can_decide": can_decide,
        "can_accept_as_sql": can_decide and permissions.can_accept_as_sql(request.user, handoff),
        "name": _escaped_name(handoff, values),
        "about": ", ".join(part for part in about if part),
        "dial": dial,
        "chat": chat,
        "persona": in_language(values["persona"], language),
        "source": in_language(values["source"], language),
        "team": _team(request.user, values["team"]),
        "marks": _marks(handoff, is_test=values["is_test"]),
        "fit_score": handoff.fit_score,
        "engagement_score": handoff.engagement_score,
        "state": "" if handoff.is_pending else handoff.get_state_display(),
        "owner": values["owner"] or "",
        # What a decision or a pause of the clock changes.
        "because": "",
        "taken": "",
        "accepted": False,
        "is_gone": False,
        "can_undo": False,
    }


def _reach(user: User, values: dict[str, Any]) -> tuple[str, str]:
    """Return the addresses that dial the lead's phone and open WhatsApp; empty where hidden."""
    number = values["phone"]
    if not number:
        return "", ""
    if contact_privacy.hides(values["contact_hidden"], values["brought_by"], user):
        return "", ""
    chat = ""
    if number.startswith("+"):
        chat = f"https://wa.me/{number[1:]}"
    return phones.dial(number, values["phone_extension"]), chat


def _escaped_name(handoff: Handoff, values: dict[str, Any]) -> str:
    """Return the name of the lead, escaped once, since each button repeats it."""
    name = lead_name(
        values["person"],
        values["email"],
        values["phone"],
        values["external_id"],
        pk=handoff.lead_id,
    )
    return breakable(name)


def score_columns(rows: list[dict[str, Any]]) -> list[str]:
    """Return the scores that differ among the rows of a page: "fit_score", "engagement_score".

    A score that is nearly the same everywhere does not help to choose and is left out.
    """
    columns = []
    for name in SCORES:
        known = [row[name] for row in rows if row[name] is not None]
        if known and max(known) - min(known) >= SCORE_SPREAD:
            columns.append(name)
    return columns


def _team(user: User, name: str) -> str:
    """Return the team of a handoff; empty for a reader with one queue, who knows it."""
    if not user.is_director and user.team_ids(Side.SALES) and len(user.memberships_now) == 1:
        return ""
    return name


def with_scores(rows: list[dict[str, Any]], columns: list[str]) -> list[dict[str, Any]]:
    """Add the text of the score column to each row: "72", or "72 · 40" for two scores."""
    for row in rows:
        known = [str(row[name]) for name in columns if row[name] is not None]
        row["scores"] = " · ".join(known)
    return rows


def score_label(columns: list[str]) -> str:
    """Return the heading of the score column: "Fit", "Engagement", or both."""
    return " · ".join(str(SCORES[name]) for name in columns)


def _marks(handoff: Handoff, *, is_test: bool) -> list[tuple[str, str, bool]]:
    """Return the tags under the name: tone, text, and whether the text may be cut."""
    marks = []
    if is_test:
        marks.append(("info", gettext("Test"), False))
    if handoff.overrides:
        marks.append(("warn", _overridden_text(handoff), True))
    if handoff.is_pending and handoff.requeued_at is not None:
        marks.append(("warn", gettext("Back in the queue"), False))
    return marks


def _overridden_text(handoff: Handoff) -> str:
    """Return that facts were overruled, with the reasons where the list has read them."""
    overrides = getattr(handoff, "overruled", None) or []
    reasons = [override["reason"] for override in overrides if override.get("reason")]
    label = gettext("Overridden")
    if not reasons:
        return label
    return f"{label}: {' · '.join(reasons)}"


# -- Rows that left the queue while it was open in a browser


def departures(request: Request, rows: str, *, at: datetime) -> dict[int, str]:
    """Return the reason for each of ``rows`` ("12,15") that left: "Taken by Ana, 10 s ago"."""
    pks = rows.split(",")
    # Fifteen digits fit a bigint; PostgreSQL answers longer numbers with an error.
    are_ids = all(pk.isdecimal() and len(pk) < 16 for pk in pks)
    if len(pks) > 2 * PAGE or not are_ids:
        raise BadParameter(UNKNOWN_ADDRESS)
    handoffs = handoff_queue.no_longer_pending(request.user, [int(pk) for pk in pks])
    return {handoff.pk: _departure(handoff, at) for handoff in handoffs}


def _departure(handoff: Handoff, at: datetime) -> str:
    decision = next(iter(handoff.taken), None)  # type: ignore[attr-defined]  # no_longer_pending()
    if decision is None:
        if handoff.state == HandoffState.WITHDRAWN:
            return gettext("Withdrawn by marketing")
        return gettext("No longer in the queue")
    pattern = gettext("Rejected by {name}, {ago}")
    if decision.kind == DecisionKind.ACCEPT:
        pattern = gettext("Taken by {name}, {ago}")
    return pattern.format(name=decision.by.name, ago=ago_text(decision.at, at))
