"""Page of the weekly hours of a calendar from a date on."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from crm.accounts.request import Request
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from sla.calendars import weekly_hours, work_calendars
from sla.forms.calendars import LaterWeekForm
from sla.models import Calendar
from sla.views.calendars import editors_only, fetch
from sla.views.form_page import answer, date_in_address, form_methods, posted

TEMPLATE = "sla/calendar_week.html"


@form_methods
@editors_only
@transaction.atomic
def calendar_week(request: Request, pk: int) -> HttpResponse:
    """Set weekly hours from a date on: new ones, or those of ``?from=``."""
    calendar = fetch(pk, lock=request.method == "POST")
    was = date_in_address(request, "from")
    changes = work_calendars.changes_of(calendar)
    # A date without hours of its own begins new ones there.
    stored = was if was in changes else None
    if stored:
        # The form shows the hours that are replaced, so that little has to be typed.
        windows = changes[stored]
    else:
        _since, windows = work_calendars.in_effect(calendar, at=request.now)
    form = LaterWeekForm(posted(request), windows=windows, replaced=stored, initial={"since": was})
    is_signed = weekly_hours.is_signed(calendar)
    context = {"calendar": calendar, "stored": stored, "is_signed": is_signed}
    # The second button of the form; what was typed is not read.
    if "remove" in request.POST:
        return _remove(request, calendar, stored, form, context)

    def save() -> HttpResponse:
        # Under the lock of fetch: no other change comes between this check and the save.
        form.check_unmoved()
        data = form.cleaned_data
        weekly_hours.set_week(
            calendar,
            data["since"],
            data["windows"],
            was=stored,
            by=request.user,
            at=request.now,
        )
        messages.success(request, _("Saved."))
        return redirect("calendar", pk=pk)

    return answer(request, TEMPLATE, form, save, **context)


def _remove(
    request: Request,
    calendar: Calendar,
    stored: date | None,
    form: LaterWeekForm,
    context: dict[str, Any],
) -> HttpResponse:
    """Remove the hours that begin on ``stored``, if they are as the page showed them."""
    # None: another person has removed them already.
    if stored is not None:
        form.full_clean()
        try:
            # Under the lock of fetch, as above.
            form.check_removed_as_shown()
            weekly_hours.remove_week(calendar, stored, by=request.user, at=request.now)
        except DomainError as error:
            form.errors.clear()
            status = add_domain_error(form, error)
            return render(request, TEMPLATE, {"form": form, **context}, status=status)
    return redirect("calendar", pk=calendar.pk)
