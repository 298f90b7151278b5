"""The page of teams and invitations."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect

from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, require_permission
from crm.accounts.states import Side
from crm.setup.forms.teams import TeamsForm
from crm.setup.teams import first_team, open_links, set_teams_and_invite
from crm.setup.views.steps import answer, page


@page
@require_permission(can_configure)
def teams(request: Request) -> HttpResponse:
    """Create a team of each side and invite several people."""
    user = request.user
    first_teams = {side: first_team(side) for side in Side.values}
    form = TeamsForm(request.POST or None, teams=first_teams, user=user)

    def save(now: datetime) -> None:
        invitees = form.invitees()
        set_teams_and_invite(
            form.names,
            form.led_sides,
            invitees,
            by=user,
            at=now,
        )

    waiting = open_links()
    response = answer(request, "teams", form, save, waiting=waiting)
    is_saved = response.status_code == 302
    # Back to this page: it shows the links of the people just invited.
    if is_saved and (form.invitees() or "more" in request.POST):
        return redirect("setup_teams")
    return response
