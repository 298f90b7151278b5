"""The qualify page: which persona, each criterion with its evidence, the scores, and the
hand-off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.accounts.models import Team
from crm.accounts.request import Request, deny_unless
from crm.accounts.teams import sales_teams
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import events, handoffs, permissions
from leads.forms.handoffs import HandOffForm
from leads.forms.qualification import ActionForm
from leads.models import Lead
from leads.qualification import facts, persona_match
from leads.qualification.persona_match import Match
from leads.qualification.rules import DISQUALIFIER, FIT, SQL_KINDS, Terms
from leads.records.fields import labels as field_labels
from leads.views.criteria import criterion_rows
from leads.views.lead_page import fetch
from personas.models import PersonaVersion
from sla.agreements import agreements, policies
from sla.worktime import arithmetic
from sla.worktime.calendar import WorkCalendar


@dataclass(frozen=True)
class Choice:
    """By which persona the page judges: the one asked for, else the usual one; ``matches``: all,
    the best first.
    """

    match: Match | None
    matches: list[Match]
    terms: Terms

    @property
    def version(self) -> PersonaVersion | None:
        return self.match.version if self.match else None

    @property
    def is_best(self) -> bool:
        return bool(self.matches) and self.match is self.matches[0]


def choice(request: Request, lead: Lead) -> Choice:
    """The personas in use as they fit the lead, and the chosen one; 404 where the address asks for
    another.
    """
    terms = facts.terms_in_force()
    found = persona_match.matches(lead, terms)
    asked = request.POST.get("persona") or request.GET.get("persona") or ""
    if not asked:
        return Choice(persona_match.usual(lead, found), found, terms)
    match = next((each for each in found if str(each.version.pk) == asked), None)
    if match is None:
        raise Http404
    return Choice(match, found, terms)


@require_safe
def qualify(request: Request, pk: int) -> HttpResponse:
    """Each criterion with its evidence, the valuable actions, the package, and the hand-off."""
    lead = fetch(request, pk)
    deny_unless(permissions.can_qualify(request.user, lead))
    return show_qualify(request, lead, at=request.now)


def show_qualify(
    request: Request,
    lead: Lead,
    *,
    at: datetime,
    status: int = 200,
    bound: dict[str, Any] | None = None,
) -> HttpResponse:
    """The qualify page. ``bound``: forms that came back with errors (hand_off, action, or a
    criterion's code).
    """
    request.now, bound = at, bound or {}
    chosen, today = choice(request, lead), events.today(at)
    assessment = chosen.match.assessment if chosen.match else None
    offers, missing = _offers(lead, at)
    scores = (
        facts.score(assessment, facts.done(lead), chosen.terms, on=today) if assessment else None
    )
    form = bound.get("hand_off") or HandOffForm()
    context = {
        "lead": lead,
        "persona": chosen.version,
        "choice": chosen,
        "assessment": assessment,
        "scores": scores,
        "fit": (
            criterion_rows(assessment, FIT, DISQUALIFIER, bound=bound, editable=True)
            if assessment
            else []
        ),
        "proofs": criterion_rows(assessment, *SQL_KINDS, bound=bound, editable=True)
        if assessment
        else [],
        "actions": lead.valuable_actions.select_related("kind", "recorded_by"),
        "action_form": bound.get("action") or ActionForm(today=today, auto_id="id_action_%s"),
        "form": form,
        "terms": offers,
        "low": [
            offer
            for offer in offers
            if scores and offer.minimum is not None and scores.fit.total < offer.minimum
        ],
        "missing": missing,
        "ready": bool(assessment and assessment.is_mql and not missing and offers),
        "failed": next(iter(bound), ""),
    }
    return render(request, "leads/qualify.html", context, status=status)


@dataclass(frozen=True)
class Offer:
    """A sales team that the lead may go to: when it would have to decide, and the fit score that
    its agreement asks.
    """

    team: Team
    due: datetime | None
    minimum: int | None


def _offers(lead: Lead, at: datetime) -> tuple[list[Offer], list[str]]:
    """Each sales team with an agreement in force, and the package fields that are missing."""
    found: list[Offer] = []
    missing: dict[str, str] = {}
    for team in sales_teams():
        try:
            version = agreements.in_force(team)
        except agreements.NoAgreement:
            continue
        policy = policies.policy_for(
            version, team, facts={"source": lead.source.code if lead.source else None}
        )
        found.append(Offer(team, _due(policy, at), version.minimum_score))
        missing |= field_labels(facts.missing(lead, version.package_fields))
    return found, list(missing.values())


def _due(policy: dict[str, Any], at: datetime) -> datetime | None:
    terms = policy["clocks"].get("accept")
    if terms is None:
        return None
    calendar = WorkCalendar.from_json(policy["calendar"])
    return arithmetic.add(calendar, at, timedelta(seconds=terms["limit_seconds"]))


@require_POST
def mark_mql(request: Request, pk: int) -> HttpResponse:
    """Record that the lead is an MQL without handing it off yet."""
    lead = fetch(request, pk)
    deny_unless(permissions.can_qualify(request.user, lead))
    version = choice(request, lead).version
    if version is None:
        raise Http404
    handoffs.qualify(lead, version, by=request.user, at=request.now)
    messages.success(request, _("%(lead)s is an MQL.") % {"lead": lead})
    return redirect("lead", pk=pk)


@require_POST
def hand_off(request: Request, pk: int) -> HttpResponse:
    """Hand the lead off to a sales team's queue."""
    lead = fetch(request, pk)
    deny_unless(permissions.can_hand_off(request.user, lead))
    form, now, status = HandOffForm(request.POST), request.now, 422
    version = choice(request, lead).version
    if form.is_valid() and version is not None:
        data = form.cleaned_data
        words = {"note": data["note"], "score_reason": data["score_reason"]}
        try:
            handoff = handoffs.hand_off(
                lead, team=data["team"], persona_version=version, by=request.user, at=now, **words
            )
        except DomainError as error:
            status = add_domain_error(form, error)
        else:
            said = {"lead": lead, "team": handoff.team}
            messages.success(
                request, _("%(lead)s is in the queue of %(team)s. The clock is running.") % said
            )
            return redirect("lead", pk=pk)
    return show_qualify(request, lead, at=now, status=status, bound={"hand_off": form})
