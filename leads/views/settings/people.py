"""The list of people, for admins."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from crm.accounts import directory
from crm.accounts.permissions import can_manage_people
from crm.accounts.request import Request, require_permission
from crm.lib.paging import BadParameter
from crm.lib.text import clean_line

LONGEST_SEARCH = 120
TAB_LABELS = {
    "here": gettext_lazy("People"),
    "gone": gettext_lazy("Deactivated"),
    "imported": gettext_lazy("From imports"),
}


@require_safe
@require_permission(can_manage_people)
def people_list(request: Request) -> HttpResponse:
    """People with their teams and the state of their access."""
    show = request.GET.get("show", "here")
    if show not in directory.SHOWS:
        raise BadParameter(_("This page address is not complete. Start again from the list."))
    search = clean_line(request.GET.get("q", ""))[:LONGEST_SEARCH]
    context = {
        "rows": directory.rows(show, at=request.now, search=search),
        "tabs": _tabs(show),
        "show": show,
        "search": search,
        "shown": directory.SHOWN,
    }
    return render(request, "leads/people.html", context)


def _tabs(current: str) -> list[dict[str, Any]]:
    counts = directory.counts()
    tabs = []
    for key, label in TAB_LABELS.items():
        tab = {
            "url": f"?show={key}",
            "label": label,
            "is_current": key == current,
            "count": counts[key],
        }
        tabs.append(tab)
    return tabs
