"""What the frame around every page shows: navigation, counters, the moment of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from crm.accounts import demo
from crm.accounts.models import User
from crm.accounts.request import Request
from crm.lib import clock, regions
from crm.notifications import outbox
from leads import desk, permissions


@dataclass(frozen=True)
class Item:
    url: str
    label: str | Promise
    icon: str
    count: int
    count_key: str
    is_current: bool


def counters(user: User, at: Any) -> dict[str, int]:
    """The numbers in the navigation; also what the browser polls."""
    return {**desk.counts(user, at=at), "notices": outbox.unread_count(user)}


def shell(request: Request) -> dict[str, Any]:
    """Context of every template. Lazy, so that answers without the frame cost nothing."""
    user = getattr(request, "user", None)
    context: dict[str, Any] = {"relevo_mode": settings.RELEVO_MODE, "request_id": getattr(request, "id", "")}
    if user is None or not user.is_authenticated:
        return {**context, "shell": None, "demo_people": SimpleLazyObject(demo.people)}
    return {**context, "shell": SimpleLazyObject(lambda: _frame(request, user))}


def _frame(request: Request, user: User) -> dict[str, Any]:
    now = getattr(request, "now", None) or clock.now()
    counts = counters(user, now)
    return {
        "nav": _nav(request, user, counts),
        "notice_count": counts["notices"],
        "overdue_count": counts["overdue"],
        "organisation": request.organisation,
        "now_iso": now.isoformat(),
        "role_label": user.role.label,
        "can_log": permissions.can_log(user),
        "region": user.region or regions.at_home(request.organisation.country) or user.language,
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
        ]
    wanted.append(("notice_list", _("Notices"), "bell", "notices"))
    return [
        Item(reverse(name), label, icon, counts.get(key, 0), key, _is_current(request, reverse(name)))
        for name, label, icon, key in wanted
    ]


def _is_current(request: Request, url: str) -> bool:
    """Also the lists behind the alignment page; a lead's own page belongs to no entry, one comes there from several."""
    below_alignment = url == reverse("alignment") and request.path.startswith(url)
    return request.path == url or below_alignment
