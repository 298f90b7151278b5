"""Pages of the dates that differ in a calendar: one date, and the public holidays of a country."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.accounts.request import Request
from crm.lib.clock import local_date
from sla.calendars import hours_text, public_holidays, special_days
from sla.calendars.special_days import HolidayMatch
from sla.calendars.work_calendars import hours_of
from sla.forms.special_days import (
    CopyHolidaysForm,
    HolidayListForm,
    SpecialDayForm,
    shown_day,
    with_values_now,
)
from sla.models import Calendar, Holiday
from sla.views.calendars import editors_only, fetch
from sla.views.form_page import answer, date_in_address, form_methods, posted


def _redirect_to_year(calendar: Calendar, year: int) -> HttpResponse:
    return redirect(f"{reverse('calendar', args=[calendar.pk])}?year={year}#days")


@form_methods
@editors_only
def calendar_day(request: Request, pk: int) -> HttpResponse:
    """Set the hours of a date: a new one, or that of ``?on=``."""
    calendar = fetch(pk)
    on = date_in_address(request, "on")
    stored = next((day for day in calendar.holidays.all() if day.on == on), None)
    form = SpecialDayForm(posted(request), initial=_initial(on, stored))
    shown = shown_day(request.POST)
    # The second button of the form; its fields are not read.
    if on and "remove" in request.POST:
        special_days.remove(
            calendar,
            on,
            shown=shown,
            by=request.user,
            at=request.now,
        )
        return _redirect_to_year(calendar, on.year)

    def save() -> HttpResponse:
        data = form.cleaned_data
        was = on if shown or stored else None
        try:
            special_days.set_day(
                calendar,
                **data,
                was=was,
                shown=shown,
                by=request.user,
                at=request.now,
            )
        except special_days.DayChanged as error:
            raise with_values_now(error) from error
        messages.success(request, _("Saved."))
        return _redirect_to_year(calendar, data["on"].year)

    context = {
        "calendar": calendar,
        "stored": stored,
        "was": json.dumps(special_days.as_data(stored)) if stored else "",
    }
    return answer(request, "sla/calendar_day.html", form, save, **context)


def _initial(on: date | None, stored: Holiday | None) -> dict[str, Any]:
    if stored is None:
        return {"on": on}
    hours = hours_text.write(hours_of(stored))
    return {
        "on": on,
        "name": stored.name,
        "hours": hours,
    }


@form_methods
@editors_only
def calendar_holidays(request: Request, pk: int) -> HttpResponse:
    """Copy the public holidays of a country and region for a year.

    They are shown first, beside what the calendar has on these dates.
    """
    calendar = fetch(pk)
    choose = _list_form(request)
    context: dict[str, Any] = {"calendar": calendar, "choose": choose}
    if not choose.is_valid():
        return render(request, "sla/calendar_holidays.html", context, status=422)
    chosen = choose.cleaned_data
    # In the organisation's language, not the reader's: the names are stored.
    holidays = public_holidays.of_country(
        chosen["country"],
        [chosen["year"]],
        language=request.organisation.language,
        region=chosen["region"],
    )
    rows = special_days.compare(calendar, holidays)
    form = CopyHolidaysForm(posted(request), rows=rows)

    def save() -> HttpResponse:
        special_days.copy_holidays(
            calendar,
            form.chosen(),
            by=request.user,
            at=request.now,
        )
        messages.success(request, _("Saved."))
        return _redirect_to_year(calendar, chosen["year"])

    context |= {
        "rows": rows,
        "there": [row for row in rows if row.match is HolidayMatch.SAME],
        "query": urlencode(chosen),
        "country": chosen["country"],
    }
    return answer(request, "sla/calendar_holidays.html", form, save, **context)


def _list_form(request: Request) -> HolidayListForm:
    """Return the form of the list, by default of the organisation's country and this year."""
    data = {
        "country": request.GET.get("country", request.organisation.country or "MX"),
        "region": request.GET.get("region", ""),
        "year": request.GET.get("year", local_date(request.now, "UTC").year),
    }
    return HolidayListForm(data, regions=public_holidays.regions(str(data["country"])))
