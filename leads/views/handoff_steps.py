"""The steps of a handoff after its decision, on the lead page (leads.forms.handoff_steps)."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from crm.accounts.request import Request, add_notes, deny_unless
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads.forms.handoff_steps import STEPS, HandoffStep, Situation
from leads.models import Handoff
from leads.views.handoffs import done, fetch
from leads.views.lead import page


@require_POST
def take_step(request: Request, pk: int, name: str) -> HttpResponse:
    """Take one step: fetch the visible handoff, permission, form, one call, answer."""
    step = STEPS[name]
    handoff = fetch(request, pk)
    # A handoff that has moved on answers 409 with the reason, not 403.
    if step.is_judged(handoff):
        deny_unless(step.may(request.user, handoff))
    if step.form is None:
        return _take_without_form(request, handoff, step)
    return _take_with_form(request, handoff, step)


def _take_without_form(request: Request, handoff: Handoff, step: HandoffStep) -> HttpResponse:
    """Take the step; a refusal is shown on the lead page, beside what would settle it."""
    try:
        step.act(handoff, {}, by=request.user, at=request.now)
    except DomainError as error:
        return page.show_refused(request, handoff.lead_id, step.name, error)
    return done(request, handoff, str(step.message))


def _take_with_form(request: Request, handoff: Handoff, step: HandoffStep) -> HttpResponse:
    """Take the step; a form with errors returns to the lead page with the typed values."""
    situation = Situation(request.now, request.organisation.currency)
    form = step.form_for(handoff, situation, request.POST)
    status = 422
    if form.is_valid():
        try:
            step.act(handoff, form.cleaned_data, by=request.user, at=request.now)
        except DomainError as error:
            status = add_domain_error(form, error)
        else:
            add_notes(request, form)
            return done(request, handoff, str(step.message))
    lead = page.fetch(request, handoff.lead_id)
    return page.show(request, lead, at=request.now, status=status, bound={step.name: form})
