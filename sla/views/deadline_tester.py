"""The deadline tester: when is a lead due, and why? The question is in the address.

All who are signed in may ask.
"""

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
from sla.forms.deadline_tester import DeadlineTesterForm
from sla.models import Calendar, Commitment
from sla.text import deadlines
from sla.views import calendar_overview
from sla.worktime import explanation
from sla.worktime.calendar import CalendarNeverOpen

PARAMETERS = ("calendar", "at", "promise", "hours", "minutes")


@require_safe
def calendar_tester(request: Request) -> HttpResponse:
    """Show the form with the answer below it.

    The first visit asks about the organisation's calendar, now.
    """
    choices = _calendars(request.GET.get("calendar", ""))
    if not choices:
        return render(request, "sla/calendar_tester.html", {"form": None})
    commitments = calendar_overview.timed_commitments()
    data = _question(request, choices, commitments)
    form = DeadlineTesterForm(data, calendars=choices, commitments=commitments)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context |= _answer(form)
    return render(request, "sla/calendar_tester.html", context, status=422 if form.errors else 200)


def _calendars(asked: str) -> list[Calendar]:
    """Return the calendars in use, and the one with the id ``asked``."""
    listed = calendars.listed()
    return [each for each in listed if each.archived_at is None or str(each.pk) == asked]


def _question(
    request: Request,
    choices: list[Calendar],
    commitments: list[Commitment],
) -> dict[str, str]:
    """Return the question in the address, with a default for each part that is missing.

    The organisation's calendar, now, and the first commitment.
    """
    # Only what is asked: an empty field in the address stays empty.
    asked = {name: request.GET[name] for name in PARAMETERS if name in request.GET}
    of_organisation = [each for each in choices if each.team_id is None]
    main = next(iter(of_organisation), choices[0])
    by_pk = {str(each.pk): each for each in choices}
    chosen = by_pk.get(asked.get("calendar", ""), main)
    now = request.now.astimezone(ZoneInfo(chosen.time_zone))
    question = {
        "calendar": str(main.pk),
        "at": now.strftime("%Y-%m-%dT%H:%M"),
        **asked,
    }
    if {"promise", "hours", "minutes"} & set(asked):
        return question
    if commitments:
        return question | {"promise": str(commitments[0].pk)}
    return question | {"hours": "1"}


def _answer(form: DeadlineTesterForm) -> dict[str, Any]:
    """Return the deadline with its explanation; nothing where the form gets an error instead."""
    moment = form.moment()
    if moment is None:
        # Put forward in spring: the wall clock never shows this hour.
        form.add_error("at", _("The clocks skip this time on that date. Choose another one."))
        return {}
    work = work_calendars.plain(form.chosen)
    try:
        stretches = explanation.explain(work, moment, form.duration)
    except CalendarNeverOpen:
        form.add_error("calendar", _("This calendar never gives so many open hours."))
        return {}
    # A duration of nothing is due at once, without a way to explain.
    ways = [stretch.until for stretch in stretches]
    due = ways[-1] if ways else moment
    return {
        "calendar": form.chosen,
        "given": deadlines.moment_words(moment, work.zone),
        "due": deadlines.moment_words(due, work.zone),
        "due_at": due,
        "length": duration_words(form.duration.total_seconds()),
        "explanation": deadlines.explanation(stretches, work.zone),
    }
