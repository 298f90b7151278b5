"""What people record on a lead: valuable actions, evidence, and overrides of a fact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.accounts.request import Request, add_notes
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import events, permissions, steps
from leads.conflicts import MovedOn
from leads.forms.given_facts import FactForm
from leads.forms.lead_fields import LeadFields
from leads.forms.qualification import ActionForm, EvidenceForm, OverrideForm
from leads.models import Lead
from leads.qualification import given_facts, judging, overrides
from leads.records import leads
from leads.states import Stage
from leads.views.lead.page import fetch, show, show_too_late
from leads.views.lead.trail import trail
from leads.views.qualification import choice, show_qualify
from personas.models import PersonaVersion


def _record(
    request: Request,
    lead: Lead,
    name: str,
    form: Form,
    write: Callable[[datetime], object],
) -> HttpResponse:
    """Write the data of the form and redirect; a form with errors returns to its page."""
    now = request.now
    status = 422
    if form.is_valid():
        try:
            write(now)
        except DomainError as error:
            status = add_domain_error(form, error)
            # A fact that a colleague gave meanwhile, say: the page shows the lead as it is now.
            lead = fetch(request, lead.pk)
        else:
            add_notes(request, form)
            came = trail(request)
            if _is_on_qualify(request):
                return redirect(reverse("lead_qualify", args=[lead.pk]) + came.suffix)
            return redirect(came.to_lead(lead.pk))
    # A lead that was handed off while the form was open has no qualify page any more.
    if _is_on_qualify(request) and permissions.can_qualify(request.user, lead):
        return show_qualify(request, lead, at=now, status=status, bound={name: form})
    return show(request, lead, at=now, status=status, bound={name: form})


def _is_on_qualify(request: Request) -> bool:
    """Return whether the form was on the qualify page, else on the lead page."""
    return request.POST.get("from") == "qualify"


@require_POST
def add_action(request: Request, pk: int) -> HttpResponse:
    """Record a valuable action."""
    lead = fetch(request, pk)
    today = events.today(request.now)
    form = ActionForm(request.POST, today=today, auto_id="id_action_%s")
    try:
        steps.check(request.user, lead, *permissions.CHANGE)
    except MovedOn as error:
        return show_too_late(request, lead, "action", form, error)

    was_parked = lead.stage == Stage.RECYCLED

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
        if was_parked:
            _say_if_awake(request, lead)

    return _record(request, lead, "action", form, write)


def _say_if_awake(request: Request, lead: Lead) -> None:
    """Add a message if the action woke the lead; one that it did before it was parked does not."""
    if fetch(request, lead.pk).stage != Stage.RECYCLED:
        text = _("%(lead)s is awake and with marketing, ready to qualify.")
        messages.success(request, text % {"lead": lead})


@require_POST
def add_evidence(request: Request, pk: int, code: str) -> HttpResponse:
    """Record what proves or disproves a criterion of the persona that judges the lead."""
    lead = fetch(request, pk)
    form = EvidenceForm(request.POST, auto_id=f"id_{code}_said_%s")
    try:
        _judging_version(request, lead, code)
    except MovedOn as error:
        return show_too_late(request, lead, code, form, error)

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

    return _record(request, lead, code, form, write)


@require_POST
def give_fact(request: Request, pk: int, code: str) -> HttpResponse:
    """Give the missing field of a criterion, which is its evidence, too."""
    lead = fetch(request, pk)
    version = _judging_version(request, lead, code)
    criterion = next(each for each in version.criteria.all() if each.code == code)
    field = LeadFields(lead).field(criterion.field)
    if field is None:
        raise Http404
    form = FactForm(request.POST, field=field, auto_id=f"id_{code}_%s")

    def write(now: datetime) -> None:
        given_facts.give(
            lead,
            version,
            code,
            form.fact,
            text=form.text,
            source=form.cleaned_data["source"],
            by=request.user,
            at=now,
        )

    return _record(request, lead, code, form, write)


@require_POST
def override(request: Request, pk: int, code: str) -> HttpResponse:
    """Overrule the fact that decided a criterion, with the reason."""
    lead = fetch(request, pk)
    form = OverrideForm(request.POST, auto_id=f"id_{code}_%s")
    try:
        version = _judging_version(request, lead, code)
    except MovedOn as error:
        return show_too_late(request, lead, code, form, error)

    def write(now: datetime) -> None:
        data = form.cleaned_data
        overrides.override(
            lead,
            version,
            code,
            reason=data["reason"],
            source=data["source"],
            by=request.user,
            at=now,
        )

    return _record(request, lead, code, form, write)


def _judging_version(request: Request, lead: Lead, code: str) -> PersonaVersion:
    """Return the persona version that judges the lead.

    403 or 409 unless the viewer may add evidence; 404 where the version has no criterion ``code``.
    """
    user = request.user
    handoff = judging.latest_handoff(user, lead)
    # While sales works on the lead, the version of the hand-off judges it (judging.version_for).
    if steps.check_evidence(user, lead, handoff) == permissions.can_work:
        version = judging.version_for(lead, handoff)
    else:
        version = choice(request, lead).version
    if version is None or not judging.has_criterion(version, code):
        raise Http404
    return version
