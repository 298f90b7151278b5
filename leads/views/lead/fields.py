"""One field of a lead, edited in place on its page.

The page asks for the field and sends it back with htmx; without scripts the same link opens the
edit page.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from crm.accounts.request import Request
from crm.lib import edit_conflicts
from crm.lib.edit_conflicts import ASK, MINE, Difference
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.lib.numbers.fields import notes
from crm.templatetags.jinja import draw
from leads import events, permissions, steps
from leads.forms.lead_fields import FieldForm, LeadFields
from leads.forms.leads import COMPANY_COUNTRY
from leads.models import Lead
from leads.records import fields as lead_facts
from leads.records import leads
from leads.views.lead.data import OF_COMPANY, data_row
from leads.views.lead.page import fetch
from leads.views.lead.trail import trail

# The page has other forms with fields of the same names.
IDS = "id_place_%s"
# The parts of the page that show or judge fields; a saved field fetches them anew.
DEPENDS = ("#lead-head", "#before", "#timeline", "#proofs", "#why", "#scores")
# Another company has facts of its own, and its country may be that of the phone.
BESIDE = {"company": (*OF_COMPANY, "phone"), "country": ("phone",), COMPANY_COUNTRY: ("phone",)}


@require_http_methods(["GET", "HEAD", "POST"])
def lead_field(request: Request, pk: int, name: str) -> HttpResponse:
    """Show one field, or its form ("?edit=1"); save it over the version that was shown."""
    lead = fetch(request, pk)
    steps.check(request.user, lead, *permissions.CHANGE)
    fields = LeadFields(lead)
    if name not in fields.form.fields or fields.field(fields.form.fact_of(name)) is None:
        raise Http404
    if not request.htmx:
        return redirect(f"{reverse('lead_edit', args=[pk])}{trail(request).suffix}#id_{name}")
    if request.method == "POST":
        return _save(request, lead, name)
    if "edit" in request.GET:
        return _show_form(request, lead, FieldForm(fields=fields, name=name, auto_id=IDS))
    return _show(request, lead, name)


def _save(request: Request, lead: Lead, name: str) -> HttpResponse:
    fields = LeadFields(lead)
    form = FieldForm(request.POST, fields=fields, name=name, auto_id=IDS)
    if not form.is_valid():
        return _show_form(request, lead, form, status=422)
    difference = _difference(request, form)
    # Nothing was typed over a value that a colleague changed: theirs stays.
    if difference is None or difference.choice not in (ASK, MINE):
        return _show(request, lead, name, is_saved=True)
    if difference.choice == ASK:
        return _show_form(request, lead, form, theirs=difference.theirs, status=409)
    data = lead_facts.as_data(form.fact, form.value)
    try:
        leads.change(lead, data, by=request.user, at=request.now, version=lead.version)
    except leads.ChangedMeanwhile:
        # Between reading and writing: compared again with what was saved then.
        return _save(request, fetch(request, lead.pk), name)
    except DomainError as error:
        return _show_form(request, lead, form, status=add_domain_error(form, error))
    return _show(request, fetch(request, lead.pk), name, is_saved=True, form=form)


def _difference(request: Request, form: FieldForm) -> Difference | None:
    """Return how the typed value differs from the saved one, with the choice that was made."""
    name = form.field_name
    was = edit_conflicts.texts_at_first(request.POST)
    typed = form.typed
    chosen = edit_conflicts.choices(request.POST)
    return next(iter(edit_conflicts.compare(was, {name: typed}, {name: form.was}, chosen)), None)


def _show(
    request: Request,
    lead: Lead,
    name: str,
    *,
    is_saved: bool = False,
    form: FieldForm | None = None,
) -> HttpResponse:
    """Return the field. ``form``: the saved one; the field says what it rounded."""
    context: dict[str, Any] = {
        "lead": lead,
        "row": data_row(lead, name),
        "is_saved": is_saved,
        "depends": ",".join((*DEPENDS, *(f"#field-{each}" for each in BESIDE.get(name, ())))),
        "notes": notes(form) if form is not None else [],
    }
    return HttpResponse(draw("leads/_lead_field_shown.jinja", request, **context))


def _show_form(
    request: Request, lead: Lead, form: FieldForm, *, theirs: str | None = None, status: int = 200
) -> HttpResponse:
    """Return the form; with ``theirs`` both values, to choose between."""
    context: dict[str, Any] = {"lead": lead, "form": form, "field": form.bound_field}
    context["theirs"] = None
    if theirs is not None:
        by, at = events.last_changes(lead).get(form.fact, ("", None))
        shown = LeadFields(lead).form.value_text(form.field_name, theirs)
        context["theirs"] = {"text": shown, "by": by, "at": at}
    html = draw("leads/_lead_field_form.jinja", request, **context)
    return HttpResponse(html, status=status)
