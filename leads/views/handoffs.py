"""The decision on a pending handoff: accept, reject, and undo of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from crm.accounts.request import Request, next_page
from crm.lib.errors import Conflict, DomainError
from crm.lib.forms import add_domain_error
from crm.templatetags.jinja import draw
from leads import departures, handoffs, permissions, steps
from leads.forms.handoff_steps import reject_form
from leads.forms.handoffs import RejectForm
from leads.handoffs import outcomes
from leads.handoffs import undo as decisions
from leads.handoffs.queue.rows import row_of, to_decide
from leads.models import Handoff
from leads.permissions import Permission
from leads.views.lead.page import show_refused
from leads.views.lead.trail import QUEUE, Trail, trail
from leads.views.queue import SCORES, queue_rows, score_label, with_scores

# -- Shared with the steps after the decision


def fetch(request: Request, pk: int) -> Handoff:
    """Return the handoff; 404 unless the viewer may see it."""
    rows = Handoff.objects.visible_to(request.user).with_names()
    rows = rows.select_related("agreement_version", "submitted_by", "lead__marketing_team")
    return get_object_or_404(rows, pk=pk)


def done(request: Request, handoff: Handoff, text: str, *, can_undo: bool = False) -> HttpResponse:
    """Show the lead with a message, and a button to undo the step where that is possible.

    A list on which the step was taken shows itself again instead.
    """
    add_message(request, handoff, text, can_undo=can_undo)
    return redirect(next_page(request) or trail(request).to_lead(handoff.lead_id))


def add_message(request: Request, handoff: Handoff, text: str, *, can_undo: bool) -> None:
    """Add the message; components/_toasts.html makes a button of the tag "undo:<address>"."""
    tags = ""
    if can_undo:
        tags = f"undo:{reverse('handoff_undo', args=[handoff.pk])}"
    messages.success(request, text % {"lead": handoff.lead}, extra_tags=tags)


# -- Accept


@require_POST
def accept(request: Request, pk: int) -> HttpResponse:
    """Accept a pending handoff, on the lead page or in place in a row of the queue (htmx)."""
    text = _("%(lead)s is yours. Make the first contact now.")
    return _accept(
        request,
        pk,
        _fetch_to_accept,
        permissions.can_decide,
        handoffs.accept,
        text,
        can_undo=True,
    )


@require_POST
def accept_as_sql(request: Request, pk: int) -> HttpResponse:
    """Accept and qualify as SQL where the package proves means and authority."""
    # No undo: it takes back a decision only while no event followed, and the SQL is one.
    text = _("%(lead)s is yours and an SQL.")
    return _accept(
        request,
        pk,
        # All of it: the lead is judged, too.
        fetch,
        permissions.can_accept_as_sql,
        outcomes.accept_as_sql,
        text,
        can_undo=False,
    )


def _accept(
    request: Request,
    pk: int,
    read: Callable[[Request, int], Handoff],
    permission: Permission,
    act: Callable[..., Handoff],
    text: str,
    *,
    can_undo: bool,
) -> HttpResponse:
    try:
        handoff = fetch_to_decide(request, pk, read)
        steps.check(request.user, handoff, permission)
        act(handoff, by=request.user, at=request.now)
    except (handoffs.AlreadyTaken, handoffs.JustTaken) as error:
        if request.htmx:
            return _dim_row(pk, error)
        if isinstance(error, handoffs.JustTaken):
            raise
        return show_refused(request, error.handoff.lead_id, "accept", error)
    except DomainError as error:
        # In the queue a message says why; the row stays as it is.
        if request.htmx:
            raise
        return show_refused(request, handoff.lead_id, "accept", error)
    if request.htmx:
        changes = {"accepted": True, "is_gone": True, "can_undo": can_undo}
        return _show_row(request, handoff, changes)
    return done(request, handoff, text, can_undo=can_undo)


def _dim_row(pk: int, error: DomainError) -> HttpResponse:
    """Say in the row of handoff ``pk`` that it is gone (crm/static/crm/app.js).

    The row stays as the page has it: the lead may be out of sight by now, so that no name of it
    may leave the server.
    """
    response = HttpResponse(status=error.status)
    response["HX-Reswap"] = "none"
    gone = {"id": pk, "text": str(error.message)}
    return trigger_client_event(response, "relevo:gone", gone)


def _fetch_to_accept(request: Request, pk: int) -> Handoff:
    """Return the handoff with what an accept needs and its row shows; 404 unless visible."""
    # No step is as frequent: one that waits is read with little. Of others a refusal tells more.
    return to_decide(request.user, pk) or fetch(request, pk)


def fetch_to_decide(request: Request, pk: int, fetch: Callable[[Request, int], Handoff]) -> Handoff:
    """Return the handoff; 404 unless the viewer may see it.

    Raises JustTaken for one that a colleague has just taken from the viewer's queue.
    """
    try:
        return fetch(request, pk)
    except Http404:
        departures.check_not_just_taken(request.user, pk, at=request.now)
        raise


def _show_row(request: Request, handoff: Handoff, changes: dict[str, Any]) -> HttpResponse:
    row = queue_rows(request, [row_of(handoff)], at=request.now)[0]
    row = replace(row, **changes)
    # The page that the row goes into says which columns it has.
    columns = [name for name in request.POST.getlist("column") if name in SCORES]
    rows = with_scores([row], columns)
    html = draw("leads/_queue_row.jinja", request, rows=rows, score_label=score_label(columns))
    return HttpResponse(html)


# -- Reject


@require_http_methods(["GET", "HEAD", "POST"])
def reject(request: Request, pk: int) -> HttpResponse:
    """Reject before contact, with class and reason. GET: the page with the reasons."""
    handoff = fetch_to_decide(request, pk, fetch)
    steps.check(request.user, handoff, permissions.can_decide)
    form = reject_form(handoff, request.POST or None)
    answer, status = decide(request, form, lambda: _reject(request, handoff, form))
    if answer is not None:
        return answer
    return render(
        request, "leads/reject.html", decision_page(request, handoff, form), status=status
    )


def _reject(request: Request, handoff: Handoff, form: RejectForm) -> HttpResponse:
    handoffs.reject(
        handoff,
        form.cleaned_data["reason"],
        comment=form.cleaned_data["comment"],
        by=request.user,
        at=request.now,
    )
    text = _("%(lead)s went back to marketing with your reason.")
    return decided(request, handoff, text)


# -- Shared by the decisions that have a page of their own


def decide(
    request: Request, form: Form, act: Callable[[], HttpResponse]
) -> tuple[HttpResponse | None, int]:
    """Take a decision if its form was sent and is valid.

    Return the answer; or None and the status of the page with the form.
    """
    if request.method != "POST":
        return None, 200
    if not form.is_valid():
        return None, 422
    try:
        return act(), 302
    # A Conflict is a DomainError, too; on the form it would look like wrong input.
    except Conflict:
        raise
    except DomainError as error:
        return None, add_domain_error(form, error)


def decision_page(request: Request, handoff: Handoff, form: Form) -> dict[str, Any]:
    """Return what the page of a decision shows; it leads back to the queue."""
    came = trail(request)
    if not came.is_given:
        came = Trail(QUEUE)
    return {"form": form, "handoff": handoff, "lead": handoff.lead, "trail": came}


def decided(request: Request, handoff: Handoff, text: str) -> HttpResponse:
    """Go back to the list with a message, and a button to undo the decision."""
    add_message(request, handoff, text, can_undo=True)
    came = trail(request)
    return redirect(came.url if came.is_given else "queue")


# -- Undo


@require_POST
def undo(request: Request, pk: int) -> HttpResponse:
    """Take back one's own accept or reject, in place in a row of the queue for htmx."""
    handoff = fetch(request, pk)
    try:
        steps.check(request.user, handoff, permissions.can_undo)
        decisions.undo(handoff, by=request.user, at=request.now)
    except DomainError as error:
        if request.htmx:
            raise
        return show_refused(request, handoff.lead_id, "undo", error)
    if request.htmx:
        return _show_row(request, handoff, {})
    text = _("Undone: %(lead)s waits in the queue again.")
    add_message(request, handoff, text, can_undo=False)
    return redirect("queue")
