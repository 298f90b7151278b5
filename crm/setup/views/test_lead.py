"""The pages of the test lead."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, require_permission
from crm.lib import clock
from crm.setup import summary
from crm.setup.forms.test_lead import TestLeadForm
from crm.setup.views.steps import answer, page
from leads.handoffs import test_lead as trials


@page
@require_permission(can_configure)
def test_lead(request: Request) -> HttpResponse:
    """Send a marked lead through and show what happens."""
    form = TestLeadForm(request.POST or None)

    def save(now: datetime) -> None:
        data = form.cleaned_data
        trials.send(
            data["team"],
            data["persona"],
            by=request.user,
            at=now,
        )

    trial = summary.trial(request.user, at=request.now)
    response = answer(request, "test", form, save, trial=trial)
    if response.status_code == 302:
        # Back to this page instead of the next step: it shows the lead on its way.
        return redirect("setup_test")
    return response


@require_safe
@require_permission(can_configure)
def test_lead_now(request: Request) -> HttpResponse:
    """Show the state of the test lead, as a fragment."""
    trial = summary.trial(request.user, at=request.now)
    return render(request, "setup/_trial.html", {"trial": trial})


@require_POST
@require_permission(can_configure)
def test_lead_remove(request: Request) -> HttpResponse:
    """End and archive the test lead."""
    lead = trials.current()
    if lead is not None:
        now = clock.now()
        trials.remove(lead, by=request.user, at=now)
        messages.success(request, _("The test lead is gone."))
    return redirect("setup")
