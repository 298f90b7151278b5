"""Context of the frame around every page: navigation, counters, the moment of the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from crm import first_steps
from crm.accounts.models import User
from crm.accounts.permissions import can_configure, can_manage_people
from crm.accounts.request import Request
from crm.accounts.sign_in import demo
from crm.accounts.states import Role, Side
from crm.lib import number_formats
from crm.notifications import outbox
from crm.second_factor import demand
from crm.templatetags.addresses import page
from leads import permissions
from leads.handoffs.queue import counters as queue_counters


@dataclass(frozen=True, eq=False)
class Entry:
    """An entry of the navigation. ``counter`` is the key of its number in ``counters``."""

    name: str  # of the URL
    label: str | Promise
    icon: str
    counter: str = ""


DESK = Entry("desk", _("Desk"), "layout-list")
TEAM_DESK = Entry("desk_team", _("My team"), "users-round")
DIRECTOR_DESK = Entry("desk_director", _("Director's desk"), "gavel")
QUEUE = Entry("queue", _("Queue"), "inbox", "queue")
MY_LEADS = Entry("lead_mine", _("My leads"), "user", "mine")
ALL_LEADS = Entry("lead_list", _("All leads"), "list")
ALIGNMENT = Entry("alignment", _("Alignment"), "chart-column")
AGREEMENT = Entry("agreement", _("Agreement"), "handshake")
PERSONAS = Entry("personas", _("Personas"), "user-search")
PEOPLE = Entry("people", _("People"), "users")
NOTICES = Entry("notice_list", _("Notices"), "bell", "notices")
SETTINGS = Entry("setup", _("Settings"), "settings")

# Current on the pages below their path too. The page of a lead belongs to no entry, because it is
# reached from several.
WITH_PAGES_BELOW = (ALIGNMENT, AGREEMENT, PERSONAS, PEOPLE, SETTINGS)


HOMES = {
    Role.MARKETING: DESK.name,
    Role.SALES_REP: QUEUE.name,
    Role.TEAM_LEAD: TEAM_DESK.name,
    Role.DIRECTOR: DIRECTOR_DESK.name,
    Role.ADMIN: SETTINGS.name,
}


def home_of(user: User) -> str:
    """Return the name of the first page of ``user``."""
    home = HOMES[user.role]
    # A person without a team counts as marketing and has no desk.
    if home == DESK.name and not permissions.can_log(user):
        return ALL_LEADS.name
    return home


# What a phone's bar shows first.
IN_BAR = (
    DIRECTOR_DESK,
    DESK,
    TEAM_DESK,
    QUEUE,
    MY_LEADS,
    ALIGNMENT,
    ALL_LEADS,
    PEOPLE,
    SETTINGS,
    PERSONAS,
)


@dataclass(frozen=True)
class Item:
    """An entry as the template shows it; ``in_bar``: at the bottom of a phone, else in "More"."""

    url: str
    label: str | Promise
    icon: str
    count: int
    count_key: str
    is_current: bool
    in_bar: bool


def counters(user: User, at: datetime) -> dict[str, int]:
    """Return the numbers of the navigation, which the browser polls too."""
    return with_notices(user, queue_counters.counts(user, at=at))


def with_notices(user: User, counts: dict[str, int]) -> dict[str, int]:
    """Add the number of unread notices."""
    return {**counts, "notices": outbox.unread_count(user)}


def shell(request: Request) -> dict[str, Any]:
    """Return the context of every template.

    The frame is lazy, so that answers without it cost nothing.
    """
    user = getattr(request, "user", None)
    context: dict[str, Any] = {
        "relevo_mode": settings.RELEVO_MODE,
        "request_id": getattr(request, "id", ""),
        "mail_on": settings.MAIL_ON,
    }
    if user is None or not user.is_authenticated:
        context["shell"] = None
        context["demo_people"] = SimpleLazyObject(demo.people)
    elif demand.is_stopped(user, request.session, request.organisation):
        # Also around an error page: no counter and no name before the second factor.
        context["shell"] = None
    else:
        context["shell"] = SimpleLazyObject(lambda: _frame(request, user))
    return context


def _frame(request: Request, user: User) -> dict[str, Any]:
    now = request.now
    # A view that has counted the queue anyhow leaves its numbers, which saves a query.
    if hasattr(request, "counts"):
        counts = with_notices(user, request.counts)
    else:
        counts = counters(user, now)
    if request.method == "GET" and request.resolver_match:
        first_steps.note_page(user, request.resolver_match.url_name or "", at=now)
    entries = _entries(user)
    home_region = number_formats.at_home(request.organisation.country)
    return {
        "nav": _items(request, entries, counts),
        "entries": entries,
        "first_steps": _first_steps(request, user),
        "came_back": _came_back(request, user),
        "notice_count": counts["notices"],
        "overdue_count": counts["overdue"],
        "organisation": request.organisation,
        "now_iso": now.isoformat(),
        "role_label": user.role.label,
        "can_log": permissions.can_log(user),
        "region": user.region or home_region or user.language,
    }


def _came_back(request: Request, user: User) -> bool:
    """Return whether to lead to what happened in a leave that is over; not on that page itself."""
    return user.unseen_leave is not None and request.path != reverse("away")


def _first_steps(request: Request, user: User) -> list[first_steps.Taken]:
    """Return the card of first steps on the first page of the person's role, else nothing."""
    if request.path != reverse(home_of(user)):
        return []
    return first_steps.card(user, at=request.now)


def _entries(user: User) -> tuple[Entry, ...]:
    """Return the pages that the roles of ``user`` use; the views check permissions themselves.

    The desks of the roles come first. Directors come to the queue, in which they decide nothing,
    from theirs.
    """
    entries = []
    if user.is_director:
        entries.append(DIRECTOR_DESK)
    if permissions.can_log(user):
        entries.append(DESK)
    if any(member.is_lead for member in user.memberships_now):
        entries.append(TEAM_DESK)
    if user.team_ids(Side.SALES):
        entries += [QUEUE, MY_LEADS]
    if permissions.can_read_alignment(user):
        entries += [ALL_LEADS, ALIGNMENT, AGREEMENT]
    entries.append(PERSONAS)
    if can_manage_people(user):
        entries.append(PEOPLE)
    entries.append(NOTICES)
    if can_configure(user):
        entries.append(SETTINGS)
    return tuple(entries)


def _items(request: Request, entries: tuple[Entry, ...], counts: dict[str, int]) -> list[Item]:
    # A phone's bar has room for three beside "More".
    in_bar = [entry for entry in IN_BAR if entry in entries][:3]
    items = []
    for entry in entries:
        url = page(entry.name)
        is_below = entry in WITH_PAGES_BELOW and request.path.startswith(url)
        item = Item(
            url=url,
            label=entry.label,
            icon=entry.icon,
            count=counts.get(entry.counter, 0),
            count_key=entry.counter,
            is_current=request.path == url or is_below,
            in_bar=entry in in_bar,
        )
        items.append(item)
    return items
