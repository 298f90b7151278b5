"""The lead page, gathered in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.accounts.models import User
from crm.accounts.request import Request
from leads import events, permissions
from leads.forms.handoff_steps import forms_for, labelled
from leads.forms.qualification import ActionForm
from leads.handoffs import packages
from leads.models import CustomField, Event, Handoff, Lead, OutcomeReason, ValuableActionKind
from leads.qualification import judging
from leads.qualification.rules import (
    AUTHORITY,
    DISQUALIFIER,
    FIT,
    MEANS,
    SQL_KINDS,
    Assessment,
)
from leads.records import contact_privacy
from leads.states import HandoffState, Stage
from leads.views.lead import clock_panel
from leads.views.lead.criteria import criterion_rows, value_text
from sla.models import PauseReason, RejectionReason

JOURNEY = (
    Stage.CAPTURED,
    Stage.MQL,
    Stage.HANDED_OFF,
    Stage.ACCEPTED,
    Stage.CONTACTED,
    Stage.SQL,
    Stage.WON,
)
ENDED_OTHERWISE = (Stage.LOST, Stage.DISQUALIFIED, Stage.RETURNED)
# Bounds the page; hardly any lead has more events.
TIMELINE = 200
# The payload of an event points to an entry of a catalogue by one of these keys.
CODE_KEYS = ("reason", "action", "pause_reason")
CATALOGUES = (RejectionReason, OutcomeReason, ValuableActionKind, PauseReason)


def fetch(request: Request, pk: int) -> Lead:
    """Return the lead; 404 unless the viewer may see it."""
    rows = Lead.objects.visible_to(request.user).with_names()
    rows = rows.select_related("marketing_team", "first_touch", "qualified_by")
    return get_object_or_404(rows, pk=pk)


@require_safe
def lead_page(request: Request, pk: int) -> HttpResponse:
    """One lead: why it is qualified, its contact data, its history and the next step."""
    return show(request, fetch(request, pk), at=request.now)


def show(
    request: Request, lead: Lead, *, at: datetime, status: int = 200, **bound: Form
) -> HttpResponse:
    """Return the lead page. ``bound``: forms that came back with errors, by their step."""
    request.now = at
    return render(request, "leads/lead.html", _context(request, lead, bound), status=status)


def _context(request: Request, lead: Lead, bound: dict[str, Form]) -> dict[str, Any]:
    user = request.user
    at = request.now
    handoff = judging.latest_handoff(user, lead)
    can_qualify = permissions.can_qualify(user, lead)
    version, assessment, scores = judging.judge_now(
        lead, handoff, today=events.today(at), suggest=can_qualify
    )
    is_judged = handoff is not None or lead.persona_version_id is not None
    hidden = contact_privacy.is_hidden(lead, user)
    rows = partial(criterion_rows, assessment, bound=bound, hidden=hidden)
    abilities = _abilities(user, lead, handoff, assessment)
    may_pause = handoff is not None and permissions.can_pause(user, handoff)
    clock = clock_panel.panel(user, handoff, at=at, may_pause=may_pause)
    forms = _forms(request, lead, handoff, bound)
    return {
        "lead": lead,
        "handoff": handoff,
        "steps": journey_steps(lead),
        "reading": clock and clock.reading,
        "clock": clock,
        "persona": version,
        "is_suggested": version is not None and not is_judged,
        "assessment": assessment,
        "scores": scores,
        "overruled": overruled(handoff),
        "fit": rows(FIT, DISQUALIFIER, editable=can_qualify),
        "proofs": rows(*SQL_KINDS, editable=can_qualify or abilities["work"]),
        "actions": lead.valuable_actions.select_related("kind", "recorded_by"),
        "hidden": hidden,
        "timeline": _with_reasons(timeline_for(user, lead)),
        "attributes": _attributes(lead),
        "forms": forms,
        "labelled_steps": labelled(forms),
        "failed": next(iter(bound), ""),
        "can": abilities,
    }


def _forms(
    request: Request, lead: Lead, handoff: Handoff | None, bound: dict[str, Form]
) -> dict[str, Form]:
    """Return the forms of the steps that the viewer may take; those in ``bound`` with errors."""
    user = request.user
    at = request.now
    currency = request.organisation.currency
    forms = forms_for(user, handoff, currency=currency, at=at)
    if permissions.can_qualify(user, lead) or permissions.can_change(user, lead):
        forms["action"] = ActionForm(today=events.today(at), auto_id="id_action_%s")
    came_back = {name: form for name, form in bound.items() if name in forms}
    return forms | came_back


def _abilities(
    user: User, lead: Lead, handoff: Handoff | None, assessment: Assessment | None
) -> dict[str, bool]:
    """Return what the viewer may do on the page."""
    abilities = {
        "change": permissions.can_change(user, lead),
        "catalogues": permissions.can_edit_catalogues(user),
        "qualify": permissions.can_qualify(user, lead),
        "work": False,
    }
    if handoff is None:
        return abilities
    works = permissions.can_work(user, handoff)
    is_accepted = handoff.state == HandoffState.ACCEPTED
    return abilities | {
        "decide": permissions.can_decide(user, handoff),
        "accept_as_sql": permissions.can_accept_as_sql(user, handoff),
        "requeue": permissions.can_requeue(user, handoff),
        "work": works,
        "sql": works and handoff.state == HandoffState.CONTACTED,
        "sql_from_package": works and is_accepted and _proves_sql(handoff, assessment),
        "open": works and handoff.state == HandoffState.SQL,
    }


def _proves_sql(handoff: Handoff, assessment: Assessment | None) -> bool:
    """Return whether means and authority are proven, in the package and still now."""
    if assessment is None or not handoff.proves_sql:
        return False
    # Evidence that is newer than the package may disprove it.
    return assessment.proves(MEANS) and assessment.proves(AUTHORITY)


# -- The journey


@dataclass(frozen=True)
class JourneyStep:
    """One stage of the stepper. ``state``: done, now, todo or out."""

    label: str
    state: str


def journey_steps(lead: Lead) -> list[JourneyStep]:
    """Return the stages of the usual journey, with those that the lead has reached."""
    steps = [JourneyStep(str(stage.label), _journey_state(lead, stage)) for stage in JOURNEY]
    if lead.stage in ENDED_OTHERWISE:
        steps[-1] = JourneyStep(str(Stage(lead.stage).label), "out")
    elif lead.stage == Stage.OPPORTUNITY:
        # Not in JOURNEY: an opportunity is the last step while it is open.
        steps[-1] = JourneyStep(str(Stage.OPPORTUNITY.label), "now")
    return steps


def _journey_state(lead: Lead, stage: Stage) -> str:
    if lead.stage == stage:
        return "now"
    # Every lead was captured; the other stages have a date where they were reached.
    if stage == Stage.CAPTURED or getattr(lead, f"{stage}_on") is not None:
        return "done"
    return "todo"


# -- The package and the data


def overruled(handoff: Handoff | None) -> list[dict[str, str]]:
    """Return the facts that people overruled at the hand-off.

    Each with the text of its criterion, the reason and the author.
    """
    if handoff is None or not handoff.overrides:
        return []
    criteria = handoff.persona_version.criteria.all()
    texts = {criterion.code: str(criterion) for criterion in criteria}
    texts[packages.SCORE] = _("Minimum score")
    overrides = []
    for override in handoff.package.payload.get("overrides", []):
        code = override["criterion"]
        overrides.append({**override, "text": texts.get(code, code)})
    return overrides


def _attributes(lead: Lead) -> list[tuple[str, Any]]:
    """Return the lead's custom fields as label and value; an unknown field by its code."""
    rows = CustomField.objects.filter(code__in=list(lead.attributes))
    customs = {custom.code: custom for custom in rows}
    attributes = []
    for code, value in lead.attributes.items():
        custom = customs.get(code)
        label = code.replace("_", " ")
        text = value_text(value)
        if custom is not None:
            label = str(custom)
            if custom.choices:
                text = dict(custom.form_choices()).get(value, text)
        attributes.append((label, text))
    return attributes


# -- The timeline


def timeline_for(user: User, lead: Lead) -> list[Event]:
    """Return the events that ``user`` may read, the newest first.

    Events of handoffs that they may not see stay out.
    """
    rows = Event.objects.filter(lead=lead).select_related("actor").order_by("-id")
    if not user.is_director:
        handoffs = Handoff.objects.visible_to(user).filter(lead=lead)
        visible = list(handoffs.values_list("pk", flat=True))
        # Events without a handoff belong to the lead, which the viewer sees.
        rows = rows.filter(handoff__isnull=True) | rows.filter(handoff__in=visible)
    timeline = list(rows[:TIMELINE])
    if contact_privacy.is_hidden(lead, user):
        # Only in memory: events are never changed, and these objects are not saved.
        for event in timeline:
            event.payload = contact_privacy.masked(event.payload)
    return timeline


def _with_reasons(rows: list[Event]) -> list[tuple[Event, str]]:
    """Return each event with the name of the catalogue entry that its payload points to."""
    codes = [_code_of(row) for row in rows]
    names: dict[str, str] = {}
    wanted = set(codes) - {""}
    if wanted:
        for model in CATALOGUES:
            entries = model._default_manager.filter(code__in=wanted)
            names |= {entry.code: str(entry) for entry in entries}
    timeline = []
    for row, code in zip(rows, codes, strict=True):
        timeline.append((row, names.get(code, "")))
    return timeline


def _code_of(event: Event) -> str:
    for key in CODE_KEYS:
        code = event.payload.get(key)
        if code:
            return code
    return ""
