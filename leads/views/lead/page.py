"""The lead page, gathered in a constant number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.accounts.models import User
from crm.accounts.request import Request
from crm.lib.db.kept_sql import KeptSql
from crm.lib.errors import DomainError
from crm.lib.forms import EmptyForm, PageForm, add_domain_error
from crm.templatetags.jinja import respond
from leads import events, permissions
from leads.follow_up import templates
from leads.forms.follow_up import ConsentForm, NextStepForm
from leads.forms.handoff_steps import forms_for, labelled
from leads.forms.notes import LeadNoteForm
from leads.forms.qualification import empty_action_form
from leads.forms.returns.assignment import answerer_form
from leads.handoffs import packages
from leads.journey import Journey, journey
from leads.models import CustomField, Handoff, Lead, ValuableAction
from leads.qualification import facts, judging
from leads.qualification.rules import (
    AUTHORITY,
    DISQUALIFIER,
    FIT,
    MEANS,
    SQL_KINDS,
    Assessment,
)
from leads.records import contact_privacy, fields
from leads.returns import cases, recycling
from leads.states import MILESTONES, QUALIFIED_IN, HandoffState, Stage, Truth
from leads.views.lead import clock_panel, follow_up
from leads.views.lead.before_call import before_call
from leads.views.lead.criteria import criterion_rows, forms_of
from leads.views.lead.data import data_rows
from leads.views.lead.neighbours import neighbours
from leads.views.lead.sent_back import sent_back
from leads.views.lead.timeline import events_for, timeline
from leads.views.lead.trail import trail
from sla.states import ClockStatus


@dataclass(frozen=True)
class RefusedStep:
    """A step without a form that was refused. ``fields``: what the refusal is about."""

    name: str
    message: str
    fields: Mapping[str, object]


def fetch(request: Request, pk: int) -> Lead:
    """Return the lead; 404 unless the viewer may see it."""
    lead: Lead | None = VISIBLE.first(viewer=request.user, pk=pk)
    if lead is None:
        raise Http404
    return lead


def _visible(viewer: User, pk: int) -> QuerySet[Lead]:
    rows = Lead.objects.one_visible_to(viewer, pk)
    # No further names: PostgreSQL would plan the joins for longer than it reads the rows.
    return rows.select_related("person", "company", "source", "marketing_team", "first_touch")


VISIBLE = KeptSql(_visible)


@require_safe
def lead_page(request: Request, pk: int) -> HttpResponse:
    """One lead: what to know before the call, the next step, proofs, history and data."""
    return show(request, fetch(request, pk), at=request.now)


def show(
    request: Request,
    lead: Lead,
    *,
    at: datetime,
    status: int = 200,
    bound: dict[str, Form] | None = None,
    refused: RefusedStep | None = None,
) -> HttpResponse:
    """Return the lead page. ``bound``: forms that came back with errors, by their step."""
    request.now = at
    context = _context(request, lead, bound or {})
    context["refused"] = refused
    return respond(request, "leads/lead.jinja", context, status=status)


def show_refused(request: Request, pk: int, step: str, error: DomainError) -> HttpResponse:
    """Return the lead page with the reason why ``step``, which has no form, was refused.

    Raises ``error`` again for a viewer who has lost sight of the lead.
    """
    # Read again: the refused step may have left values on the objects.
    lead = VISIBLE.first(viewer=request.user, pk=pk)
    if lead is None:
        raise error
    refused = RefusedStep(step, str(error.message), error.fields)
    return show(request, lead, at=request.now, status=error.status, refused=refused)


def show_too_late(
    request: Request, lead: Lead, step: str, form: Form, error: DomainError
) -> HttpResponse:
    """Return the lead page with what was typed into the form of a step that came too late."""
    # Cleaned first: an error cannot be added to a form before.
    form.is_valid()
    status = add_domain_error(form, error)
    return show(request, lead, at=request.now, status=status, bound={step: form})


def _context(request: Request, lead: Lead, bound: dict[str, Form]) -> dict[str, Any]:
    user = request.user
    at = request.now
    read = _read(user, lead)
    handoff = read.handoff
    can_qualify = permissions.can_qualify(user, lead)
    version, assessment, scores = judging.judge_now(
        lead,
        handoff,
        actions=[facts.done_action(action) for action in read.actions],
        today=events.today(at),
        suggest=can_qualify,
    )
    is_judged = handoff is not None or lead.persona_version_id is not None
    hidden = contact_privacy.is_hidden(lead, user)
    abilities = _abilities(user, lead, handoff, assessment)
    rows = partial(
        criterion_rows, lead, assessment, customs=read.customs, bound=bound, hidden=hidden
    )
    may_act = abilities["change"] or abilities["qualify"]
    panel = follow_up.panel(user, lead, handoff, at=at)
    forms = _forms(request, lead, handoff, bound, panel=panel, may_act=may_act)
    fit = rows(FIT, DISQUALIFIER, editable=can_qualify)
    proofs = rows(*SQL_KINDS, editable=can_qualify or abilities["work"])
    came = trail(request)
    return {
        "lead": lead,
        "trail": came,
        "beside": neighbours(request, lead, came),
        "handoff": handoff,
        "journey": journey_of(user, lead, handoff),
        "clock": _clock(request, handoff),
        "follow_up": panel,
        "late": str(ClockStatus.LATE.label),
        "sent_back": sent_back(handoff, viewer=user, at=at),
        "parking": recycling.parked(lead) if lead.stage == Stage.RECYCLED else None,
        "persona": version,
        "is_suggested": version is not None and not is_judged,
        "assessment": assessment,
        "scores": scores,
        "fit": fit,
        "proofs": proofs,
        "proven": _proven(assessment),
        "hidden": hidden,
        **_history(user, lead, read, assessment),
        "templates": _templates(user, lead, handoff, abilities, hidden=hidden),
        "truth": follow_up.truth_lines(user, handoff, assessment),
        "truths": Truth.choices,
        "data": data_rows(lead, read.customs, editable=abilities["change"]),
        "forms": forms,
        "labelled_steps": labelled(forms),
        "failed": next(iter(bound), ""),
        "not_saved": _not_drawn(bound, [*forms.values(), *forms_of(fit), *forms_of(proofs)]),
        "can": abilities,
    }


def _templates(
    user: User, lead: Lead, handoff: Handoff | None, abilities: dict[str, bool], *, hidden: bool
) -> list[templates.Filled]:
    """Return the filled templates for those who work on the lead, who alone write to it."""
    if handoff is None or hidden or not abilities["work"]:
        return []
    return templates.filled_for(handoff, lead, user)


def _clock(request: Request, handoff: Handoff | None) -> clock_panel.ClockPanel | None:
    user = request.user
    may_pause = handoff is not None and permissions.can_pause(user, handoff)
    return clock_panel.panel(user, handoff, at=request.now, may_pause=may_pause)


@dataclass(frozen=True)
class Read:
    """What several parts of the page show, each read once.

    ``handoffs``: those that the viewer may see, the newest first. ``actions``: the newest first.
    ``customs``: all custom fields.
    """

    handoffs: list[Handoff]
    actions: list[ValuableAction]
    customs: list[CustomField]

    @property
    def handoff(self) -> Handoff | None:
        return next(iter(self.handoffs), None)


def _read(user: User, lead: Lead) -> Read:
    read = Read(
        judging.handoffs_of(user, lead),
        facts.action_rows(lead),
        fields.custom_fields(),
    )
    handoff = read.handoff
    if handoff is None:
        return read
    # Who qualified a lead hands it off, too, as a rule; and the owner keeps the clock.
    if handoff.submitted_by_id == lead.qualified_by_id:
        lead.qualified_by = handoff.submitted_by
    if handoff.clock is not None and handoff.clock.accountable_id == handoff.owner_id:
        handoff.clock.accountable = handoff.owner
    return read


def _history(user: User, lead: Lead, read: Read, assessment: Assessment | None) -> dict[str, Any]:
    """Return what has happened to the lead, and what of it stands at the top."""
    handoff = read.handoff
    rows = events_for(user, lead, read.handoffs)
    return {
        "actions": read.actions,
        "timeline": timeline(rows, assessment, read.customs),
        "before_call": before_call(
            lead, handoff, actions=read.actions, overruled=overruled(handoff), rows=rows
        ),
    }


def _forms(
    request: Request,
    lead: Lead,
    handoff: Handoff | None,
    bound: dict[str, Form],
    *,
    panel: follow_up.FollowUpPanel | None,
    may_act: bool,
) -> dict[str, PageForm]:
    """Return the forms of the steps that the viewer may take; those in ``bound`` with errors.

    ``may_act``: the viewer may note valuable actions.
    """
    user = request.user
    at = request.now
    currency = request.organisation.currency
    forms = forms_for(user, handoff, currency=currency, at=at)
    if may_act:
        forms["action"] = empty_action_form(events.today(at))
    if permissions.can_note(user, lead):
        forms["note"] = EmptyForm(LeadNoteForm, "id_note_%s")
    if permissions.can_plan(user, lead, handoff):
        forms["plan"] = EmptyForm(NextStepForm, "id_plan_%s")
    forms |= follow_up.forms_of(panel, bound)
    if handoff is not None and permissions.can_assign_return(user, handoff):
        forms["give-return"] = answerer_form(handoff, at=at)
    if lead.person.no_contact_at is not None and permissions.can_change(user, lead):
        forms["consent"] = EmptyForm(ConsentForm, "id_consent_%s")
    came_back = {name: form for name, form in bound.items() if name in forms}
    return forms | came_back


def _not_drawn(bound: dict[str, Form], drawn: list[PageForm]) -> Form | None:
    """Return a refused form that the page no longer has.

    Another person took the step first: the page says so and shows what was typed.
    """
    for form in bound.values():
        if all(form is not each for each in drawn):
            return form
    return None


def _abilities(
    user: User, lead: Lead, handoff: Handoff | None, assessment: Assessment | None
) -> dict[str, bool]:
    """Return what the viewer may do on the page."""
    abilities = {
        "change": permissions.can_change(user, lead),
        "catalogues": permissions.can_edit_catalogues(user),
        "templates": permissions.can_edit_templates(user),
        "qualify": permissions.can_qualify(user, lead),
        "work": False,
        "only_rejected": False,
    }
    if handoff is None:
        return abilities
    decides = permissions.can_decide(user, handoff)
    works = permissions.can_work(user, handoff)
    is_accepted = handoff.state == HandoffState.ACCEPTED
    return abilities | {
        "decide": decides,
        # Of the people of its queue only who rejected the lead does not decide.
        "only_rejected": not decides and permissions.can_decide_if_not_barred(user, handoff),
        "accept_as_sql": permissions.can_accept_as_sql(user, handoff),
        "work": works,
        "sql": works and handoff.state == HandoffState.CONTACTED,
        "sql_from_package": works and is_accepted and _proves_sql(handoff, assessment),
        "open": works and handoff.state == HandoffState.SQL,
        "answer_return": permissions.can_answer_return(user, handoff),
        "take_up": permissions.can_take_up(user, handoff),
        "wake": permissions.can_wake(user, handoff),
    }


def _proves_sql(handoff: Handoff, assessment: Assessment | None) -> bool:
    """Return whether means and authority are proven, in the package and still now."""
    if assessment is None or not handoff.proves_sql:
        return False
    # Evidence that is newer than the package may disprove it.
    return assessment.proves(MEANS) and assessment.proves(AUTHORITY)


def _proven(assessment: Assessment | None) -> int:
    """Return how many criteria beyond fit hold."""
    if assessment is None:
        return 0
    return sum(judgement.holds for judgement in assessment.of(*SQL_KINDS))


# -- The journey


def journey_of(user: User, lead: Lead, handoff: Handoff | None) -> Journey:
    """Return where the lead stands, and what comes next for ``user``."""
    reached = [stage for stage in MILESTONES if getattr(lead, f"{stage}_on") is not None]
    return journey(
        Stage(lead.stage),
        permissions.parts(user, lead, handoff),
        reached=reached,
        is_open=_is_open(lead, handoff),
    )


def _is_open(lead: Lead, handoff: Handoff | None) -> bool:
    """Return whether any person may act on the lead."""
    if lead.archived_at is not None:
        return False
    if handoff is not None and lead.stage == Stage.RETURNED and cases.is_open(handoff):
        # The panel of the return says that the arbiter decides.
        return False
    if lead.stage in QUALIFIED_IN:
        return lead.marketing_team_id is not None
    return handoff is not None and handoff.is_open


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
