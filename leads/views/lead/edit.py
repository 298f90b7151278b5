"""Editing a lead's data, and choosing between two values when another person edited it too."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.accounts.request import Request, add_notes
from crm.lib import edit_conflicts
from crm.lib.edit_conflicts import ASK, THEIRS, Difference
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import events, permissions, steps
from leads.forms.leads import LeadForm
from leads.models import Lead
from leads.records import companies, leads
from leads.views.lead.page import fetch
from leads.views.lead.trail import trail
from leads.views.leads import kept_by_company

Changes = dict[str, tuple[str, datetime]]


@dataclass(frozen=True)
class Shown:
    """What the page showed when it was sent: the version, and the values as text."""

    version: int
    values: dict[str, str]


@require_http_methods(["GET", "HEAD", "POST"])
def lead_edit(request: Request, pk: int) -> HttpResponse:
    """Change a lead's data; over a newer version the person chooses between both values."""
    lead = fetch(request, pk)
    steps.check(request.user, lead, *permissions.CHANGE)
    if request.method == "POST":
        return _save(request, lead)
    form = LeadForm(lead=lead)
    return _show(request, lead, form, Shown(lead.version, form.shown()))


def _save(request: Request, lead: Lead) -> HttpResponse:
    posted = request.POST
    shown = Shown(
        version=edit_conflicts.version_on_screen(posted, "version"),
        values=edit_conflicts.texts_at_first(posted),
    )
    differences: list[Difference] = []
    form = LeadForm(posted, lead=lead)
    # The form came from the page of differences, with a choice for each of them.
    if "compared" in posted:
        differences = _differences(lead, posted, shown)
        form = LeadForm(_with_choices(posted, differences), lead=lead)
    undecided = [each.field for each in differences if each.choice == ASK]
    status = 422
    if form.is_valid() and not undecided:
        data = form.data_for_lead()
        try:
            changed = leads.change(
                lead, data, by=request.user, at=request.now, version=shown.version
            )
        except leads.ChangedMeanwhile as error:
            return _compare(request, lead.pk, shown, error)
        except DomainError as error:
            status = add_domain_error(form, error)
        else:
            add_notes(request, form)
            kept_by_company(request, changed, data["company"])
            return _saved(request, lead.pk)
    for name in undecided:
        form.add_error(name, _("Choose which value stays."))
    return _show(request, lead, form, shown, differences=differences, status=status)


def _saved(request: Request, pk: int) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect(trail(request).to_lead(pk))


def _compare(
    request: Request, pk: int, shown: Shown, error: leads.ChangedMeanwhile
) -> HttpResponse:
    """Return the differences to a version that was saved in the meantime, if there are any."""
    lead = fetch(request, pk)
    differences = _differences(lead, request.POST, shown)
    # Both people saved the same values, so there is nothing to choose.
    if not differences:
        return _saved(request, pk)
    return _show(
        request,
        lead,
        LeadForm(request.POST, lead=lead),
        # The newer version, but the first values: the person still compares with what they saw.
        Shown(lead.version, shown.values),
        differences=differences,
        message=error.message,
        status=409,
    )


def _differences(lead: Lead, posted: QueryDict, shown: Shown) -> list[Difference]:
    typed = LeadForm(posted, lead=lead).typed()
    saved = LeadForm(lead=lead).shown()
    chosen = edit_conflicts.choices(posted)
    return edit_conflicts.compare(shown.values, typed, saved, chosen)


def _with_choices(posted: QueryDict, differences: list[Difference]) -> QueryDict:
    """Return what was posted, with the saved value wherever that was chosen."""
    data = posted.copy()
    for each in differences:
        if each.choice == THEIRS:
            data[each.field] = each.theirs
    return data


def _show(
    request: Request,
    lead: Lead,
    form: LeadForm,
    shown: Shown,
    *,
    differences: list[Difference] | None = None,
    message: object = "",
    status: int = 200,
) -> HttpResponse:
    """Return the form; with ``differences`` only those fields, each with both values."""
    context: dict[str, Any] = {
        "form": form,
        "lead": lead,
        "version": shown.version,
        "was": json.dumps(shown.values),
        "message": message,
    }
    if lead.company is not None:
        context["sharing"] = companies.sharing(lead.company, request.user)
    if not differences:
        return render(request, "leads/lead_form.html", context, status=status)
    changes = events.last_changes(lead)
    names = {each.field for each in differences}
    context["compared"] = [_compared(form, each, changes) for each in differences]
    context["others"] = [field for field in form if field.name not in names]
    return render(request, "leads/lead_compare.html", context, status=status)


def _compared(form: LeadForm, each: Difference, changes: Changes) -> dict[str, Any]:
    """Return the field with both values, and who saved the other value and when."""
    by, at = _last_change(form.fact_of(each.field), changes)
    return {
        "field": form[each.field],
        "choice": each.choice,
        "theirs": form.value_text(each.field, each.theirs),
        "by": by,
        "at": at,
    }


def _last_change(fact: str, changes: Changes) -> tuple[str, datetime | None]:
    if fact in changes:
        return changes[fact]
    # A lead that moved to another company took over the facts of that company.
    if fact.startswith("company.") and "company.name" in changes:
        return changes["company.name"]
    return "", None
