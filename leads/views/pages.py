"""Pages of one lead: the lead itself, new, edit, qualify, and what is noted on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.models import Team
from crm.accounts.request import Request
from crm.accounts.states import Side
from crm.lib.errors import DomainError
from leads import events, facts, handoffs, leads, permissions
from leads.forms import ActionForm, EvidenceForm, HandOffForm, LeadForm, sales_teams
from leads.models import Lead
from leads.qualification import AUTHORITY, DISQUALIFIER, FIT, MEANS
from leads.views import lead_context
from personas import catalogue
from personas.models import PersonaVersion
from sla import agreements, worktime


def fetch(request: Request, pk: int) -> Lead:
    """The lead, if the viewer may see it; 404 else."""
    return get_object_or_404(
        Lead.objects.visible_to(request.user)
        .with_names()
        .select_related("marketing_team", "first_touch", "qualified_by"),
        pk=pk,
    )


def show(request: Request, lead: Lead, *, at: datetime, status: int = 200, **bound: Form) -> HttpResponse:
    """The lead page; ``bound``: the form of a step that came back with errors."""
    context = lead_context.context(request, lead, at=at, bound=bound)
    return render(request, "leads/lead.html", context, status=status)


def refuse(form: Form, error: DomainError) -> int:
    """Put the words of ``error`` on the fields of ``form`` that it names, else on the form; returns the status."""
    named = {name: text for name, text in error.fields.items() if name in form.fields}
    for name, text in named.items():
        form.add_error(name, str(text))
    if not named:
        form.add_error(None, str(error.message))
    return error.status


@require_safe
def lead_page(request: Request, pk: int) -> HttpResponse:
    """One lead: why it is qualified, how to reach it, what happened, the one next step."""
    return show(request, fetch(request, pk), at=request.now)


def marketing_team(request: Request) -> Team | None:
    """The marketing team for which the person logs: the first one they belong to."""
    return Team.objects.filter(pk__in=request.user.team_ids(Side.MARKETING)).first()


@require_http_methods(["GET", "HEAD", "POST"])
def lead_new(request: Request) -> HttpResponse:
    """Quick log of a lead by hand."""
    if not permissions.can_log(request.user):
        raise PermissionDenied
    form = LeadForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.data_for_lead()
        try:
            lead = leads.capture(
                data,
                by=request.user,
                at=request.now,
                team=marketing_team(request),
                source=data["source"],
                first_action=form.cleaned_data.get("first_action"),
            )
        except DomainError as error:
            return render(request, "leads/lead_form.html", {"form": form}, status=refuse(form, error))
        messages.success(request, _("%(lead)s is logged.") % {"lead": lead})
        again = "again" in request.POST
        return redirect("lead_new") if again else redirect("lead_qualify", pk=lead.pk)
    return render(request, "leads/lead_form.html", {"form": form}, status=422 if form.errors else 200)


def chosen_version(request: Request, lead: Lead) -> tuple[PersonaVersion | None, list[PersonaVersion]]:
    """The persona that judges on the qualify page: the one asked for, else the lead's, else the first in use."""
    versions = catalogue.published()
    asked = request.POST.get("persona") or request.GET.get("persona") or ""
    if asked:
        found = next((v for v in versions if str(v.pk) == asked), None)
        if found is None:
            raise Http404
        return found, versions
    return facts.usual_version(lead, versions), versions


@require_safe
def qualify(request: Request, pk: int) -> HttpResponse:
    """Each criterion with its evidence, the valuable actions, the package, and the hand-off."""
    lead = fetch(request, pk)
    if not permissions.can_qualify(request.user, lead):
        raise PermissionDenied
    return show_qualify(request, lead, at=request.now)


def show_qualify(
    request: Request, lead: Lead, *, at: datetime, status: int = 200, bound: dict[str, Any] | None = None
) -> HttpResponse:
    """The qualify page. ``bound``: forms that came back with errors (hand_off, action, or a criterion's code)."""
    request.now, bound = at, bound or {}
    version, versions = chosen_version(request, lead)
    assessment = facts.assess(lead, version) if version else None
    team_form = bound.get("hand_off") or HandOffForm()
    teams = list(sales_teams())
    terms, missing = _terms(lead, teams, at)
    checks = lead_context.checks
    context = {
        "lead": lead,
        "persona": version,
        "personas": versions,
        "assessment": assessment,
        "fit": checks(assessment, FIT, DISQUALIFIER, bound=bound, editable=True) if assessment else [],
        "proofs": checks(assessment, MEANS, AUTHORITY, bound=bound, editable=True) if assessment else [],
        "actions": lead.valuable_actions.select_related("kind", "recorded_by"),
        "action_form": bound.get("action") or ActionForm(today=events.today(at), auto_id="id_action_%s"),
        "form": team_form,
        "terms": terms,
        "missing": missing,
        "ready": bool(assessment and assessment.is_mql and not missing and terms),
        "failed": next(iter(bound), ""),
    }
    return render(request, "leads/qualify.html", context, status=status)


def _terms(lead: Lead, teams: list[Team], at: datetime) -> tuple[list[tuple[Team, datetime | None]], list[str]]:
    """For each sales team when it would have to decide, and the package fields that are missing."""
    found: list[tuple[Team, datetime | None]] = []
    missing: dict[str, str] = {}
    for team in teams:
        try:
            version = agreements.in_force(team)
        except agreements.NoAgreement:
            continue
        policy = agreements.policy(version, team, facts={"source": lead.source.code if lead.source else None})
        found.append((team, _due(policy, at)))
        missing |= facts.labels(facts.missing(lead, version.package_fields))
    return found, list(missing.values())


def _due(policy: dict[str, Any], at: datetime) -> datetime | None:
    terms = policy["clocks"].get("accept")
    if terms is None:
        return None
    calendar = worktime.WorkCalendar.from_json(policy["calendar"])
    return worktime.add(calendar, at, timedelta(seconds=terms["limit_seconds"]))


@require_POST
def mark_mql(request: Request, pk: int) -> HttpResponse:
    """Record that the lead is an MQL without handing it off yet."""
    lead = fetch(request, pk)
    if not permissions.can_qualify(request.user, lead):
        raise PermissionDenied
    version, _versions = chosen_version(request, lead)
    if version is None:
        raise Http404
    handoffs.qualify(lead, version, by=request.user, at=request.now)
    messages.success(request, _("%(lead)s is an MQL.") % {"lead": lead})
    return redirect("lead", pk=pk)


@require_POST
def hand_off(request: Request, pk: int) -> HttpResponse:
    """Hand the lead off to a sales team's queue."""
    lead = fetch(request, pk)
    if not permissions.can_hand_off(request.user, lead):
        raise PermissionDenied
    form, now, status = HandOffForm(request.POST), request.now, 422
    version, _versions = chosen_version(request, lead)
    if form.is_valid() and version is not None:
        try:
            handoff = handoffs.hand_off(
                lead,
                team=form.cleaned_data["team"],
                persona_version=version,
                by=request.user,
                at=now,
                note=form.cleaned_data["note"],
            )
        except DomainError as error:
            status = refuse(form, error)
        else:
            words = {"lead": lead, "team": handoff.team}
            messages.success(request, _("%(lead)s is in the queue of %(team)s. The clock is running.") % words)
            return redirect("lead", pk=pk)
    return show_qualify(request, lead, at=now, status=status, bound={"hand_off": form})


def _back(request: Request, lead: Lead) -> HttpResponse:
    """To the page that the note was written on."""
    return redirect("lead_qualify" if request.POST.get("from") == "qualify" else "lead", pk=lead.pk)


def _again(request: Request, lead: Lead, name: str, form: Form, status: int, at: datetime) -> HttpResponse:
    """The page that the note was written on, with the form that came back."""
    if request.POST.get("from") == "qualify":
        return show_qualify(request, lead, at=at, status=status, bound={name: form})
    return show(request, lead, at=at, status=status, **{name: form})


def _note(request: Request, lead: Lead, name: str, form: Form, write: Callable[[datetime], Any]) -> HttpResponse:
    """Validate ``form``, ``write``, and go back; anything wrong comes back on the same page."""
    now, status = request.now, 422
    if form.is_valid():
        try:
            write(now)
        except DomainError as error:
            status = refuse(form, error)
        else:
            return _back(request, lead)
    return _again(request, lead, name, form, status, now)


@require_POST
def add_action(request: Request, pk: int) -> HttpResponse:
    """Note a valuable action."""
    lead = fetch(request, pk)
    if not permissions.can_change(request.user, lead):
        raise PermissionDenied
    form = ActionForm(request.POST, today=events.today(request.now), auto_id="id_action_%s")

    def write(now: datetime) -> None:
        data = form.cleaned_data
        leads.add_action(
            lead, data["kind"], occurred_on=data["occurred_on"], note=data["note"], by=request.user, at=now
        )

    return _note(request, lead, "action", form, write)


@require_POST
def add_evidence(request: Request, pk: int, code: str) -> HttpResponse:
    """Note what proves or disproves a criterion of the persona that judges the lead."""
    lead = fetch(request, pk)
    handoff = lead_context.latest_handoff(request.user, lead)
    works = handoff is not None and permissions.can_work(request.user, handoff)
    if not (works or permissions.can_qualify(request.user, lead)):
        raise PermissionDenied
    version = lead_context.version_for(lead, handoff) if works else chosen_version(request, lead)[0]
    if version is None or code not in {criterion.code for criterion in version.criteria.all()}:
        raise Http404
    form = EvidenceForm(request.POST, auto_id=f"id_{code}_%s")

    def write(now: datetime) -> None:
        data = form.cleaned_data
        leads.add_evidence(
            lead, code, data["verdict"], value=data["value"], source=data["source"], by=request.user, at=now
        )

    return _note(request, lead, code, form, write)
