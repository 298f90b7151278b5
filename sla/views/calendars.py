"""Pages of calendars. Everybody signed in reads them; admins edit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.request import Request, require_permission
from crm.lib.clock import local_date
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.lib.paging import BadParameter
from leads.permissions import can_reapply
from sla.calendars import calendars, public_holidays, special_days, weekly_hours, work_calendars
from sla.calendars.hours_text import PRESETS, write
from sla.calendars.special_days import HolidayMatch
from sla.forms.calendars import (
    CalendarForm,
    CopyForm,
    DayForm,
    LaterWeekForm,
    ListForm,
    NewCalendarForm,
)
from sla.models import Calendar
from sla.permissions import can_edit_calendars
from sla.text import deadlines
from sla.views import calendar_page as overview

page = require_http_methods(["GET", "HEAD", "POST"])


def fetch(pk: int, *, hold: bool = False) -> Calendar:
    """The calendar, else 404. ``hold``: nobody else changes it until the transaction ends."""
    rows = Calendar.objects.select_related("team").prefetch_related("windows", "holidays")
    return get_object_or_404(
        rows.select_for_update(of=["self"], no_key=True) if hold else rows, pk=pk
    )


def posted(request: Request) -> Any:
    """What a form is bound to: also a form that was sent empty."""
    return request.POST if request.method == "POST" else None


def day_of(request: Request, name: str) -> date | None:
    """The date in the address; BadParameter for what is none."""
    text = request.GET.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadParameter(
            _("This page address is not complete. Start again from the list.")
        ) from error


def to_year(calendar: Calendar, number: int) -> HttpResponse:
    return redirect(f"{reverse('calendar', args=[calendar.pk])}?year={number}#days")


@require_safe
def calendar_list(request: Request) -> HttpResponse:
    """Every calendar: for whom, when it is open, what runs in it."""
    found = calendars.listed()
    counts = overview.running(found)
    rows = []
    for each in found:
        week = work_calendars.plain(each).week_of(local_date(request.now, each.time_zone))
        state = overview.state_of(each)
        rows.append(
            {
                "calendar": each,
                "week": deadlines.week_words(week),
                "open": counts.get(each.pk, 0),
                "state": state,
            }
        )
    context = {"rows": rows, "may_edit": can_edit_calendars(request.user)}
    return render(request, "sla/calendar_list.html", context)


@require_safe
def calendar_page(request: Request, pk: int) -> HttpResponse:
    """One calendar: its weeks, a year of it, the dates that differ, and what runs in it."""
    calendar = fetch(pk)
    work = work_calendars.plain(calendar)
    today = local_date(request.now, calendar.time_zone)
    text = request.GET.get("year", str(today.year))
    if (
        not text.isascii()
        or not text.isdigit()
        or not overview.FIRST_YEAR <= int(text) <= overview.LAST_YEAR
    ):
        raise BadParameter(_("This page address is not complete. Start again from the list."))
    number = int(text)
    rows = overview.day_rows(calendar, work, number)
    context = {
        "calendar": calendar,
        "weeks": overview.weeks(work, at=request.now),
        "year": number,
        "letters": [str(name)[:1].upper() for name in WEEKDAYS.values()],
        "months": overview.year(work, number),
        "days": rows,
        "closed": sum(row.is_closed for row in rows),
        "other": sum(not row.is_closed for row in rows),
        "years": {"previous": number - 1, "next": number + 1},
        "is_signed": weekly_hours.is_signed(calendar),
        "versions": overview.versions(calendar),
        "running": overview.running_in(calendar, work),
        "may_edit": can_edit_calendars(request.user) and calendar.archived_at is None,
        "may_reapply": can_reapply(request.user),
        "may_archive": can_edit_calendars(request.user),
    }
    return render(request, "sla/calendar.html", context)


@page
@require_permission(can_edit_calendars)
def calendar_new(request: Request) -> HttpResponse:
    """A new calendar, of its own hours or as a copy of another one."""
    text = request.GET.get("copy", "")
    original = fetch(int(text)) if text.isascii() and text.isdigit() else None
    form = NewCalendarForm(
        posted(request),
        windows=work_calendars.windows_of(original) if original else PRESETS["week"],
        zone=original.time_zone if original else request.organisation.time_zone,
        initial={"name": _("%(name)s, next version") % {"name": original.name} if original else ""},
    )
    made: list[Calendar] = []

    def save() -> None:
        data: dict[str, Any] = {
            name: form.cleaned_data[name] for name in ("name", "time_zone", "windows")
        }
        data |= {"by": request.user, "at": request.now, "team": form.chosen_team}
        made.append(calendars.copy(original, **data) if original else calendars.create(**data))

    def go() -> HttpResponse:
        return redirect("calendar", pk=made[0].pk)

    return answer(request, "sla/calendar_new.html", form, save, go, original=original)


def answer(
    request: Request,
    template: str,
    form: Form,
    save: Callable[[], Any],
    go: Callable[[], HttpResponse],
    **more: Any,
) -> HttpResponse:
    """Show a form, or save it and go on; what is wrong comes back with all that was typed."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                save()
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                messages.success(request, _("Saved."))
                return go()
    return render(request, template, {"form": form, **more}, status=status)


@page
@require_permission(can_edit_calendars)
@transaction.atomic
def calendar_edit(request: Request, pk: int) -> HttpResponse:
    """Name, zone and weekly hours; of signed hours only the name."""
    calendar = fetch(pk, hold=request.method == "POST")
    frozen = weekly_hours.is_signed(calendar)
    form = CalendarForm(
        posted(request),
        windows=work_calendars.windows_of(calendar),
        zone=calendar.time_zone,
        frozen=frozen,
        initial={"name": calendar.name},
    )

    def save() -> None:
        form.check_unmoved()
        data = {name: form.cleaned_data[name] for name in ("name", "time_zone", "windows")}
        calendars.change(calendar, **data, by=request.user, at=request.now)

    more = {
        "calendar": calendar,
        "is_signed": frozen,
        "has_changes": bool(work_calendars.changes_of(calendar)),
    }
    return answer(
        request, "sla/calendar_edit.html", form, save, lambda: redirect("calendar", pk=pk), **more
    )


@page
@require_permission(can_edit_calendars)
@transaction.atomic
def calendar_week(request: Request, pk: int) -> HttpResponse:
    """Weekly hours from a date on: new ones, or those of ``?from=``."""
    calendar, was = fetch(pk, hold=request.method == "POST"), day_of(request, "from")
    changes = work_calendars.changes_of(calendar)
    stored = was if was in changes else None
    windows = changes[stored] if stored else work_calendars.in_effect(calendar, at=request.now)[1]
    form = LaterWeekForm(posted(request), windows=windows, initial={"since": was})

    if request.method == "POST" and "remove" in request.POST and stored:
        weekly_hours.remove_week(calendar, stored, by=request.user, at=request.now)
        return redirect("calendar", pk=pk)

    def save() -> None:
        form.check_unmoved()
        data = form.cleaned_data
        weekly_hours.set_week(
            calendar, data["since"], data["windows"], was=stored, by=request.user, at=request.now
        )

    more = {"calendar": calendar, "stored": stored, "is_signed": weekly_hours.is_signed(calendar)}
    return answer(
        request, "sla/calendar_week.html", form, save, lambda: redirect("calendar", pk=pk), **more
    )


@page
@require_permission(can_edit_calendars)
def calendar_day(request: Request, pk: int) -> HttpResponse:
    """A date that differs: a new one, or that of ``?on=``."""
    calendar, on = fetch(pk), day_of(request, "on")
    stored = next((day for day in calendar.holidays.all() if day.on == on), None)
    initial: dict[str, Any] = {"on": on}
    if stored:
        initial |= {"name": stored.name, "hours": write(work_calendars.hours_of(stored))}
    form = DayForm(posted(request), initial=initial)

    if request.method == "POST" and "remove" in request.POST and stored:
        special_days.remove(calendar, stored.on, by=request.user, at=request.now)
        return to_year(calendar, stored.on.year)

    def save() -> None:
        data, was = form.cleaned_data, stored.on if stored else None
        special_days.set_day(calendar, **data, was=was, by=request.user, at=request.now)

    def go() -> HttpResponse:
        return to_year(calendar, form.cleaned_data["on"].year)

    return answer(
        request, "sla/calendar_day.html", form, save, go, calendar=calendar, stored=stored
    )


@page
@require_permission(can_edit_calendars)
def calendar_holidays(request: Request, pk: int) -> HttpResponse:
    """The holidays of a country and region for a year, shown beside what the calendar has, before
    they are copied.
    """
    calendar, organisation = fetch(pk), request.organisation
    first = {
        "country": organisation.country or "MX",
        "region": "",
        "year": local_date(request.now, "UTC").year,
    }
    given = {name: request.GET.get(name, value) for name, value in first.items()}
    choose = ListForm(given, regions=public_holidays.regions(str(given["country"])))
    context: dict[str, Any] = {"calendar": calendar, "choose": choose}
    if not choose.is_valid():
        return render(request, "sla/calendar_holidays.html", context, status=422)
    data = choose.cleaned_data
    listed = public_holidays.of_country(
        data["country"], [data["year"]], language=organisation.language, region=data["region"]
    )
    rows = special_days.compare(calendar, listed)
    form = CopyForm(posted(request), rows=rows)

    def save() -> None:
        special_days.copy_holidays(calendar, form.chosen(), by=request.user, at=request.now)

    there = [row for row in rows if row.match is HolidayMatch.SAME]
    context |= {"rows": rows, "there": there, "query": urlencode(data), "country": data["country"]}
    return answer(
        request,
        "sla/calendar_holidays.html",
        form,
        save,
        lambda: to_year(calendar, data["year"]),
        **context,
    )


@require_POST
@require_permission(can_edit_calendars)
def calendar_archive(request: Request, pk: int) -> HttpResponse:
    """Take a calendar out of use; refused while an agreement needs it."""
    calendar = fetch(pk)
    try:
        calendars.archive(calendar, by=request.user, at=request.now)
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("calendar", pk=pk)
    messages.success(request, _("%(name)s is archived.") % {"name": calendar.name})
    return redirect("calendars")


@require_POST
@require_permission(can_edit_calendars)
def calendar_restore(request: Request, pk: int) -> HttpResponse:
    """Bring an archived calendar back."""
    calendar = fetch(pk)
    try:
        calendars.restore(calendar, by=request.user, at=request.now)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("%(name)s is in use again.") % {"name": calendar.name})
    return redirect("calendar", pk=pk)
