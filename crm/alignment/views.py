"""Alignment: the page of numbers that both sides read, and the list behind each of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from crm.accounts.request import Request, deny_unless
from crm.alignment import rows
from crm.alignment.forms import ListForm, PageForm, ScopeForm
from crm.alignment.numbers import report, slices
from crm.alignment.panels import addresses, panels, sheets
from leads import permissions

Form = TypeVar("Form", bound=ScopeForm)


def _asked(request: Request, form: type[Form]) -> Form:
    """The question in the address, put at this moment; 403 for those who make no business of the
    numbers.
    """
    deny_unless(permissions.can_read_alignment(request.user))
    return form(request.GET, zone=request.organisation.time_zone, at=request.now)


@require_safe
def alignment(request: Request) -> HttpResponse:
    """The numbers of a period: what was promised and kept, how far leads came, which sources
    convert.
    """
    form = _asked(request, PageForm)
    context: dict[str, Any] = {"form": form, "presets": form.presets()}
    if not form.is_valid():
        return render(request, "alignment/alignment.html", context, status=400)
    context |= {"scope": form.scope, "panels": panels.build(report.read(form.scope), form.sort)}
    return render(request, "alignment/alignment.html", context)


@require_safe
def alignment_csv(request: Request, panel: str) -> HttpResponse:
    """The numbers of one panel as a file: the same question, the same sheet as "Show as table"."""
    form = _asked(request, PageForm)
    if panel not in sheets.SHEETS:
        raise Http404
    if not form.is_valid():
        return render(
            request,
            "alignment/alignment.html",
            {"form": form, "presets": form.presets()},
            status=400,
        )
    found = panels.ordered(report.read(form.scope), form.sort)
    period = form.scope.period
    return HttpResponse(
        "\ufeff" + sheets.SHEETS[panel](found).csv(),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{panel}-{period.start}-{period.end}.csv"'
        },
    )


@require_safe
def alignment_leads(request: Request) -> HttpResponse:
    """The list that one number counts. Rows outside the viewer's sight are masked."""
    form = _asked(request, ListForm)
    if not form.is_valid():
        return render(request, "alignment/alignment_leads.html", {"form": form}, status=400)
    scope, show = form.scope, form.cleaned_data["show"]
    page = reverse("persona_results" if scope.persona else "alignment")
    context = {
        "form": form,
        "scope": scope,
        "show": show,
        "title": _title(form, show),
        "listing": rows.listing(scope, show, user=request.user, after=form.data["after"]),
        "back": f"{page}?{urlencode(addresses.query(replace(scope, persona='', person=None)))}",
    }
    return render(request, "alignment/alignment_leads.html", context)


def _title(form: ListForm, show: str) -> str:
    title, part = str(slices.SLICES[show].title), form.chosen_reason or form.chosen_person
    return f"{title}: {part}" if part else title
