"""Giving a return to another person of the marketing team, on the lead page."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.accounts.request import Request
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import permissions, steps
from leads.forms.returns.assignment import answerer_form
from leads.returns import returns
from leads.views.handoffs import done, fetch
from leads.views.lead import page


@require_POST
def give(request: Request, pk: int) -> HttpResponse:
    """Give the return to a colleague; a form with errors returns with what was typed."""
    handoff = fetch(request, pk)
    form = answerer_form(handoff, request.POST, at=request.now)
    is_valid = form.is_valid()
    status = 422
    try:
        steps.check(request.user, handoff, permissions.can_assign_return)
        if is_valid:
            returns.assign(
                handoff,
                form.cleaned_data["owner"],
                why=form.cleaned_data["comment"],
                by=request.user,
                at=request.now,
            )
            return done(request, handoff, _("%(lead)s is with another person."))
    except DomainError as error:
        status = add_domain_error(form, error)
    lead = page.fetch(request, handoff.lead_id)
    return page.show(request, lead, at=request.now, status=status, bound={"give-return": form})
