"""Editing a lead's data; over a newer version both values are shown and the person chooses."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.accounts.request import Request, deny_unless
from crm.lib import edit_conflicts
from crm.lib.edit_conflicts import ASK, THEIRS, Difference
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import events, permissions
from leads.forms.leads import LeadForm
from leads.models import Lead
from leads.records import leads
from leads.views.lead_page import fetch


@require_http_methods(["GET", "HEAD", "POST"])
def lead_edit(request: Request, pk: int) -> HttpResponse:
    """Change a lead's data; a version that moved on is a conflict that keeps what was typed."""
    lead = fetch(request, pk)
    deny_unless(permissions.can_change(request.user, lead))
    if request.method == "POST":
        return _save(request, lead)
    form = LeadForm(lead=lead)
    return _show(request, lead, form, version=lead.version, was=form.shown())


def _save(request: Request, lead: Lead) -> HttpResponse:
    posted = request.POST
    version = edit_conflicts.version_on_screen(posted, "version")
    was = edit_conflicts.texts_at_first(posted)
    differences: list[Difference] = []
    form = LeadForm(posted, lead=lead)
    if "compared" in posted:
        differences = _differences(lead, posted)
        form = LeadForm(_with_choices(posted, differences), lead=lead)
    undecided = [each.field for each in differences if each.choice == ASK]
    if undecided or not form.is_valid():
        for name in undecided:
            form.add_error(name, _("Choose which value stays."))
        return _show(
            request, lead, form, version=version, was=was, differences=differences, status=422
        )
    try:
        leads.change(lead, form.data_for_lead(), by=request.user, at=request.now, version=version)
    except leads.ChangedMeanwhile as error:
        lead = fetch(request, lead.pk)
        if differences := _differences(lead, posted):
            form, message = LeadForm(posted, lead=lead), error.message
            now: dict[str, Any] = {
                "version": lead.version,
                "differences": differences,
                "message": message,
            }
            return _show(request, lead, form, was=was, status=409, **now)
    except DomainError as error:
        status = add_domain_error(form, error)
        return _show(
            request, lead, form, version=version, was=was, differences=differences, status=status
        )
    messages.success(request, _("Saved."))
    return redirect("lead", pk=lead.pk)


def _differences(lead: Lead, posted: QueryDict) -> list[Difference]:
    typed = LeadForm(posted, lead=lead).typed()
    saved = LeadForm(lead=lead).shown()
    was = edit_conflicts.texts_at_first(posted)
    return edit_conflicts.compare(was, typed, saved, edit_conflicts.choices(posted))


def _with_choices(posted: QueryDict, differences: list[Difference]) -> QueryDict:
    """What was posted, with the saved value wherever that was chosen."""
    data = posted.copy()
    for each in differences:
        if each.choice == THEIRS:
            data[each.field] = each.theirs
    return data


def _show(
    request: Request,
    lead: Lead,
    form: LeadForm,
    *,
    version: int,
    was: dict[str, str],
    status: int = 200,
    differences: list[Difference] | None = None,
    message: object = "",
) -> HttpResponse:
    """The form; with ``differences`` only those fields, each with both values."""
    context: dict[str, Any] = {
        "form": form,
        "lead": lead,
        "version": version,
        "was": json.dumps(was),
    }
    context["message"] = message
    if not differences:
        return render(request, "leads/lead_form.html", context, status=status)
    changed = events.last_changes(lead)
    context["compared"] = [_both(form, each, changed) for each in differences]
    names = {each.field for each in differences}
    context["others"] = [field for field in form if field.name not in names]
    return render(request, "leads/lead_compare.html", context, status=status)


def _both(
    form: LeadForm, each: Difference, changed: dict[str, tuple[str, datetime]]
) -> dict[str, Any]:
    fact = form.fact_of(each.field)
    facts = (
        [fact, "company.name"] if fact.startswith("company.") else [fact]
    )  # a new company brings its own facts
    by, at = next((changed[name] for name in facts if name in changed), ("", None))
    words = form.words(each.field, each.theirs)
    return {"field": form[each.field], "choice": each.choice, "theirs": words, "by": by, "at": at}
