"""The queue, and the leads that a person works on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.accounts.request import Request
from crm.lib.bilingual import in_language
from crm.lib.moments import ago_text
from crm.lib.paging import BadParameter
from crm.templatetags.addresses import address
from leads import permissions
from leads.handoffs import queue as handoff_queue
from leads.models import Handoff
from leads.models.lead import lead_name
from leads.states import DecisionKind, HandoffState
from sla.clocks import assignments, pauses, readings

PAGE = 50
# No paging: a rep works on far fewer; the limit only bounds the page.
MOST_OWN = 4 * PAGE
OWN_RECORD_SPAN = timedelta(days=30)
TAB_LABELS: dict[str, Promise] = {
    "waiting": _("Waiting"),
    "soon": _("At risk"),
    "overdue": _("Overdue"),
    "decided": _("Decided today"),
}
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
    """The pending handoffs that the viewer may see, the least time left first."""
    now = request.now
    since = start_of_today(now)
    tab = request.GET.get("tab", "waiting")
    if tab not in handoff_queue.TABS or set(request.GET) - {"tab", "from"}:
        raise BadParameter(UNKNOWN_ADDRESS)
    start = _start(request.GET.get("from", "0"))
    counts = handoff_queue.tab_counts(request.user, at=now, since=since)
    # The navigation shows the same counters and does not count again (crm.navigation).
    request.counts = counts
    end = start + PAGE
    handoffs = handoff_queue.queue(request.user, tab, at=now, since=since)[start:end]
    next_page = ""
    if counts[tab] > end:
        next_page = f"?{urlencode({'tab': tab, 'from': end})}"
    context = {
        "rows": queue_rows(request, handoffs, at=now),
        "tab": tab,
        "tabs": _tabs(tab, counts),
        "counts": counts,
        "version": handoff_queue.version(counts),
        "next": next_page,
        "reject_reasons_at": reverse("queue"),
    }
    return render(request, "leads/queue.html", context)


def start_of_today(at: datetime) -> datetime:
    """Return the midnight with which the viewer's day began."""
    zone = ZoneInfo(timezone.get_current_timezone_name())
    return datetime.combine(at.astimezone(zone).date(), time(), zone)


def _start(raw: str) -> int:
    """Return the position of the first row. Raises BadParameter."""
    # Nine digits always fit PostgreSQL's OFFSET; more is no page of a queue.
    if not raw.isdecimal() or len(raw) > 9:
        raise BadParameter(UNKNOWN_ADDRESS)
    return int(raw)


def _tabs(current: str, counts: dict[str, int]) -> list[QueueTab]:
    tabs = []
    for key, label in TAB_LABELS.items():
        tab = QueueTab(
            f"?tab={key}",
            label,
            counts[key],
            is_current=key == current,
            count_key=COUNT_KEYS.get(key, ""),
        )
        tabs.append(tab)
    return tabs


@require_safe
def mine(request: Request) -> HttpResponse:
    """The leads that the person has accepted and not finished, the next due first."""
    now = request.now
    handoffs = handoff_queue.mine(request.user)[:MOST_OWN]
    context = {
        "rows": queue_rows(request, handoffs, at=now),
        "own": assignments.own_record(request.user, since=now - OWN_RECORD_SPAN, at=now),
    }
    return render(request, "leads/lead_mine.html", context)


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
    return {
        "handoff": handoff,
        "pk": pk,
        "lead_at": address("lead", handoff.lead_id),
        "accept_at": address("handoff_accept", handoff.pk),
        "accept_as_sql_at": address("handoff_accept_as_sql", handoff.pk),
        "reject_at": address("handoff_reject", handoff.pk),
        "reading": readings.reading(handoff.clock, at=at) if handoff.clock else None,
        "can_decide": can_decide,
        "can_accept_as_sql": can_decide and permissions.can_accept_as_sql(request.user, handoff),
        "name": _escaped_name(handoff, values),
        "about": ", ".join(part for part in about if part),
        "persona": in_language(values["persona"], language),
        "source": in_language(values["source"], language),
        "team": values["team"],
        "marks": _marks(handoff, is_test=values["is_test"]),
        "scores": _scores(handoff),
        "state": "" if handoff.is_pending else handoff.get_state_display(),
        "owner": values["owner"] or "",
        # What a decision or a pause of the clock changes.
        "because": "",
        "taken": "",
        "accepted": False,
        "is_gone": False,
        "can_undo": False,
    }


def _escaped_name(handoff: Handoff, values: dict[str, Any]) -> str:
    """Return the name of the lead, escaped once, since each button repeats it."""
    name = lead_name(
        values["person"],
        values["email"],
        values["phone"],
        values["external_id"],
        pk=handoff.lead_id,
    )
    return conditional_escape(name)


def _scores(handoff: Handoff) -> str:
    """Return both scores at the hand-off; empty where there are none."""
    if handoff.fit_score is None:
        return ""
    pattern = gettext("Fit {fit} · engagement {engagement}")
    return pattern.format(fit=handoff.fit_score, engagement=handoff.engagement_score)


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
