"""The pages that choose an agreement to start from and sign it."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render

from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, deny_unless, require_permission
from crm.lib import clock
from crm.setup import summary
from crm.setup.agreement import NoSideToSign, agree, close_text
from crm.setup.calendar import hours_today
from crm.setup.forms.templates import AgreementTemplateForm
from crm.setup.starter.agreements import PACES, commitments
from crm.setup.views.steps import answer, page
from sla.agreements import agreements
from sla.calendars import hours_text
from sla.models import AgreementVersion
from sla.text import commitments as commitment_text


@page
@require_permission(can_configure)
def agreement(request: Request) -> HttpResponse:
    """Draft the agreement of a template and sign it for each side that the person leads."""
    user = request.user
    context = summary.agreements(user)
    signs = context["leads_any"]
    form = AgreementTemplateForm(
        request.POST or None,
        request=request,
        signs=signs,
    )

    def save(now: datetime) -> None:
        data = form.cleaned_data
        pace = data["pace"]
        shown = request.POST.get("shown", "")
        agree(pace, data["volume"], by=user, at=now, shown=shown)

    offers = _offers(at=request.now)
    context["shown"] = _fingerprint(context["draft"])
    return answer(request, "agreement", form, save, offers=offers, **context)


def _fingerprint(draft: AgreementVersion | None) -> str:
    """Return what the page shows of the draft, empty for none."""
    if draft is None:
        return ""
    return agreements.fingerprint(draft)


def _offers(*, at: datetime) -> list[tuple[str, commitment_text.CommitmentSummary]]:
    """Return the key and the promises of each template."""
    windows = hours_today(at=at)
    day_minutes = hours_text.day_minutes(windows)
    offers = []
    for key, pace in PACES.items():
        terms = commitments(pace, day_minutes=day_minutes)
        promises = commitment_text.summary(terms, pace.package)
        offers.append((key, promises))
    return offers


@page
def sign(request: Request) -> HttpResponse:
    """Show the draft that waits for a signature; POST closes its text and goes on to sign it."""
    context = summary.agreements(request.user)
    draft = context["draft"]
    # Team leads sign here too; the rest of the set-up is for admins.
    deny_unless(can_configure(request.user) or context["may_sign"])
    if request.method != "POST":
        context["shown"] = _fingerprint(draft)
        return render(request, "setup/sign.html", context)
    if draft is None:
        return redirect("home")
    if not context["may_sign"]:
        raise NoSideToSign
    now = clock.now()
    version = close_text(draft, by=request.user, at=now, shown=request.POST.get("shown", ""))
    return redirect("agreement_sign", pk=version.pk)
