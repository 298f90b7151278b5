"""Lists: the queue, my leads, all leads."""

from __future__ import annotations

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
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.accounts.request import Request
from crm.lib.bilingual import in_language
from crm.lib.moments import ago_text
from crm.lib.paging import BadParameter, Size, newest_first, size_of
from crm.templatetags.addresses import address
from crm.templatetags.relevo import number
from leads import permissions
from leads.handoffs import queue as desk
from leads.models import Handoff, Lead
from leads.models.lead import lead_name
from leads.records.filters import LeadFilter
from leads.states import DecisionKind, HandoffState, Stage
from sla.clocks import assignments, pauses, readings

PAGE = 50
OWN_DAYS = timedelta(days=30)
TAB_LABELS: dict[str, Promise] = {
    "waiting": _("Waiting"),
    "soon": _("At risk"),
    "overdue": _("Overdue"),
    "decided": _("Decided today"),
}
COUNT_KEYS = {"waiting": "queue", "overdue": "overdue"}


@dataclass(frozen=True)
class Tab:
    url: str
    label: str | Promise
    count: int | None
    is_current: bool
    count_key: str = ""  # by which the browser keeps it true


def row(request: Request, handoff: Handoff, *, at: datetime) -> dict[str, Any]:
    """One line of the queue or of my leads, in plain words: templates look a dict up fastest."""
    said, can_decide = desk.row_values(handoff), permissions.can_decide(request.user, handoff)
    language = get_language()
    name = lead_name(
        said["person"], said["email"], said["phone"], said["external_id"], pk=handoff.lead_id
    )
    return {
        "handoff": handoff,
        "pk": str(handoff.pk),  # templates write numbers as the region does, at a price
        "lead_at": address("lead", handoff.lead_id),
        "reading": readings.reading(handoff.clock, at=at) if handoff.clock else None,
        "can_decide": can_decide,
        "can_accept_as_sql": can_decide and permissions.can_accept_as_sql(request.user, handoff),
        "name": conditional_escape(name),  # once: it stands in every button as well
        "about": ", ".join(part for part in (said["job_title"], said["company"]) if part),
        "persona": in_language(said["persona"], language),
        "source": in_language(said["source"], language),
        "team": said["team"],
        "marks": _marks(handoff, said["is_test"]),
        "scores": _scores(handoff),
        "because": "",  # why its clock is paused: with_pauses
        "state": "" if handoff.is_pending else handoff.get_state_display(),
        "owner": said["owner"] or "",
        "taken": "",  # by whom, where the row was lost to a colleague
        "accepted": False,  # just now, by the viewer
        "is_gone": False,
        "can_undo": False,
    }


def _scores(handoff: Handoff) -> str:
    """Both scores at the hand-off in short; empty where it has none."""
    if handoff.fit_score is None:
        return ""
    pattern = gettext("Fit {fit} · engagement {engagement}")
    return pattern.format(fit=handoff.fit_score, engagement=handoff.engagement_score)


def _word(handoff: Handoff) -> str:
    """Why marketing knew better, where it did and the list has read it (desk.queue)."""
    if not handoff.overrides:
        return ""
    reasons = [
        each["reason"] for each in getattr(handoff, "overruled", None) or [] if each.get("reason")
    ]
    return f"{gettext('Overridden')}: {' · '.join(reasons)}" if reasons else gettext("Overridden")


def _marks(handoff: Handoff, is_test: bool) -> list[tuple[str, str, bool]]:
    """The tags under the name: tone, words, and whether these may be too long for it."""
    marks = [("info", gettext("Test"), False)] if is_test else []
    if word := _word(handoff):
        marks.append(("warn", word, True))
    if handoff.is_pending and handoff.requeued_at is not None:
        marks.append(("warn", gettext("Back in the queue"), False))
    return marks


def today_began(request: Request, at: datetime) -> datetime:
    """Midnight of the viewer's day."""
    zone = ZoneInfo(timezone.get_current_timezone_name())
    return datetime.combine(at.astimezone(zone).date(), time(), zone)


@require_safe
def queue(request: Request) -> HttpResponse:
    """Pending handoffs in sight, the least time left first."""
    now = request.now
    since, tab = today_began(request, now), request.GET.get("tab", "waiting")
    if tab not in desk.TABS or set(request.GET) - {"tab", "from"}:
        raise BadParameter(_("This address is not known. Start again from the queue."))
    start = _start(request.GET.get("from", "0"))
    request.counts = counts = desk.tab_counts(request.user, at=now, since=since)
    found = list(desk.queue(request.user, tab, at=now, since=since)[start : start + PAGE])
    context = {
        "rows": with_pauses([row(request, handoff, at=now) for handoff in found], at=now),
        "tab": tab,
        "tabs": [
            Tab(f"?tab={key}", label, counts[key], key == tab, COUNT_KEYS.get(key, ""))
            for key, label in TAB_LABELS.items()
        ],
        "counts": counts,
        "version": desk.version(counts),
        "next": f"?{urlencode({'tab': tab, 'from': start + PAGE})}"
        if counts[tab] > start + PAGE
        else "",
        "reject_reasons_at": reverse("queue"),
    }
    return render(request, "leads/queue.html", context)


def gone_words(request: Request, rows: str, *, at: datetime) -> dict[int, str]:
    """For each of ``rows`` ("12,15") that left the queue: "Taken by Ana, 10 s ago"."""
    pks = rows.split(",")
    if len(pks) > 2 * PAGE or not all(pk.isdecimal() and len(pk) < 16 for pk in pks):
        raise BadParameter(_("This address is not known. Start again from the queue."))
    return {
        each.pk: _gone(each, at)
        for each in desk.no_longer_pending(request.user, [int(pk) for pk in pks])
    }


def _gone(handoff: Handoff, at: datetime) -> str:
    decision = next(iter(handoff.taken), None)  # type: ignore[attr-defined]  # set by desk.no_longer_pending
    if decision is None:
        withdrawn = handoff.state == HandoffState.WITHDRAWN
        return str(_("Withdrawn by marketing") if withdrawn else _("No longer in the queue"))
    taken = decision.kind == DecisionKind.ACCEPT
    pattern = _("Taken by {name}, {ago}") if taken else _("Rejected by {name}, {ago}")
    return str(pattern).format(name=decision.by.name, ago=ago_text(decision.at, at))


def _start(raw: str) -> int:
    if not raw.isdecimal() or len(raw) > 9:
        raise BadParameter(_("This address is not known. Start again from the queue."))
    return int(raw)


@require_safe
def mine(request: Request) -> HttpResponse:
    """What the person has accepted and not finished, the next due first."""
    now = request.now
    found = list(desk.mine(request.user)[: PAGE * 4])
    context = {
        "rows": with_pauses([row(request, handoff, at=now) for handoff in found], at=now),
        "own": assignments.own_record(request.user, since=now - OWN_DAYS, at=now),
    }
    return render(request, "leads/lead_mine.html", context)


def with_pauses(rows: list[dict[str, Any]], *, at: datetime) -> list[dict[str, Any]]:
    """``rows``, those whose clock is paused with the reason; a query only where one is."""
    paused = pauses.open_pauses((row["handoff"].clock for row in rows), at=at)
    for each in rows if paused else ():
        pause = paused.get(each["handoff"].clock_id)
        each["because"] = str(pause.reason) if pause else ""
    return rows


@require_safe
def lead_list(request: Request) -> HttpResponse:
    """Every lead in sight, with search and filters in the address, newest first."""
    listing = LeadFilter(
        request.GET, Lead.objects.visible_to(request.user).with_names(), user=request.user
    )
    status = 200 if listing.is_valid() else 400
    rows = listing.qs if status == 200 else Lead.objects.none()
    after = request.GET.get("after", "")
    page = newest_first(rows, "first_seen_on", after=after, size=PAGE)
    context: dict[str, Any] = {
        "filter": listing,
        "page": page,
        "size": size_words(size_of(rows, page, "first_seen_on", after=after)),
        "tabs": _stage_tabs(request) if permissions.can_log(request.user) else [],
        "can_log": permissions.can_log(request.user),
    }
    return render(request, "leads/lead_list.html", context, status=status)


def size_words(size: Size) -> str:
    """ "12 leads", "About 1,840 leads"."""
    if size.is_about:
        return gettext("About {n} leads").format(n=number(size.n))
    if size.is_more:
        return gettext("More than {n} leads").format(n=number(size.n))
    return ngettext("{n} lead", "{n} leads", size.n).format(n=number(size.n)) if size.n else ""


def _stage_tabs(request: Request) -> list[Tab]:
    """Marketing's desk: what needs them first."""
    current = request.GET.get("stage", "")
    wanted = [
        ("", _("All")),
        (Stage.CAPTURED, _("To qualify")),
        (Stage.MQL, _("Ready to hand off")),
        (Stage.RETURNED, _("Sent back")),
    ]
    return [
        Tab(f"?stage={stage}" if stage else "?", label, None, stage == current)
        for stage, label in wanted
    ]
