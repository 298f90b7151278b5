"""Pages of one lead: the lead itself, and a new one."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crm.accounts.request import Request, deny_unless
from crm.accounts.teams import marketing_team
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import permissions
from leads.forms.leads import LeadForm
from leads.models import Lead
from leads.records import leads
from leads.views import lead_page as lead_context


def fetch(request: Request, pk: int) -> Lead:
    """The lead, if the viewer may see it; 404 else."""
    return get_object_or_404(
        Lead.objects.visible_to(request.user)
        .with_names()
        .select_related("marketing_team", "first_touch", "qualified_by"),
        pk=pk,
    )


def show(
    request: Request, lead: Lead, *, at: datetime, status: int = 200, **bound: Form
) -> HttpResponse:
    """The lead page; ``bound``: the form of a step that came back with errors."""
    context = lead_context.context(request, lead, at=at, bound=bound)
    return render(request, "leads/lead.html", context, status=status)


@require_safe
def lead_page(request: Request, pk: int) -> HttpResponse:
    """One lead: why it is qualified, how to reach it, what happened, the one next step."""
    return show(request, fetch(request, pk), at=request.now)


@require_http_methods(["GET", "HEAD", "POST"])
def lead_new(request: Request) -> HttpResponse:
    """Quick log of a lead by hand."""
    deny_unless(permissions.can_log(request.user))
    form = LeadForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.data_for_lead()
        try:
            lead = leads.capture(
                data,
                by=request.user,
                at=request.now,
                team=marketing_team(request.user),
                source=data["source"],
                first_action=form.cleaned_data.get("first_action"),
            )
        except DomainError as error:
            return render(
                request,
                "leads/lead_form.html",
                {"form": form},
                status=add_domain_error(form, error),
            )
        messages.success(request, _("%(lead)s is logged.") % {"lead": lead})
        again = "again" in request.POST
        return redirect("lead_new") if again else redirect("lead_qualify", pk=lead.pk)
    return render(
        request, "leads/lead_form.html", {"form": form}, status=422 if form.errors else 200
    )
