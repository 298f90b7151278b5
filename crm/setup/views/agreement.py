"""The pages that choose and sign an agreement."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, deny_unless, require_permission
from crm.accounts.views import limit_password_tries
from crm.lib import clock
from crm.setup import agreement as agreements
from crm.setup import summary
from crm.setup.calendar import hours_today
from crm.setup.forms.templates import AgreementForm
from crm.setup.starter.agreements import PACES, commitments
from crm.setup.views.steps import answer, page
from sla.calendars import hours_text
from sla.text import commitments as commitment_text


@page
@require_permission(can_configure)
def agreement(request: Request) -> HttpResponse:
    """Choose an agreement to begin with; who leads a side signs for it, who leads both for both."""
    found = summary.agreements(request.user)
    form = AgreementForm(request.POST or None, user=request.user, signs=found["leads_any"])
    if (
        request.method == "POST"
        and found["leads_any"]
        and (too_many := limit_password_tries(request))
    ):
        return too_many

    def save(now: Any) -> None:
        agreements.agree(
            form.cleaned_data["pace"], form.cleaned_data["volume"], by=request.user, at=now
        )

    day = hours_text.day_minutes(hours_today(at=request.now))
    offers = [
        (p.key, commitment_text.summary(commitments(p, day_minutes=day), p.package))
        for p in PACES.values()
    ]
    return answer(request, "agreement", form, save, offers=offers, **found)


@page
def sign(request: Request) -> HttpResponse:
    """What waits for a signature, for the leads who may give it."""
    waiting = summary.agreements(request.user)
    deny_unless(can_configure(request.user) or waiting["may_sign"])
    if request.method == "POST":
        if waiting["draft"] is None:
            return redirect("home")
        if not waiting["may_sign"]:
            raise agreements.NobodySigns
        version = agreements.close(waiting["draft"], by=request.user, at=clock.now())
        return redirect("agreement_sign", pk=version.pk)
    return render(request, "setup/sign.html", waiting)
