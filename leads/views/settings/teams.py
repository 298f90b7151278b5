"""Pages about teams, for admins."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.models import Team
from crm.accounts.permissions import can_manage_people
from crm.accounts.request import Request, require_permission
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads.forms.people import NewTeamForm, TeamForm
from leads.staff import teams


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(can_manage_people)
def team_list(request: Request) -> HttpResponse:
    """All teams with their numbers of members, and the form for a new one."""
    initial = {"language": request.organisation.language}
    form = NewTeamForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _create(request, form)
            except DomainError as error:
                status = add_domain_error(form, error)
    # Deactivated people keep their memberships, so that they return to the same teams.
    is_active = Q(memberships__user__deactivated_at__isnull=True)
    is_lead = Q(memberships__is_lead=True)
    # Both counts use the one join of memberships, so neither multiplies the other.
    rows = Team.objects.annotate(
        members=Count("memberships", filter=is_active),
        leads_count=Count("memberships", filter=is_active & is_lead),
    )
    # PostgreSQL sorts NULL last: teams in use come before archived ones.
    context = {"rows": rows.order_by("archived_at", "side", "name"), "form": form}
    return render(request, "leads/teams.html", context, status=status)


def _create(request: Request, form: NewTeamForm) -> HttpResponse:
    team = teams.create(**form.cleaned_data, by=request.user, at=request.now)
    text = _("%(team)s is ready. Put people into it.")
    messages.success(request, text % {"team": team.name})
    return redirect("team_list")


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(can_manage_people)
def team_page(request: Request, pk: int) -> HttpResponse:
    """One team: its name, language and people."""
    team = get_object_or_404(Team, pk=pk)
    form = TeamForm(request.POST or None, initial=_initial(team))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                teams.change(team, **form.cleaned_data, by=request.user, at=request.now)
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("team", pk=pk)
    return show(request, pk, form, status=status)


def _initial(team: Team) -> dict[str, str]:
    return {"name": team.name, "language": team.language}


def show(
    request: Request, pk: int, form: TeamForm, *, status: int = 200, refusal: object = ""
) -> HttpResponse:
    """Return the page of a team as it is saved. ``refusal``: why it cannot be archived."""
    # Read again: teams.change() sets the new name before the database refuses it.
    team = get_object_or_404(Team, pk=pk)
    members = team.memberships.filter(user__deactivated_at__isnull=True)
    members = members.select_related("user").order_by("-is_lead", "user__name")
    context = {
        "team": team,
        "form": form,
        "members": members,
        "refusal": refusal,
    }
    return render(request, "leads/team.html", context, status=status)


@require_POST
@require_permission(can_manage_people)
def team_archive(request: Request, pk: int) -> HttpResponse:
    """Take a team out of use; while it is in use the page shows why that is refused."""
    team = get_object_or_404(Team, pk=pk)
    try:
        teams.archive(team, by=request.user, at=request.now)
    except teams.TeamInUse as error:
        # This form was not sent: it shows the stored values beside the refusal.
        form = TeamForm(initial=_initial(team))
        return show(request, pk, form, status=error.status, refusal=error.message)
    messages.success(request, _("%(team)s is archived.") % {"team": team.name})
    return redirect("team_list")


@require_POST
@require_permission(can_manage_people)
def team_restore(request: Request, pk: int) -> HttpResponse:
    """Take an archived team into use again."""
    team = teams.restore(get_object_or_404(Team, pk=pk), by=request.user, at=request.now)
    messages.success(request, _("%(team)s is in use again.") % {"team": team.name})
    return redirect("team", pk=pk)
