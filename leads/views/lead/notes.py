"""Notes that people write on the lead page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from crm.accounts.request import Request
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import permissions, steps
from leads.conflicts import MovedOn
from leads.forms.notes import LeadNoteForm
from leads.records import notes
from leads.views.lead.page import fetch, show, show_too_late
from leads.views.lead.trail import trail


@require_POST
def add_note(request: Request, pk: int) -> HttpResponse:
    """Add a note to the timeline."""
    lead = fetch(request, pk)
    form = LeadNoteForm(request.POST, auto_id="id_note_%s")
    try:
        steps.check(request.user, lead, permissions.can_note)
    except MovedOn as error:
        return show_too_late(request, lead, "note", form, error)
    status = 422
    if form.is_valid():
        try:
            notes.add(lead, form.cleaned_data["note"], by=request.user, at=request.now)
        except DomainError as error:
            status = add_domain_error(form, error)
        else:
            return redirect(trail(request).to_lead(pk) + "#timeline")
    return show(request, lead, at=request.now, status=status, bound={"note": form})
