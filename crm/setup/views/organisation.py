"""The page of the organisation's facts."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse

from crm.accounts import organisations
from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, require_permission
from crm.setup.calendar import follow_zone
from crm.setup.forms.organisation import OrganisationForm
from crm.setup.views.steps import answer, page


@page
@require_permission(can_configure)
def organisation(request: Request) -> HttpResponse:
    """Set name, language, country, currency and time zone."""
    user = request.user
    form = OrganisationForm(request.POST or None, organisation=request.organisation)

    def save(now: datetime) -> None:
        facts = form.facts()
        organisations.change(by=user, at=now, **facts)
        # Working hours are meant where the organisation is: 9 stays 9 in the new zone.
        follow_zone(by=user, at=now)

    return answer(request, "organisation", form, save)
