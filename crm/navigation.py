"""What the frame around every page shows: navigation, counters, the moment of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.accounts.permissions import can_manage_people
from crm.accounts.request import Request
from crm.accounts.sign_in import demo
from crm.lib import number_formats
from crm.notifications import outbox
from leads import permissions
from leads.handoffs import queue

# Entries that are current on the pages below them too. A lead's own page belongs to none, one comes
# there from several.
WHOLE = ("alignment", "agreement", "personas", "people", "setup")


@dataclass(frozen=True)
class Item:
    url: str
    label: str | Promise
    icon: str
    count: int
    count_key: str
    is_current: bool
    in_bar: bool  # at the bottom of a phone, else behind "More"


def counters(user: User, at: Any) -> dict[str, int]:
    """The numbers in the navigation; also what the browser polls."""
    return with_notices(user, queue.counts(user, at=at))


def with_notices(user: User, counts: dict[str, int]) -> dict[str, int]:
    return {**counts, "notices": outbox.unread_count(user)}


def shell(request: Request) -> dict[str, Any]:
    """Context of every template. Lazy, so that answers without the frame cost nothing."""
    user = getattr(request, "user", None)
    context: dict[str, Any] = {
        "relevo_mode": settings.RELEVO_MODE,
        "request_id": getattr(request, "id", ""),
    }
    context["mail_on"] = settings.MAIL_ON
    if user is None or not user.is_authenticated:
        return {**context, "shell": None, "demo_people": SimpleLazyObject(demo.people)}
    return {**context, "shell": SimpleLazyObject(lambda: _frame(request, user))}


def _frame(request: Request, user: User) -> dict[str, Any]:
    now = request.now
    # a page that has counted more than these is not asked twice
    counts = (
        with_notices(user, request.counts) if hasattr(request, "counts") else counters(user, now)
    )
    return {
        "nav": _nav(request, user, counts),
        "notice_count": counts["notices"],
        "overdue_count": counts["overdue"],
        "organisation": request.organisation,
        "now_iso": now.isoformat(),
        "role_label": user.role.label,
        "can_log": permissions.can_log(user),
        "region": user.region
        or number_formats.at_home(request.organisation.country)
        or user.language,
    }


def _nav(request: Request, user: User, counts: dict[str, int]) -> list[Item]:
    """Menus only hide what one may not open."""
    wanted: list[tuple[str, str | Promise, str, str]] = []
    if permissions.can_read_alignment(user):
        wanted += [
            ("queue", _("Queue"), "inbox", "queue"),
            ("lead_mine", _("My leads"), "user", "mine"),
            ("lead_list", _("All leads"), "list", ""),
            ("alignment", _("Alignment"), "chart-column", ""),
            ("agreement", _("Agreement"), "handshake", ""),
        ]
    wanted.append(("personas", _("Personas"), "user-search", ""))
    if can_manage_people(user):
        wanted.append(("people", _("People"), "users", ""))
    wanted.append(("notice_list", _("Notices"), "bell", "notices"))
    if user.is_admin:
        wanted.append(("setup", _("Settings"), "settings", ""))
    whole = tuple(reverse(name) for name in WHOLE)
    in_bar = {"queue", "lead_mine", "alignment"} if wanted[0][0] == "queue" else {"people", "setup"}
    return [
        Item(
            url := reverse(name),
            label,
            icon,
            counts.get(key, 0),
            key,
            request.path == url or (url in whole and request.path.startswith(url)),
            name in in_bar,
        )
        for name, label, icon, key in wanted
    ]
