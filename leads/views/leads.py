"""The list of leads, and logging a new one by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from crm.accounts.request import Request, add_notes, require_permission
from crm.accounts.teams import marketing_team
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.lib.number_formats import number
from crm.lib.paging import Size
from crm.templatetags.jinja import respond
from leads import permissions
from leads.bulk.states import BulkKind
from leads.forms.leads import LeadForm
from leads.lists.leads import lead_list as lead_list_of
from leads.lists.leads import rows_of
from leads.models import Lead
from leads.records import companies, leads, persons
from leads.records.fields import FIELD_LABELS
from leads.records.identity import known_leads
from leads.records.identity.known_leads import KnownAlready, Match
from leads.states import Stage
from leads.views.lead.trail import of_list

PAGE = 50
# The desk of marketing: what it works on first.
STAGE_TABS = {
    "": _("All"),
    Stage.CAPTURED: _("To qualify"),
    Stage.MQL: _("Ready to hand off"),
    Stage.RETURNED: _("Sent back"),
}


@require_safe
def lead_list(request: Request) -> HttpResponse:
    """Every visible lead, with search and filters in the address, the newest first."""
    listed = lead_list_of(request.user, request.GET, at=request.now)
    listing = listed.listing
    after = request.GET.get("after", "")
    page = listing.page(after=after, size=PAGE, is_counted=True)
    can_log = permissions.can_log(request.user)
    context: dict[str, Any] = {
        "filter": listed,
        "shown": page,
        "rows": rows_of(page),
        "stages": {stage.value: str(stage.label) for stage in Stage},
        "came": of_list(request).suffix,
        "size": size_text(listing.size(page, after=after)),
        "tabs": _stage_tabs(request) if can_log else [],
        "can_log": can_log,
        "bulk_kinds": [BulkKind(kind) for kind in permissions.bulk_kinds(request.user)],
    }
    return respond(request, "leads/lead_list.jinja", context, status=listed.status)


def size_text(size: Size) -> str:
    """Return "12 leads", "About 1,840 leads" or "More than 1,000 leads"; empty for none."""
    if not size.n:
        return ""
    pattern = ngettext("{n} lead", "{n} leads", size.n)
    if size.is_about:
        pattern = gettext("About {n} leads")
    if size.is_more:
        pattern = gettext("More than {n} leads")
    return pattern.format(n=number(size.n))


def _stage_tabs(request: Request) -> list[dict[str, Any]]:
    current = request.GET.get("stage", "")
    tabs = []
    for stage, label in STAGE_TABS.items():
        # The other filters stay on.
        query = request.GET.copy()
        query.pop("after", None)
        query.pop("stage", None)
        if stage:
            query["stage"] = stage
        url = f"?{query.urlencode()}"
        tabs.append({"url": url, "label": label, "is_current": stage == current})
    return tabs


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_log)
def lead_new(request: Request) -> HttpResponse:
    """Log a lead by hand."""
    form = LeadForm(request.POST or None)
    status = 200
    known = None
    if form.is_valid():
        try:
            return _capture(request, form)
        except KnownAlready as error:
            known = error
            status = error.status
        except DomainError as error:
            status = add_domain_error(form, error)
    elif form.errors:
        status = 422
    context: dict[str, Any] = {"form": form, "known": known}
    if known is not None:
        context["known_lead"] = _lead_of(request, known.match)
    return render(request, "leads/lead_form.html", context, status=status)


def _lead_of(request: Request, match: Match) -> Lead:
    return Lead.objects.visible_to(request.user).with_names().get(pk=match.lead)


def _capture(request: Request, form: LeadForm) -> HttpResponse:
    data = form.data_for_lead()
    person = persons.new(data)
    identity = persons.identity_of(person)
    if "anyway" in request.POST:
        alike = known_leads.find_one(identity, user=request.user)
    else:
        alike = known_leads.refuse_known(identity, user=request.user)
    lead = leads.capture(
        data,
        by=request.user,
        at=request.now,
        team=marketing_team(request.user),
        source=data["source"],
        first_action=form.cleaned_data.get("first_action"),
        person=person,
    )
    add_notes(request, form)
    messages.success(request, gettext("%(lead)s is logged.") % {"lead": lead})
    kept_by_company(request, lead, data["company"])
    if alike is not None and not alike.is_same:
        text = gettext("%(lead)s has the same phone: is it the same person?")
        messages.warning(request, text % {"lead": _lead_of(request, alike)})
    if "again" in request.POST:
        return redirect("lead_new")
    return redirect("lead_qualify", pk=lead.pk)


def kept_by_company(request: Request, lead: Lead, typed: Mapping[str, Any]) -> None:
    """Say which facts the known company of ``lead`` keeps though others were ``typed``."""
    if lead.company is None:
        return
    for fact, (kept, given) in companies.differences(lead.company, typed).items():
        text = gettext("%(company)s keeps its data. %(field)s: %(kept)s, not %(given)s.")
        values = {
            "company": lead.company,
            "field": FIELD_LABELS[f"company.{fact}"],
            "kept": kept,
            "given": given,
        }
        messages.warning(request, text % values)
