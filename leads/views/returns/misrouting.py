"""The page on which a rep says that a pending handoff is for another team."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.accounts.models import Team
from crm.accounts.request import Request
from leads import permissions, steps
from leads.forms.returns.misrouting import MisrouteForm
from leads.models import Handoff
from leads.returns import misrouting
from leads.views.handoffs import decide, decided, decision_page, fetch, fetch_to_decide


@require_http_methods(["GET", "HEAD", "POST"])
def misroute(request: Request, pk: int) -> HttpResponse:
    """Pass a handoff on to another team, or give it back to marketing. GET: the page."""
    handoff = fetch_to_decide(request, pk, fetch)
    steps.check(request.user, handoff, permissions.can_decide)
    was_before = misrouting.was_misrouted(handoff.lead)
    teams: list[Team] = [] if was_before else misrouting.teams_for(handoff)
    typed = request.POST if request.method == "POST" else None
    form = MisrouteForm(typed, teams=teams, auto_id="id_misroute_%s")
    answer, status = decide(request, form, lambda: _misroute(request, handoff, form))
    if answer is not None:
        return answer
    context = decision_page(request, handoff, form) | {"was_before": was_before}
    return render(request, "leads/misroute.html", context, status=status)


def _misroute(request: Request, handoff: Handoff, form: MisrouteForm) -> HttpResponse:
    following = misrouting.misroute(
        handoff,
        form.chosen,
        comment=form.cleaned_data["comment"],
        by=request.user,
        at=request.now,
    )
    text = _("%(lead)s went back to marketing: it is for another team.")
    if following is not None:
        text = _("%(lead)s is in the queue of %(team)s now.")
        # The lead is put in by the message itself.
        text = text.replace("%(team)s", following.team.name.replace("%", "%%"))
    return decided(request, handoff, text)
