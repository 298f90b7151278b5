"""The qualify page: the persona, each criterion with its evidence, scores, and the hand-off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.accounts.models import User
from crm.accounts.request import Request
from crm.lib.db import returning
from crm.lib.db.kept_sql import KeptSql
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.templatetags.jinja import respond
from leads import events, handoffs, permissions, steps
from leads.conflicts import MovedOn
from leads.forms.handoffs import HandOffForm
from leads.forms.qualification import empty_action_form
from leads.models import Lead
from leads.qualification import facts, judging, persona_match
from leads.qualification.facts import Record
from leads.qualification.persona_match import Match
from leads.qualification.rules import DISQUALIFIER, FIT, SQL_KINDS, Assessment, MqlTerms
from leads.qualification.scores import DoneAction, Scores
from leads.records import fields
from leads.returns import cases, fixes
from leads.views.lead.before_call import refusals_of, woken_of
from leads.views.lead.criteria import criterion_rows
from leads.views.lead.page import fetch, show_too_late
from leads.views.lead.sent_back import changed_lines
from leads.views.lead.timeline import events_for
from leads.views.lead.trail import trail
from personas.models import PersonaVersion
from sla.agreements import offers
from sla.agreements.offers import Offer

# -- The persona


@dataclass(frozen=True)
class Choice:
    """The persona that the page judges by, of all ``matches``, the best first."""

    match: Match | None
    matches: list[Match]
    terms: MqlTerms

    @property
    def version(self) -> PersonaVersion | None:
        if self.match is None:
            return None
        return self.match.version

    @property
    def assessment(self) -> Assessment | None:
        if self.match is None:
            return None
        return self.match.assessment

    @property
    def is_best(self) -> bool:
        return bool(self.matches) and self.match is self.matches[0]


def choice(request: Request, lead: Lead, record: Record | None = None) -> Choice:
    """Return the persona in use that the address asks for, else the usual one; 404 for others.

    ``record``: that of the lead, where the caller has read it.
    """
    terms = facts.terms_in_force()
    matches = persona_match.matches(lead, terms, record)
    asked = _asked(request)
    if not asked:
        return Choice(persona_match.usual(lead, matches), matches, terms)
    for match in matches:
        if str(match.version.pk) == asked:
            return Choice(match, matches, terms)
    # Not a version in use: its assessment must not be shown, and nothing is qualified by it.
    raise Http404


def _asked(request: Request) -> str:
    return request.POST.get("persona") or request.GET.get("persona") or ""


def _asked_version(request: Request) -> PersonaVersion | None:
    """Return what :func:`choice` does for a step: the version that is asked for, unjudged.

    None where the address asks for no persona: the step then takes the usual one.
    """
    asked = _asked(request)
    if not asked:
        return None
    for version in persona_match.in_use(facts.terms_in_force()):
        if str(version.pk) == asked:
            return version
    raise Http404


# -- The page


@require_safe
def qualify(request: Request, pk: int) -> HttpResponse:
    """Each criterion with its evidence, the valuable actions, the package, and the hand-off."""
    lead = fetch(request, pk)
    steps.check(request.user, lead, permissions.can_qualify)
    return show_qualify(request, lead, at=request.now)


def show_qualify(
    request: Request,
    lead: Lead,
    *,
    at: datetime,
    status: int = 200,
    bound: dict[str, Any] | None = None,
    refused: str = "",
) -> HttpResponse:
    """Return the qualify page.

    ``bound``: forms that came back with errors: "hand_off", "action" or the code of a criterion.
    ``refused``: why a step without a form was refused.
    """
    request.now = at
    bound = bound or {}
    actions = facts.action_rows(lead)
    done = [facts.done_action(action) for action in actions]
    record = Record(done, facts.proofs_of(lead))
    chosen = choice(request, lead, record)
    context = _judgement_context(lead, chosen, done, bound, at=at)
    context |= _hand_off_context(lead, chosen.assessment, context["scores"], at=at)
    context |= _history_context(request, lead)
    context |= _changes_context(lead, record, chosen.assessment)
    context |= {
        "lead": lead,
        "trail": trail(request),
        "actions": actions,
        "is_with_arbiter": cases.is_with_arbiter(lead),
        "form": _hand_off_form(bound, asks_why=context["unchanged"]),
        "failed": next(iter(bound), ""),
        "refused": refused,
    }
    return respond(request, "leads/qualify.jinja", context, status=status)


def _hand_off_form(bound: dict[str, Any], *, asks_why: bool) -> HandOffForm:
    """Return the form. ``asks_why``: an unchanged lead needs a reason, which is no option then."""
    form = bound.get("hand_off") or HandOffForm()
    form.fields["unchanged_reason"].required = asks_why
    return form


def _changes_context(lead: Lead, record: Record, assessment: Assessment | None) -> dict[str, Any]:
    """Return what changed since sales sent the lead back, and whether a hand-off asks why not."""
    changes = fixes.changes(lead, record, assessment) if assessment is not None else None
    return {
        "changed": changed_lines(changes, assessment),
        "unchanged": changes is not None and not changes,
    }


def _history_context(request: Request, lead: Lead) -> dict[str, Any]:
    """Return who did not take the lead before, and why it was recycled: by that it is mended."""
    if lead.handed_off_on is None:
        return {"refusals": [], "woken": None}
    seen = judging.handoffs_of(request.user, lead)
    rows = events_for(request.user, lead, seen)
    return {"refusals": refusals_of(lead, rows), "woken": woken_of(lead, rows)}


def _judgement_context(
    lead: Lead,
    chosen: Choice,
    actions: list[DoneAction],
    bound: dict[str, Any],
    *,
    at: datetime,
) -> dict[str, Any]:
    today = events.today(at)
    assessment = chosen.assessment
    scores = None
    if assessment is not None:
        scores = facts.score_on(assessment, actions, chosen.terms, on=today)
    action_form = bound.get("action")
    if action_form is None:
        action_form = empty_action_form(today)
    rows = partial(
        criterion_rows,
        lead,
        assessment,
        customs=fields.custom_fields(),
        bound=bound,
        editable=True,
    )
    return {
        "persona": chosen.version,
        "choice": chosen,
        "assessment": assessment,
        "scores": scores,
        "fit": rows(FIT, DISQUALIFIER),
        "proofs": rows(*SQL_KINDS),
        "action_form": action_form,
    }


# -- The hand-off


def _hand_off_context(
    lead: Lead, assessment: Assessment | None, scores: Scores | None, *, at: datetime
) -> dict[str, Any]:
    team_offers = offers.of_sales_teams({"source": _source_code(lead)}, at=at)
    missing: dict[str, str] = {}
    for offer in team_offers:
        missing |= fields.labels(facts.missing_fields(lead, offer.version.package_fields))
    is_mql = assessment is not None and assessment.is_mql
    return {
        "terms": team_offers,
        "low": _above_score(team_offers, scores),
        "missing": list(missing.values()),
        "ready": is_mql and bool(team_offers) and not missing,
    }


def _source_code(lead: Lead) -> str | None:
    if lead.source is None:
        return None
    return lead.source.code


def _above_score(team_offers: list[Offer], scores: Scores | None) -> list[Offer]:
    """Return the offers that ask for a higher fit score than the lead has."""
    if scores is None:
        return []
    total = scores.fit.total
    return [offer for offer in team_offers if offer.minimum is not None and total < offer.minimum]


@require_POST
def mark_mql(request: Request, pk: int) -> HttpResponse:
    """Record that the lead is an MQL without a hand-off."""
    lead = fetch(request, pk)
    steps.check(request.user, lead, permissions.can_qualify)
    version = choice(request, lead).version
    if version is None:
        raise Http404
    now = request.now
    try:
        handoffs.qualify(lead, version, by=request.user, at=now)
    except DomainError as error:
        message = str(error.message)
        return show_qualify(request, lead, at=now, status=error.status, refused=message)
    messages.success(request, _("%(lead)s is an MQL.") % {"lead": lead})
    return redirect(trail(request).to_lead(pk))


@require_POST
def hand_off(request: Request, pk: int) -> HttpResponse:
    """Hand the lead off to a sales team's queue."""
    lead = _fetch_to_hand_off(request, pk)
    form = HandOffForm(request.POST)
    try:
        steps.check(request.user, lead, permissions.can_hand_off)
    except MovedOn as error:
        return show_too_late(request, fetch(request, pk), "hand_off", form, error)
    version = _asked_version(request)
    status = 422
    if form.is_valid():
        try:
            return _hand_off(request, lead, version, form)
        except DomainError as error:
            status = add_domain_error(form, error)
    lead = fetch(request, pk)
    return show_qualify(request, lead, at=request.now, status=status, bound={"hand_off": form})


def _fetch_to_hand_off(request: Request, pk: int) -> Lead:
    """Return the lead with what is checked before its row is locked; 404 unless visible."""
    for values in TO_HAND_OFF.rows(user=request.user, pk=pk):
        return returning.from_paths(Lead, CHECKED, values)
    raise Http404


# The columns of a lead that its step is checked by.
CHECKED = ("id", "stage", "archived_at", "marketing_team_id")


def _to_hand_off(*, user: User, pk: int) -> QuerySet[Any]:
    return Lead.objects.visible_to(user).filter(pk=pk).values_list(*CHECKED)


TO_HAND_OFF = KeptSql(_to_hand_off)


def _hand_off(
    request: Request, lead: Lead, version: PersonaVersion | None, form: HandOffForm
) -> HttpResponse:
    data = form.cleaned_data
    handoff = handoffs.hand_off(
        lead,
        team=data["team"],
        persona_version=version,
        note=data["note"],
        score_reason=data["score_reason"],
        unchanged_reason=data["unchanged_reason"],
        by=request.user,
        at=request.now,
    )
    text = _("%(lead)s is in the queue of %(team)s. The clock is running.")
    messages.success(request, text % {"lead": handoff.lead, "team": handoff.team})
    return redirect(trail(request).to_lead(lead.pk))
