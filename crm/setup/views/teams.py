"""The page of teams and invitations."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect

from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, require_permission
from crm.accounts.states import Side
from crm.setup import teams as staffing
from crm.setup.forms.teams import TeamsForm
from crm.setup.views.steps import answer, page


@page
@require_permission(can_configure)
def teams(request: Request) -> HttpResponse:
    """A team of each side, and several people at once."""
    found = {side: staffing.first_team(side) for side in Side.values}
    form = TeamsForm(request.POST or None, teams=found, user=request.user)

    def save(now: Any) -> None:
        staffing.staff(form.names, form.leads, form.invited(), by=request.user, at=now)

    response = answer(request, "teams", form, save, waiting=staffing.links())
    if response.status_code == 302 and (form.invited() or "more" in request.POST):
        return redirect("setup_teams")
    return response
