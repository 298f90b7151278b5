"""When is a lead due, and why? For everybody signed in; the question stands in the address."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.accounts.request import Request
from crm.lib.number_formats import duration_words
from sla.calendars import calendars, work_calendars
from sla.forms.calendars import TesterForm
from sla.models import Calendar, Commitment
from sla.text import deadlines
from sla.views import calendar_page
from sla.worktime import explanation
from sla.worktime.calendar import CalendarNeverOpen

ASKS = ("calendar", "at", "promise", "hours", "minutes")


@require_safe
def calendar_tester(request: Request) -> HttpResponse:
    """The form with an answer below it; the first visit asks about the organisation's
    calendar now.
    """
    asked = request.GET.get("calendar", "")
    found = [
        each for each in calendars.listed() if each.archived_at is None or str(each.pk) == asked
    ]
    if not found:
        return render(request, "sla/calendar_tester.html", {"form": None})
    promises = calendar_page.promises()
    data = {name: request.GET[name] for name in ASKS if name in request.GET}
    form = TesterForm(first(request, data, found, promises), found=found, promises=promises)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context |= answer(form)
    return render(request, "sla/calendar_tester.html", context, status=422 if form.errors else 200)


def first(
    request: Request, data: dict[str, str], found: list[Calendar], promises: list[Commitment]
) -> dict[str, str]:
    """What was asked, and what nobody asked yet: the organisation's calendar, now, the first
    commitment.
    """
    main = next((each for each in found if each.team_id is None), found[0])
    chosen = next((each for each in found if str(each.pk) == data.get("calendar")), main)
    now = request.now.astimezone(ZoneInfo(chosen.time_zone)).strftime("%Y-%m-%dT%H:%M")
    asked = {"calendar": str(main.pk), "at": now, **data}
    if not {"promise", "hours", "minutes"} & set(data):
        asked |= {"promise": str(promises[0].pk)} if promises else {"hours": "1"}
    return asked


def answer(form: TesterForm) -> dict[str, Any]:
    """The deadline with its explanation; the problem where there is none."""
    calendar, moment = form.chosen, form.moment()
    if moment is None:
        form.add_error("at", _("The clocks skip this time on that date. Choose another one."))
        return {}
    work = work_calendars.plain(calendar)
    try:
        steps = explanation.explain(work, moment, form.duration)
    except CalendarNeverOpen:
        form.add_error("calendar", _("This calendar never gives so many open hours."))
        return {}
    due = steps[-1].until if steps else moment
    return {
        "calendar": calendar,
        "given": deadlines.moment_words(moment, work.zone),
        "due": deadlines.moment_words(due, work.zone),
        "due_at": due,
        "length": duration_words(form.duration.total_seconds()),
        "told": deadlines.explanation(steps, work.zone),
    }
