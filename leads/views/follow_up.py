"""What a person does about the follow-up of a lead: begin an attempt, set the next step."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.accounts.request import Request
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.templatetags.jinja import respond
from leads import permissions, steps
from leads.follow_up import attempts, next_steps, no_contact
from leads.forms.follow_up import ConsentForm, NextStepForm
from leads.models import Handoff
from leads.states import LINKED, ContactChannel
from leads.views.handoffs import fetch
from leads.views.lead import page
from leads.views.lead.follow_up import panel
from leads.views.lead.trail import trail


@require_POST
def begin(request: Request, pk: int) -> HttpResponse:
    """Record that a link of the lead was clicked; answer with the question what came of it."""
    handoff = fetch(request, pk)
    steps.check(request.user, handoff, permissions.can_work)
    channel = request.POST.get("channel", "")
    if channel not in LINKED:
        return HttpResponseBadRequest()
    attempts.begin(handoff, ContactChannel(channel), by=request.user, at=request.now)
    shown = panel(request.user, handoff.lead, handoff, at=request.now)
    context = {"handoff": handoff, "follow_up": shown, "trail": trail(request), "failed": ""}
    return respond(request, "leads/begun.jinja", context)


@require_POST
def plan(request: Request, pk: int) -> HttpResponse:
    """Set the next step of a lead, on its page."""
    lead = page.fetch(request, pk)
    handoff = (
        Handoff.objects.open_to(request.user).filter(lead=lead).select_related("owner").first()
    )
    form = NextStepForm(request.POST, auto_id="id_plan_%s")
    is_valid = form.is_valid()
    status = 422
    try:
        steps.check_plan(request.user, lead, handoff)
        if is_valid:
            kind, text = form.step_after(next_steps.open_of(lead))
            next_steps.change(
                lead,
                handoff,
                kind,
                form.cleaned_data["on"],
                text=text,
                by=request.user,
                at=request.now,
            )
            return redirect(trail(request).to_lead(pk) + "#next")
    except DomainError as error:
        status = add_domain_error(form, error)
    return page.show(request, lead, at=request.now, status=status, bound={"plan": form})


@require_POST
def consent(request: Request, pk: int) -> HttpResponse:
    """Let the person of a lead be contacted again, by a new consent."""
    lead = page.fetch(request, pk)
    form = ConsentForm(request.POST, auto_id="id_consent_%s")
    status = 422
    steps.check(request.user, lead, *permissions.CHANGE)
    if form.is_valid():
        try:
            no_contact.lift(lead, form.cleaned_data["consent"], by=request.user, at=request.now)
            messages.success(request, _("%(lead)s may be contacted again.") % {"lead": lead})
            return redirect(trail(request).to_lead(pk))
        except DomainError as error:
            status = add_domain_error(form, error)
    return page.show(request, lead, at=request.now, status=status, bound={"consent": form})
