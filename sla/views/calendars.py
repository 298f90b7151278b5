"""Pages of calendars: the list, one calendar, a new one, its name and hours, archiving.

All who are signed in read them; admins edit. Hours from a date on are in weekly_hours, dates
that differ in special_days.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.accounts.request import Request, require_permission
from crm.lib.clock import local_date
from crm.lib.errors import DomainError
from crm.lib.input.numbers import whole
from crm.lib.paging import BadParameter
from leads.permissions import can_reapply
from sla.calendars import calendars, weekly_hours, work_calendars
from sla.calendars.hours_text import PRESETS
from sla.forms.calendars import CalendarForm, NewCalendarForm
from sla.models import Calendar
from sla.permissions import can_edit_calendars
from sla.text import deadlines
from sla.views import calendar_overview as overview
from sla.views.form_page import answer, form_methods, posted

editors_only = require_permission(can_edit_calendars)


def fetch(pk: int, *, lock: bool = False) -> Calendar:
    """Return the calendar, else 404. ``lock``: until the transaction ends."""
    rows = Calendar.objects.select_related("team").prefetch_related("windows", "holidays")
    if lock:
        # Only the calendar: a lock on the team would hold up everything else of it.
        rows = rows.select_for_update(of=["self"], no_key=True)
    return get_object_or_404(rows, pk=pk)


@require_safe
def calendar_list(request: Request) -> HttpResponse:
    """Show every calendar: for whom it is, when it is open, what runs in it."""
    listed = calendars.listed()
    counts = overview.open_handoffs(listed)
    rows = []
    for calendar in listed:
        # Each in its own zone: the week may change at midnight there.
        today = local_date(request.now, calendar.time_zone)
        week = work_calendars.plain(calendar).week_of(today)
        rows.append(
            {
                "calendar": calendar,
                "week": deadlines.week_words(week),
                "open": counts.get(calendar.pk, 0),
                "state": overview.state_of(calendar),
            }
        )
    context = {"rows": rows, "may_edit": can_edit_calendars(request.user)}
    return render(request, "sla/calendar_list.html", context)


@require_safe
def calendar_page(request: Request, pk: int) -> HttpResponse:
    """Show one calendar: its weeks, a year of it, the dates that differ, and what runs in it."""
    return _show(request, pk)


def _show(request: Request, pk: int, *, status: int = 200, refusal: object = "") -> HttpResponse:
    """Answer the page of a calendar. ``refusal``: why a button of it did nothing."""
    calendar = fetch(pk)
    work = work_calendars.plain(calendar)
    year = _year(request, calendar)
    days = overview.day_rows(calendar, work, year)
    closed = sum(row.is_closed for row in days)
    may_edit = can_edit_calendars(request.user)
    context = {
        "calendar": calendar,
        "weeks": overview.weeks(work, at=request.now),
        "year": year,
        "letters": [str(name)[:1].upper() for name in WEEKDAYS.values()],
        "months": overview.months(work, year),
        "days": days,
        "closed": closed,
        "other": len(days) - closed,
        "years": {"previous": year - 1, "next": year + 1},
        "is_signed": weekly_hours.is_signed(calendar),
        "versions": overview.versions(calendar),
        "running": overview.running_in(calendar, work),
        "may_edit": may_edit and calendar.archived_at is None,
        "may_reapply": can_reapply(request.user),
        "may_archive": may_edit,
        "refusal": refusal,
    }
    return render(request, "sla/calendar.html", context, status=status)


def _year(request: Request, calendar: Calendar) -> int:
    """Return the year in the address, else this year. Raises BadParameter."""
    text = request.GET.get("year")
    if text is None:
        return local_date(request.now, calendar.time_zone).year
    year = whole(text)
    if year is None or not overview.FIRST_YEAR <= year <= overview.LAST_YEAR:
        raise BadParameter(_("This page address is not complete. Start again from the list."))
    return year


@form_methods
@editors_only
def calendar_new(request: Request) -> HttpResponse:
    """Create a calendar with hours of its own, or as a copy of another one (``?copy=``)."""
    pk = whole(request.GET.get("copy", ""))
    # An id that cannot be read is no copy: the form then begins with a usual week.
    original = None
    if pk is not None:
        original = fetch(pk)
    form = _new_form(request, original)

    def save() -> HttpResponse:
        values = _values(form) | {
            "team": form.chosen_team,
            "by": request.user,
            "at": request.now,
        }
        if original is None:
            created = calendars.create(**values)
        else:
            created = calendars.copy(original, **values)
        messages.success(request, _("Saved."))
        return redirect("calendar", pk=created.pk)

    return answer(request, "sla/calendar_new.html", form, save, original=original)


def _new_form(request: Request, original: Calendar | None) -> NewCalendarForm:
    if original is None:
        zone = request.organisation.time_zone
        return NewCalendarForm(posted(request), windows=PRESETS["week"], zone=zone)
    return NewCalendarForm(
        posted(request),
        windows=work_calendars.windows_of(original),
        zone=original.time_zone,
        initial={"name": _("%(name)s, next version") % {"name": original.name}},
    )


def _values(form: CalendarForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("name", "time_zone", "windows")}


@form_methods
@editors_only
@transaction.atomic
def calendar_edit(request: Request, pk: int) -> HttpResponse:
    """Change name, zone and weekly hours; of signed hours only the name."""
    calendar = fetch(pk, lock=request.method == "POST")
    is_signed = weekly_hours.is_signed(calendar)
    form = CalendarForm(
        posted(request),
        windows=work_calendars.windows_of(calendar),
        zone=calendar.time_zone,
        frozen=is_signed,
        initial={"name": calendar.name},
    )

    def save() -> HttpResponse:
        # Under the lock of fetch: no other change comes between this check and the save.
        form.check_unmoved()
        calendars.change(
            calendar,
            **_values(form),
            by=request.user,
            at=request.now,
        )
        messages.success(request, _("Saved."))
        return redirect("calendar", pk=pk)

    has_changes = bool(work_calendars.changes_of(calendar))
    context = {
        "calendar": calendar,
        "is_signed": is_signed,
        "has_changes": has_changes,
    }
    return answer(request, "sla/calendar_edit.html", form, save, **context)


@require_POST
@editors_only
def calendar_archive(request: Request, pk: int) -> HttpResponse:
    """Take a calendar out of use; refused while an agreement needs it."""
    calendar = fetch(pk)
    try:
        calendars.archive(calendar, by=request.user, at=request.now)
    except DomainError as error:
        # No redirect: that would say that it was done.
        return _show(request, pk, status=error.status, refusal=error.message)
    messages.success(request, _("%(name)s is archived.") % {"name": calendar.name})
    return redirect("calendars")


@require_POST
@editors_only
def calendar_restore(request: Request, pk: int) -> HttpResponse:
    """Take an archived calendar into use again."""
    calendar = fetch(pk)
    try:
        calendars.restore(calendar, by=request.user, at=request.now)
    except DomainError as error:
        return _show(request, pk, status=error.status, refusal=error.message)
    messages.success(request, _("%(name)s is in use again.") % {"name": calendar.name})
    return redirect("calendar", pk=pk)
