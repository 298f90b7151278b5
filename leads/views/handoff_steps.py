"""The steps of a handoff after its decision, on the lead page (leads.forms.handoff_steps)."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.accounts.request import Request, add_notes
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import permissions, steps
from leads.follow_up import package_truth
from leads.forms.handoff_steps import STEPS, HandoffStep, Situation
from leads.models import Handoff
from leads.views.handoffs import done, fetch
from leads.views.lead import page


@require_POST
def take_step(request: Request, pk: int, name: str) -> HttpResponse:
    """Take one step: fetch the visible handoff, check, form, one call, answer."""
    step = STEPS[name]
    handoff = fetch(request, pk)
    if step.form is None:
        return _take_without_form(request, handoff, step)
    return _take_with_form(request, handoff, step)


def _take_without_form(request: Request, handoff: Handoff, step: HandoffStep) -> HttpResponse:
    """Take the step; a refusal is shown on the lead page, beside what would settle it."""
    try:
        steps.check(request.user, handoff, step.permission)
        step.act(handoff, {}, by=request.user, at=request.now)
    except DomainError as error:
        return page.show_refused(request, handoff.lead_id, step.name, error)
    return done(request, handoff, str(step.message))


def _take_with_form(request: Request, handoff: Handoff, step: HandoffStep) -> HttpResponse:
    """Take the step; a form with errors returns to the lead page with the typed values."""
    situation = Situation(request.now, request.organisation.currency)
    form = step.form_for(handoff, situation, request.POST)
    is_valid = form.is_valid()
    status = 422
    try:
        # Before wrong input, which a step that is not possible any more need not mend.
        steps.check(request.user, handoff, step.permission)
        if is_valid:
            step.act(handoff, form.cleaned_data, by=request.user, at=request.now)
            add_notes(request, form)
            return done(request, handoff, str(step.message))
    except DomainError as error:
        status = add_domain_error(form, error)
    lead = page.fetch(request, handoff.lead_id)
    return page.show(request, lead, at=request.now, status=status, bound={step.name: form})


@require_POST
def answer_truth(request: Request, pk: int) -> HttpResponse:
    """Save one answer; a refusal is shown on the lead page."""
    handoff = fetch(request, pk)
    try:
        steps.check(request.user, handoff, permissions.can_judge_package)
        package_truth.answer(
            handoff,
            request.POST.get("code", ""),
            request.POST.get("answer", ""),
            by=request.user,
            at=request.now,
        )
    except DomainError as error:
        return page.show_refused(request, handoff.lead_id, "truth", error)
    return done(request, handoff, _("Noted for %(lead)s."))
