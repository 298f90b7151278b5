"""What people note on a lead: valuable actions, evidence, and that they know better than a fact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from crm.accounts.request import Request, deny_unless
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import events, permissions
from leads.forms.qualification import ActionForm, EvidenceForm, OverrideForm
from leads.models import Lead
from leads.qualification import judging, overrides
from leads.records import leads
from leads.views.lead_page import fetch, show
from leads.views.qualification import choice, show_qualify
from personas.models import PersonaVersion


def _back(request: Request, lead: Lead) -> HttpResponse:
    """To the page that the note was written on."""
    return redirect("lead_qualify" if request.POST.get("from") == "qualify" else "lead", pk=lead.pk)


def _again(
    request: Request, lead: Lead, name: str, form: Form, status: int, at: datetime
) -> HttpResponse:
    """The page that the note was written on, with the form that came back."""
    if request.POST.get("from") == "qualify" and permissions.can_qualify(request.user, lead):
        return show_qualify(request, lead, at=at, status=status, bound={name: form})
    return show(request, lead, at=at, status=status, **{name: form})


def _note(
    request: Request, lead: Lead, name: str, form: Form, write: Callable[[datetime], Any]
) -> HttpResponse:
    """Validate ``form``, ``write``, and go back; anything wrong comes back on the same page."""
    now, status = request.now, 422
    if form.is_valid():
        try:
            write(now)
        except DomainError as error:
            status = add_domain_error(form, error)
        else:
            return _back(request, lead)
    return _again(request, lead, name, form, status, now)


@require_POST
def add_action(request: Request, pk: int) -> HttpResponse:
    """Note a valuable action."""
    lead = fetch(request, pk)
    deny_unless(permissions.can_change(request.user, lead))
    form = ActionForm(request.POST, today=events.today(request.now), auto_id="id_action_%s")

    def write(now: datetime) -> None:
        data = form.cleaned_data
        leads.add_action(
            lead,
            data["kind"],
            occurred_on=data["occurred_on"],
            note=data["note"],
            by=request.user,
            at=now,
        )

    return _note(request, lead, "action", form, write)


def _judging(request: Request, lead: Lead, code: str) -> PersonaVersion:
    """The persona version that judges the lead, if it has the criterion ``code``; 403 and
    404 else.
    """
    handoff = judging.latest_handoff(request.user, lead)
    works = handoff is not None and permissions.can_work(request.user, handoff)
    deny_unless(works or permissions.can_qualify(request.user, lead))
    version = judging.version_for(lead, handoff) if works else choice(request, lead).version
    if version is None or not judging.has_criterion(version, code):
        raise Http404
    return version


@require_POST
def add_evidence(request: Request, pk: int, code: str) -> HttpResponse:
    """Note what proves or disproves a criterion of the persona that judges the lead."""
    lead = fetch(request, pk)
    _judging(request, lead, code)
    form = EvidenceForm(request.POST, auto_id=f"id_{code}_%s")

    def write(now: datetime) -> None:
        data = form.cleaned_data
        leads.add_evidence(
            lead,
            code,
            data["verdict"],
            value=data["value"],
            source=data["source"],
            by=request.user,
            at=now,
        )

    return _note(request, lead, code, form, write)


@require_POST
def override(request: Request, pk: int, code: str) -> HttpResponse:
    """Know better than the fact that decided a criterion, with the reason."""
    lead = fetch(request, pk)
    version = _judging(request, lead, code)
    form = OverrideForm(request.POST, auto_id=f"id_{code}_%s")

    def write(now: datetime) -> None:
        data = form.cleaned_data
        words = {"reason": data["reason"], "source": data["source"]}
        overrides.override(lead, version, code, **words, by=request.user, at=now)

    return _note(request, lead, code, form, write)
