"""The checklist of the set-up, later the list of settings."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.accounts import organisations
from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, require_permission
from crm.lib import clock
from crm.setup import checklist as steps
from crm.setup import summary
from crm.setup.views.steps import redirect_after


@require_safe
@require_permission(can_configure)
def checklist(request: Request) -> HttpResponse:
    """Show the steps and the next one; after the set-up, the list of settings."""
    organisation = request.organisation
    states = steps.step_states(organisation)
    context = {
        "rows": summary.checklist_rows(organisation, at=request.now),
        "is_open": steps.is_open(organisation),
        "next": steps.next_step(organisation),
        "done": sum(state.is_behind for state in states),
        "count": len(steps.STEPS),
    }
    return render(request, "setup/checklist.html", context)


@require_POST
@require_permission(can_configure)
def skip(request: Request, key: str) -> HttpResponse:
    """Skip a step, which can be done later."""
    if key not in steps.KEYS:
        raise Http404
    organisation = request.organisation
    state = organisation.setup_steps.get(key)
    # On a stale page the button may still be there for a step that is done.
    if state != organisations.DONE:
        now = clock.now()
        organisation = organisations.note_step(key, organisations.SKIPPED, by=request.user, at=now)
    return redirect_after(key, organisation)


@require_POST
@require_permission(can_configure)
def end(request: Request) -> HttpResponse:
    """Finish or dismiss the checklist."""
    organisations.end_setup(by=request.user, at=clock.now())
    messages.success(request, _("All of this stays under Settings."))
    return redirect("home")
