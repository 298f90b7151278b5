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
    """All teams with how many belong to them, and the form for a new one."""
    form, status = (
        NewTeamForm(request.POST or None, initial={"language": request.organisation.language}),
        200,
    )
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                team = teams.create(**form.cleaned_data, by=request.user, at=request.now)
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                messages.success(
                    request, _("%(team)s is ready. Put people into it.") % {"team": team.name}
                )
                return redirect("team_list")
    here = Q(memberships__user__deactivated_at__isnull=True)
    rows = Team.objects.annotate(
        members=Count("memberships", filter=here),
        leads_count=Count("memberships", filter=here & Q(memberships__is_lead=True)),
    ).order_by("archived_at", "side", "name")
    return render(request, "leads/teams.html", {"rows": rows, "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(can_manage_people)
def team_page(request: Request, pk: int) -> HttpResponse:
    """One team: its name, language and people; archive it."""
    team = get_object_or_404(Team, pk=pk)
    words = {"name": team.name, "language": team.language}
    form, status = TeamForm(request.POST or None, initial=words), 200
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


def show(
    request: Request, pk: int, form: TeamForm, *, status: int = 200, refusal: object = ""
) -> HttpResponse:
    """The page of a team as it is saved; ``refusal``: why it cannot be archived."""
    team = get_object_or_404(Team, pk=pk)
    memberships = team.memberships.filter(user__deactivated_at__isnull=True).select_related("user")
    members = memberships.order_by("-is_lead", "user__name")
    context = {"team": team, "form": form, "members": members, "refusal": refusal}
    return render(request, "leads/team.html", context, status=status)


@require_POST
@require_permission(can_manage_people)
def team_archive(request: Request, pk: int) -> HttpResponse:
    """Take a team out of use; refused with the reasons while it is in use."""
    team = get_object_or_404(Team, pk=pk)
    try:
        teams.archive(team, by=request.user, at=request.now)
    except teams.TeamInUse as error:
        form = TeamForm(initial={"name": team.name, "language": team.language})
        return show(request, pk, form, status=error.status, refusal=error.message)
    messages.success(request, _("%(team)s is archived.") % {"team": team.name})
    return redirect("team_list")


@require_POST
@require_permission(can_manage_people)
def team_restore(request: Request, pk: int) -> HttpResponse:
    """Bring an archived team back."""
    team = teams.restore(get_object_or_404(Team, pk=pk), by=request.user, at=request.now)
    messages.success(request, _("%(team)s is in use again.") % {"team": team.name})
    return redirect("team", pk=pk)
