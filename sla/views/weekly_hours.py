"""Page of the weekly hours of a calendar from a date on."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from crm.accounts.request import Request
from sla.calendars import weekly_hours, work_calendars
from sla.forms.calendars import LaterWeekForm
from sla.views.calendars import editors_only, fetch
from sla.views.form_page import answer, date_in_address, form_methods, posted


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
    form = LaterWeekForm(posted(request), windows=windows, initial={"since": was})
    # The second button of the form; its fields are not read.
    if stored and "remove" in request.POST:
        weekly_hours.remove_week(calendar, stored, by=request.user, at=request.now)
        return redirect("calendar", pk=pk)

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

    is_signed = weekly_hours.is_signed(calendar)
    context = {"calendar": calendar, "stored": stored, "is_signed": is_signed}
    return answer(request, "sla/calendar_week.html", form, save, **context)
