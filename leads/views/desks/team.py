"""The desk of a team lead: who has how much, and giving leads to a colleague in place."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.accounts.models import Team
from crm.accounts.request import Request, require_permission
from crm.lib.input.numbers import whole
from crm.lib.paging import BadParameter
from crm.templatetags.jinja import respond
from leads import permissions
from leads.desks import director, marketing, team
from leads.desks.team import Colleague
from leads.handoffs.queue.rows import rows_of
from leads.staff.handover import assignable_by
from leads.views.lead.trail import of_list
from leads.views.queue import QueueRow, queue_rows
from sla.clocks import readings

PAGE = 25  # below the people of the teams
UNKNOWN_ADDRESS = _("This address is not known. Start again from the desk.")


@require_safe
@require_permission(permissions.can_lead)
def desk(request: Request) -> HttpResponse:
    """Show the people of the teams that the viewer leads, and the leads of a chosen one."""
    if set(request.GET) - {"person", "after", "after_return", "density"}:
        raise BadParameter(UNKNOWN_ADDRESS)
    teams = team.teams_of(request.user)
    accepts = team.accepts(teams, since=team.month_of(request.now))
    colleagues = team.colleagues(teams, accepts, at=request.now)
    context: dict[str, Any] = {
        "colleagues": colleagues,
        "capacities": team.capacities(teams, accepts),
        "cases": director.waiting_for(request.user, at=request.now).count(),
        "chosen": None,
    }
    if "person" in request.GET:
        chosen = _chosen(request.GET["person"], colleagues)
        context |= {
            "chosen": chosen,
            "came": of_list(request).suffix,
            **_leads(request, chosen, teams),
            **_returns(request, chosen, teams),
        }
    return respond(request, "leads/desk_team.jinja", context)


def _chosen(text: str, colleagues: list[Colleague]) -> Colleague:
    """Return the person that the address names. Raises BadParameter."""
    pk = whole(text)
    for each in colleagues:
        if each.load.pk == pk:
            return each
    raise BadParameter(UNKNOWN_ADDRESS)


def _leads(request: Request, chosen: Colleague, teams: list[Team]) -> dict[str, Any]:
    """Return the leads that the person works on, and who may take one over."""
    listing = team.handoffs_of(chosen.load.pk, teams, user=request.user)
    page = listing.page(after=request.GET.get("after", ""), size=PAGE)
    without = ("persona", "owner", "phone", "phone_extension")
    return {
        "shown": page,
        "rows": _rows(request, rows_of(page, without=without)),
        "heirs": _heirs(request, chosen),
    }


def _returns(request: Request, chosen: Colleague, teams: list[Team]) -> dict[str, Any]:
    """Return the returns that the person answers, and who may answer one instead."""
    # Most people are of sales and have none, which their load says.
    if not chosen.load.returns:
        return {"returns": []}
    listing = team.returns_of(chosen.load.pk, teams)
    page = listing.page(after=request.GET.get("after_return", ""), size=PAGE)
    rows = []
    for row in marketing.sent_back_rows(page):
        reading = readings.reading(row.clock, at=request.now) if row.clock else None
        rows.append((row, reading))
    people = team.answerers(teams, at=request.now)
    return {
        "returns": rows,
        "returns_shown": page,
        "answerers": [(each.pk, each.name) for each in people if each.pk != chosen.load.pk],
    }


def _rows(request: Request, handoffs: Any) -> list[QueueRow]:
    """Return the rows; a clock that has stopped says nothing of what is due."""
    rows = queue_rows(request, handoffs, at=request.now)
    for row, handoff in zip(rows, handoffs, strict=True):
        if handoff.clock is None or handoff.clock.stopped_at is not None:
            row.reading = None
    return rows


def _heirs(request: Request, chosen: Colleague) -> list[tuple[int, str]]:
    """Return the people who may take a lead over, by id and name."""
    people = assignable_by(request.user, at=request.now)
    return [(each.pk, each.name) for each in people if each.pk != chosen.load.pk]
