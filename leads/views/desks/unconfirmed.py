"""Attempts worth a question: those of the reader, or of the teams that the reader leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.accounts.request import Request, require_permission
from crm.lib.paging import BadParameter
from crm.templatetags.jinja import respond
from leads import permissions
from leads.desks import team, unconfirmed
from leads.lists.leads import LeadRow, rows_in_sight
from leads.models import Attempt
from leads.views.desks.marketing import DeskTab
from leads.views.lead.trail import of_list

PAGE = 50
BY_WORD, NOTES = "word", "notes"
TAB_LABELS: dict[str, Promise] = {
    BY_WORD: _("Known by word alone"),
    NOTES: _("Equal notes"),
}
UNKNOWN_ADDRESS = _("This address is not known. Start again from the desk.")


@dataclass(frozen=True)
class AttemptRow:
    """An attempt. ``lead``: None where the reader may not see it. ``n``: how many equal notes."""

    attempt: Attempt
    lead: LeadRow | None
    n: int


@require_safe
@require_permission(permissions.can_lead)
def of_team(request: Request) -> HttpResponse:
    """List the attempts of the teams that the reader leads; for directors, of all of sales."""
    attempts = unconfirmed.of_teams(team.teams_of(request.user))
    return _answer(request, attempts, is_own=False)


@require_safe
def own(request: Request) -> HttpResponse:
    """List the attempts of the reader alone."""
    return _answer(request, unconfirmed.own(request.user), is_own=True)


def _answer(request: Request, attempts: QuerySet[Attempt], *, is_own: bool) -> HttpResponse:
    lists = {
        BY_WORD: unconfirmed.by_word(attempts, at=request.now),
        NOTES: unconfirmed.equal_notes(attempts, at=request.now),
    }
    tab = request.GET.get("tab", BY_WORD)
    if tab not in lists or set(request.GET) - {"tab", "after", "density"}:
        raise BadParameter(UNKNOWN_ADDRESS)
    after = request.GET.get("after", "")
    shown = unconfirmed.page_of(lists[tab], after=after, size=PAGE)
    context: dict[str, Any] = {
        "tab": tab,
        "tabs": [
            DeskTab(f"?tab={name}", TAB_LABELS[name], rows.count(), name == tab)
            for name, rows in lists.items()
        ],
        "rows": _rows(request, shown.rows, tab),
        "shown": shown,
        "is_own": is_own,
        "came": of_list(request).suffix,
    }
    return respond(request, "leads/desk_unconfirmed.jinja", context)


def _rows(request: Request, attempts: Any, tab: str) -> list[AttemptRow]:
    """Return the rows of a page, in two queries."""
    ids = sorted({each.handoff.lead_id for each in attempts})
    leads = rows_in_sight(request.user, ids)
    numbers = unconfirmed.how_often(attempts) if tab == NOTES else {}
    return [
        AttemptRow(each, leads.get(each.handoff.lead_id), numbers.get(each.pk, 1))
        for each in attempts
    ]
