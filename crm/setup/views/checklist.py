"""The checklist; later the list of settings."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.accounts import organisations
from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, deny_unless, require_permission
from crm.lib import clock
from crm.setup import checklist as steps
from crm.setup import summary
from crm.setup.views.steps import onwards


@require_safe
@require_permission(can_configure)
def checklist(request: Request) -> HttpResponse:
    """What is done, what is open, and one thing to do next; later the list of settings."""
    organisation = request.organisation
    context = {
        "standings": summary.lines(organisation, at=request.now),
        "is_open": steps.is_open(organisation),
        "next": steps.following(organisation),
        "done": sum(standing.is_behind for standing in steps.standings(organisation)),
        "count": len(steps.STEPS),
    }
    return render(request, "setup/checklist.html", context)


@require_POST
@require_permission(can_configure)
def skip(request: Request, key: str) -> HttpResponse:
    """Leave a step for later."""
    deny_unless(key in steps.KEYS)
    if request.organisation.setup_steps.get(key) != organisations.DONE:
        organisations.note_step(key, organisations.SKIPPED, by=request.user, at=clock.now())
    return onwards(key)


@require_POST
@require_permission(can_configure)
def end(request: Request) -> HttpResponse:
    """Finish or dismiss the checklist."""
    organisations.end_setup(by=request.user, at=clock.now())
    messages.success(request, _("All of this stays under Settings."))
    return redirect("home")
