"""Marketing's desk: one tab for each kind of work that waits for the person's teams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy
from django.views.decorators.http import require_safe

from crm.accounts.models import User
from crm.accounts.request import Request, require_permission
from crm.accounts.states import Side
from crm.lib.bilingual import in_language
from crm.lib.paging import BadParameter, Page
from crm.templatetags.jinja import draw, respond
from leads import permissions
from leads.desks import marketing, readiness
from leads.desks.readiness import Judged
from leads.lists.leads import LeadRow, rows_of
from leads.records.fields import labels as field_labels
from leads.states import EventKind, HandoffState, Stage, WakeCause
from leads.views.lead.trail import of_list
from sla.clocks import readings
from sla.states import RejectionClass

PAGE = 50
# A row has the rejection and its answers, so that fewer are looked at at once.
SENT_BACK_PAGE = 25
TAB_LABELS: dict[str, Promise] = {
    "sent_back": _("Sent back"),
    readiness.NEEDS_DATA: _("Needs data"),
    readiness.READY: _("Ready"),
    "waking": _("Waking"),
    "stale": _("Stale"),
}
JUDGED_TABS = (readiness.NEEDS_DATA, readiness.READY)
# The answers to a return besides handing off again, by the names of their steps.
ANSWERS: dict[str, Promise] = {
    "recycle": _("Recycle"),
    "close": _("Close"),
    "dispute": pgettext_lazy("step", "Dispute"),
}
# Why sales sent a lead back that it did not reject.
OTHERS = {
    HandoffState.MISROUTED.value: EventKind.MISROUTED.label,
    HandoffState.DUPLICATE.value: EventKind.DUPLICATE.label,
}
UNKNOWN_ADDRESS = _("This address is not known. Start again from the desk.")


@dataclass(frozen=True)
class DeskTab:
    """A tab of a desk. ``is_more``: there may be more than ``count``.

    ``count``: None where the page asks for it later, and puts it into the element ``count_id``.
    """

    url: str
    label: Promise
    count: int | None
    is_current: bool
    is_more: bool = False
    count_id: str = ""


@dataclass(frozen=True)
class Window:
    """The leads that a page has looked at, judged, and which of them it lists."""

    page: Page
    judged: list[Judged]


@dataclass(frozen=True)
class JudgedRow:
    """A judged lead as a row shows it. ``lacking``: the names of what is to be found out."""

    judged: Judged
    lacking: list[str]


@require_safe
@require_permission(permissions.can_log)
def desk(request: Request) -> HttpResponse:
    """Show one list of the desk: what sales sent back, what needs data, what is ready…"""
    tab = request.GET.get("tab", "sent_back")
    if tab not in TAB_LABELS or set(request.GET) - {"tab", "after", "density"}:
        raise BadParameter(UNKNOWN_ADDRESS)
    after = request.GET.get("after", "")
    shown, context = LISTS[tab](request, after)
    tabs = _tabs(request, tab)
    if tab in JUDGED_TABS and not after:
        # The first window is what the tab counts.
        tabs[tab] = _tab(tab, tab, len(context["rows"]), is_more=bool(shown.next))
    context |= {
        "tab": tab,
        "tabs": tabs.values(),
        "asked_for": urlencode({"tab": _not_counted(tabs)}, doseq=True),
        "shown": shown,
        "came": of_list(request).suffix,
        "window": readiness.WINDOW,
        "window_is_part": tab in JUDGED_TABS and bool(after or shown.next),
    }
    return respond(request, "leads/desk.jinja", context)


@require_safe
@require_permission(permissions.can_log)
def counts(request: Request) -> HttpResponse:
    """Answer with the counters of tabs that judge leads; the page puts them into its tabs.

    Judging costs more than the rest of a page, so that a tab of another kind does not wait for it.
    """
    names = request.GET.getlist("tab")
    if not names or set(names) - set(JUDGED_TABS) or set(request.GET) - {"tab"}:
        raise BadParameter(UNKNOWN_ADDRESS)
    windows = _windows(request.user, dict.fromkeys(names, ""))
    tabs = [
        _tab(name, "", len(window.judged), is_more=bool(window.page.next))
        for name, window in windows.items()
    ]
    return HttpResponse(draw("leads/_desk_counts.jinja", request, tabs=tabs))


# -- What is judged


def _windows(user: User, places: Mapping[str, str]) -> dict[str, Window]:
    """Return the windows of tabs that judge, each of which begins behind a place."""
    measure = readiness.measure()
    pages = {}
    for name, place in places.items():
        listing = readiness.listing(user, name, measure)
        pages[name] = listing.page(after=place, size=readiness.WINDOW)
    # All at once: most leads that did something are in both windows.
    judged = readiness.judge({pk for page in pages.values() for pk in page.rows}, measure)
    windows = {}
    for name, page in pages.items():
        found = (judged.get(pk) for pk in page.rows)
        windows[name] = Window(page, [each for each in found if each and each.place == name])
    return windows


# -- The tabs


def _tabs(request: Request, current: str) -> dict[str, DeskTab]:
    """Return the tabs by name, with the counters of those that do not judge."""
    numbers = marketing.counts(request.user, at=request.now)
    most = marketing.COUNTED_UP_TO
    tabs = {}
    for name in TAB_LABELS:
        if name in JUDGED_TABS:
            tabs[name] = _tab(name, current, None)
        else:
            number = numbers[name]
            tabs[name] = _tab(name, current, min(number, most), is_more=number > most)
    return tabs


def _tab(name: str, current: str, count: int | None, *, is_more: bool = False) -> DeskTab:
    label = TAB_LABELS[name]
    return DeskTab(f"?tab={name}", label, count, name == current, is_more, f"count-{name}")


def _not_counted(tabs: Mapping[str, DeskTab]) -> list[str]:
    return [name for name, tab in tabs.items() if tab.count is None]


# -- The lists


Shown = tuple[Page, dict[str, Any]]


def _sent_back(request: Request, after: str) -> Shown:
    page = marketing.sent_back(request.user).page(after=after, size=SENT_BACK_PAGE)
    answers = _answers(request.user)
    rows = []
    for row in marketing.sent_back_rows(page):
        reading = readings.reading(row.clock, at=request.now) if row.clock else None
        # Only a rejection can be contested.
        rows.append((row, reading, answers[row.is_contestable]))
    kinds = {each.value: str(each.label) for each in RejectionClass}
    return page, {"rows": rows, "kinds": kinds, "others": OTHERS}


def _answers(user: User) -> dict[bool, list[tuple[str, str]]]:
    """Return the answers to a return, with their labels, by whether it can be contested."""
    # Words and not promises, which every row of the page would translate anew.
    answers = [(name, str(label)) for name, label in ANSWERS.items()]
    # The lead page asks for the team of each lead; most people lead none.
    if user.team_ids(Side.MARKETING, led=True):
        answers.append(("give-return", pgettext("return", "Give away")))
    return {True: answers, False: [each for each in answers if each[0] != "dispute"]}


def _judged(request: Request, after: str) -> Shown:
    tab = request.GET["tab"]
    window = _windows(request.user, {tab: after})[tab]
    return window.page, {"rows": [_judged_row(each) for each in window.judged]}


def _judged_row(judged: Judged) -> JudgedRow:
    lacking = [in_language(each.rule.text) for each in judged.unknown]
    lacking += field_labels(judged.missing).values()
    return JudgedRow(judged, lacking)


def _waking(request: Request, after: str) -> Shown:
    page = marketing.waking(request.user, at=request.now).page(after=after, size=PAGE)
    causes = {each.value: str(each.label) for each in WakeCause}
    return page, {"rows": marketing.waking_rows(page), "causes": causes}


def _stale(request: Request, after: str) -> Shown:
    page = marketing.stale(request.user, at=request.now).page(after=after, size=PAGE)
    rows: list[LeadRow] = rows_of(page)
    context = {
        "rows": rows,
        "last": marketing.last_events(page),
        "stages": {stage.value: str(stage.label) for stage in Stage},
    }
    return page, context


LISTS: dict[str, Callable[[Request, str], Shown]] = {
    "sent_back": _sent_back,
    readiness.NEEDS_DATA: _judged,
    readiness.READY: _judged,
    "waking": _waking,
    "stale": _stale,
}
