"""One act on many leads: choose them in the list, confirm, and read the results."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from crm.accounts.request import Request, deny_unless
from crm.lib.input.numbers import whole
from crm.lib.number_formats import number
from crm.lib.paging import BadParameter
from leads import permissions
from leads.bulk import acts
from leads.bulk.states import BulkKind, BulkResult
from leads.forms.bulk import BulkForm, form_for
from leads.lists.leads import lead_list
from leads.models import BulkAct
from sla.agreements import offers

NAMED = 20  # leads that the confirmation names
LISTED = 500  # leads that the result lists
LONGEST_QUERY = 1000  # characters


def fetch(request: Request, pk: int) -> BulkAct:
    """Return the act; 404 unless it is the viewer's own."""
    return get_object_or_404(BulkAct.objects.visible_to(request.user), pk=pk)


@require_POST
def choose(request: Request) -> HttpResponse:
    """Prepare an act on the ticked leads, or on all that match the filters of the list."""
    kind = request.POST.get("kind", "")
    if kind not in BulkKind.values:
        raise BadParameter(_("Choose what to do with the leads."))
    deny_unless(kind in permissions.bulk_kinds(request.user))
    query = request.POST.get("query", "")[:LONGEST_QUERY]
    takes_all = "all" in request.POST
    listed = lead_list(request.user, QueryDict(query if takes_all else ""), at=request.now)
    leads = listed.listing.rows
    if not takes_all:
        leads = leads.filter(pk__in=_ids(request))
    act = acts.prepare(kind, leads, by=request.user, came_from=query)
    return redirect("bulk_act", pk=act.pk)


def _ids(request: Request) -> list[int]:
    """Return the ids of the ticked leads. Raises BadParameter."""
    sent = request.POST.getlist("lead")
    ids = [pk for pk in map(whole, sent) if pk is not None]
    if len(sent) > acts.MOST or len(ids) < len(sent):
        raise BadParameter(_("The choice of leads cannot be read. Start again from the list."))
    return ids


@require_safe
def bulk_act(request: Request, pk: int) -> HttpResponse:
    """Show the confirmation of an act; once it is started, its progress and result."""
    act = fetch(request, pk)
    if act.started_at is None:
        form = form_for(act.kind, request.user, at=request.now)
        return _confirmation(request, act, form)
    reader = request.user
    context = _shared(act) | {
        "counts": acts.counts(act),
        "skipped": acts.items_of(act, BulkResult.SKIPPED, reader=reader, most=LISTED),
        "done": acts.items_of(act, BulkResult.DONE, reader=reader, most=LISTED),
    }
    return render(request, "leads/bulk_result.html", context)


def _shared(act: BulkAct) -> dict[str, Any]:
    """Return what the confirmation and the result show alike."""
    back = f"{reverse('lead_list')}?{act.options.get('came_from', '')}"
    return {"act": act, "title": title_of(act), "back": back}


def title_of(act: BulkAct) -> str:
    """Return what is done and with how many: "Hand off 47 leads"."""
    count = act.total
    if act.kind == BulkKind.HAND_OFF:
        pattern = ngettext("Hand off {n} lead", "Hand off {n} leads", count)
    elif act.kind == BulkKind.ASSIGN:
        pattern = ngettext("Assign {n} lead", "Assign {n} leads", count)
    else:
        pattern = ngettext("Archive {n} lead", "Archive {n} leads", count)
    return pattern.format(n=number(count))


def _confirmation(
    request: Request, act: BulkAct, form: BulkForm, *, status: int = 200
) -> HttpResponse:
    items = acts.items_of(act, "", reader=request.user, most=NAMED)
    context = _shared(act) | {
        "form": form,
        "items": items,
        "more": act.total - len(items),
        "offers": offers.of_sales_teams({}, at=request.now)
        if act.kind == BulkKind.HAND_OFF
        else [],
    }
    return render(request, "leads/bulk_confirm.html", context, status=status)


@require_POST
def start(request: Request, pk: int) -> HttpResponse:
    """Start the act. A second press finds it started and shows the same result."""
    act = fetch(request, pk)
    if act.started_at is None:
        deny_unless(act.kind in permissions.bulk_kinds(request.user))
        form = form_for(act.kind, request.user, at=request.now, data=request.POST)
        if not form.is_valid():
            return _confirmation(request, act, form, status=422)
        if acts.start(act, form.options, at=request.now):
            acts.at_once(act)
    return redirect("bulk_act", pk=act.pk)


@require_safe
def progress(request: Request, pk: int) -> HttpResponse:
    """Show the progress of an act, for htmx; reload the page once it has ended."""
    act = fetch(request, pk)
    context = {"act": act, "counts": acts.counts(act)}
    response = render(request, "leads/_bulk_progress.html", context)
    if not act.is_working:
        response.headers["HX-Refresh"] = "true"
    return response
