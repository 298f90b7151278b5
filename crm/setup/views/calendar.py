"""The pages of holidays and working hours."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse

from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, require_permission
from crm.lib import clock
from crm.lib.moments import city
from crm.setup import calendar
from crm.setup.forms.calendar import HolidaysForm, HoursForm
from crm.setup.views.steps import answer, page


@page
@require_permission(can_configure)
def holidays(request: Request) -> HttpResponse:
    """Choose the days off: holidays of the country and own days."""
    organisation = request.organisation
    now = clock.now()
    days = calendar.holiday_choices(organisation, at=now)
    form = HolidaysForm(request.POST or None, days=days)

    def save(now: datetime) -> None:
        chosen = form.chosen()
        shown = request.POST.get("shown", "")
        calendar.set_holidays(organisation, chosen, by=request.user, at=now, shown=shown)

    shown = calendar.fingerprint_of_holidays()
    return answer(request, "holidays", form, save, days=days, shown=shown)


@page
@require_permission(can_configure)
def working_hours(request: Request) -> HttpResponse:
    """Set the working hours, in which clocks run."""
    organisation = request.organisation
    # Those that count now: hours from a later date on are changed on the page of the calendar.
    windows_today = calendar.hours_today(at=request.now)
    form = HoursForm(request.POST or None, windows=windows_today)

    def save(now: datetime) -> None:
        windows = form.cleaned_data["windows"]
        shown = request.POST.get("shown", "")
        calendar.set_hours(organisation, windows, by=request.user, at=now, shown=shown)

    # Hours are those of the organisation's zone, which need not be the zone of the reader.
    zone = city(organisation.time_zone)
    shown = calendar.fingerprint_of_hours(at=request.now)
    return answer(request, "hours", form, save, zone=zone, shown=shown)
