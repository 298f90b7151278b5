"""The alignment page, which both sides read, and the list behind each of its numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from crm.accounts.permissions import people_with_figures
from crm.accounts.request import Request, deny_unless
from crm.alignment import rows
from crm.alignment.forms import ListForm, PageForm, ScopeForm
from crm.alignment.numbers import report, slices
from crm.alignment.numbers.scope import Scope
from crm.alignment.panels import addresses, panels, sheets
from leads import permissions
from leads.views.lead.trail import of_list

Form = TypeVar("Form", bound=ScopeForm)


def _read_query(request: Request, form: Callable[..., Form]) -> Form:
    """Return the form with the query string of the request.

    Raise PermissionDenied for people who may not read the alignment page.
    """
    deny_unless(permissions.can_read_alignment(request.user))
    return form(request.GET, zone=request.organisation.time_zone, at=request.now)


@require_safe
def alignment(request: Request) -> HttpResponse:
    """Show the numbers of a period: promises kept, the funnel, conversion by source."""
    form = _read_query(request, PageForm)
    context: dict[str, Any] = {"form": form, "presets": form.presets()}
    if not form.is_valid():
        return render(request, "alignment/alignment.html", context, status=400)
    scope = form.scope
    numbers = report.read(scope, people=people_with_figures(request.user))
    context |= {"scope": scope, "panels": panels.build(numbers, form.sort)}
    return render(request, "alignment/alignment.html", context)


@require_safe
def alignment_csv(request: Request, panel: str) -> HttpResponse:
    """Send the numbers of one panel as a CSV file, the same as its "Show as table"."""
    form = _read_query(request, PageForm)
    if panel not in sheets.SHEETS:
        raise Http404
    if not form.is_valid():
        context = {"form": form, "presets": form.presets()}
        return render(request, "alignment/alignment.html", context, status=400)
    scope = form.scope
    numbers = report.read(scope, people=people_with_figures(request.user))
    numbers = panels.ordered(numbers, form.sort)
    sheet = sheets.SHEETS[panel](numbers)
    text = sheet.csv()
    period = scope.period
    # Only a known key of SHEETS and ISO dates: nothing in the header needs to be escaped.
    name = f"{panel}-{period.start}-{period.end}.csv"
    # Excel reads UTF-8 only with a byte order mark.
    response = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
def alignment_leads(request: Request) -> HttpResponse:
    """Show the list that one number counts. Rows outside the viewer's sight are masked."""
    people = people_with_figures(request.user)
    form = _read_query(request, partial(ListForm, people=people))
    if not form.is_valid():
        return render(request, "alignment/alignment_leads.html", {"form": form}, status=400)
    scope = form.scope
    show = form.cleaned_data["show"]
    context = {
        "form": form,
        "scope": scope,
        "show": show,
        "title": _title(form, show),
        "listing": rows.listing(scope, show, user=request.user, after=form.data["after"]),
        "back": _back(scope),
        "came": of_list(request).suffix,
    }
    return render(request, "alignment/alignment_leads.html", context)


def _back(scope: Scope) -> str:
    """Return the address of the page that led to the list, with the same period and source."""
    name = "alignment"
    if scope.persona:
        name = "persona_results"
    # Persona and person narrow the list only; the pages would refuse them as unknown.
    query = addresses.query(replace(scope, persona="", person=None))
    return f"{reverse(name)}?{urlencode(query)}"


def _title(form: ListForm, show: str) -> str:
    """Return the title of a list, with the reason or the person that it is narrowed to."""
    title = str(slices.SLICES[show].title)
    part = form.chosen_reason or form.chosen_person
    if part is None:
        return title
    return f"{title}: {part}"
