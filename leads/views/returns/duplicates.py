"""The page on which a rep, or marketing, says of which lead another one is a duplicate."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.accounts.request import Request
from leads import permissions, steps
from leads.forms.returns.duplicates import DuplicateForm
from leads.models import Handoff, Lead
from leads.records import search
from leads.returns import duplicates
from leads.views.handoffs import decide, decided, decision_page, done, fetch, fetch_to_decide
from leads.views.lead.trail import trail

Act = Callable[[Request, Handoff, DuplicateForm], HttpResponse]


@require_http_methods(["GET", "HEAD", "POST"])
def duplicate(request: Request, pk: int) -> HttpResponse:
    """Say that a pending handoff is a duplicate, in the queue. GET: the page."""
    handoff = fetch_to_decide(request, pk, fetch)
    steps.check(request.user, handoff, permissions.can_decide)
    return _answer(request, handoff, _mark, is_linked=False)


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: Request, pk: int) -> HttpResponse:
    """Link a lead that sales sent back with its original, for marketing. GET: the page."""
    handoff = fetch(request, pk)
    steps.check(request.user, handoff, permissions.can_answer_return)
    return _answer(request, handoff, _link, is_linked=True)


def _answer(request: Request, handoff: Handoff, act: Act, *, is_linked: bool) -> HttpResponse:
    form = _form(request, is_linked=is_linked)
    answer, status = None, 200
    if form.is_bound:
        answer, status = decide(request, form, lambda: act(request, handoff, form))
    if answer is not None:
        return answer
    context = decision_page(request, handoff, form)
    came = context["trail"]
    context |= {"back": came.url, "back_label": came.label}
    if is_linked:
        # Marketing comes from the lead, and has no queue.
        lead = handoff.lead
        context |= {"back": trail(request).to_lead(lead.pk), "back_label": str(lead)}
    context["offered"] = _offered(request, handoff.lead)
    return render(request, "leads/duplicate.html", context, status=status)


def _form(request: Request, *, is_linked: bool) -> DuplicateForm:
    """Return the form: bound if it was sent to decide, and not to search."""
    data, typed = None, None
    # The button "Search" sends what was typed, too, so that nothing is lost.
    if "search" in request.POST:
        typed = request.POST.dict()
    elif request.method == "POST":
        data = request.POST
    return DuplicateForm(
        data,
        initial=typed,
        sight=request.user,
        is_linked=is_linked,
        auto_id="id_duplicate_%s",
    )


def _offered(request: Request, lead: Lead) -> list[Lead]:
    """Return the leads to pick from: those that match the search, else those that are alike."""
    query = request.POST.get("q", "").strip()
    if not query:
        return duplicates.alike(lead, request.user)
    hits, _more = search.find(request.user, query)
    return [hit.lead for hit in hits if hit.lead.pk != lead.pk]


def _mark(request: Request, handoff: Handoff, form: DuplicateForm) -> HttpResponse:
    duplicates.mark(
        handoff,
        form.cleaned_data["original"],
        comment=form.cleaned_data["comment"],
        by=request.user,
        at=request.now,
    )
    original = form.cleaned_data["original"]
    if original is None:
        text = _("%(lead)s went back to marketing, which finds the other lead.")
    else:
        text = _closed(original)
    return decided(request, handoff, text)


def _closed(original: Lead) -> str:
    """Return the message, into which add_message puts the lead itself."""
    text = _("%(lead)s is closed: what it did counts for %(original)s now.")
    return text.replace("%(original)s", str(original).replace("%", "%%"))


def _link(request: Request, handoff: Handoff, form: DuplicateForm) -> HttpResponse:
    duplicates.link(handoff, form.cleaned_data["original"], by=request.user, at=request.now)
    return done(request, handoff, _closed(form.cleaned_data["original"]))
