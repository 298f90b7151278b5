"""What the lead page shows, gathered in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.forms import Form
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.accounts.request import Request
from crm.lib import number_formats
from crm.lib.bilingual import in_language
from leads import events, permissions
from leads.forms.handoffs import (
    AttemptForm,
    EndForm,
    NoteForm,
    PauseForm,
    ReassignForm,
    RejectForm,
    WinForm,
)
from leads.forms.qualification import ActionForm, EvidenceForm, OverrideForm
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
    Judgement,
)
from leads.records import contact_privacy, fields
from leads.staff.handover import colleagues_for
from leads.states import HandoffState, OutcomeKind, Stage
from leads.views import clock_panel
from sla.agreements import rejection_reasons
from sla.clocks import pauses
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
TIMELINE = 200


@dataclass(frozen=True)
class Step:
    label: str
    state: str


@dataclass(frozen=True)
class Check:
    """One criterion as the page shows it, with the form for its evidence where the viewer may add
    some.

    ``override``: the form for knowing better, where a fact decided and the viewer may.
    """

    judgement: Judgement
    text: str
    field_label: str
    form: Form | None
    override: Form | None = None
    is_hidden: bool = False

    @property
    def code(self) -> str:
        return self.judgement.rule.code

    @property
    def value(self) -> object:
        """The fact that decided it, in words."""
        if self.is_hidden:
            return contact_privacy.MASK
        return words(self.judgement.fact if self.judgement.is_overridden else self.judgement.value)


def steps(lead: Lead) -> list[Step]:
    """The stepper: which stages of the usual way are behind the lead."""
    found = [Step(str(Stage.CAPTURED.label), "now" if lead.stage == Stage.CAPTURED else "done")]
    for stage in JOURNEY[1:]:
        reached = getattr(lead, f"{stage}_on") is not None
        state = "now" if lead.stage == stage else "done" if reached else "todo"
        found.append(Step(str(stage.label), state))
    if lead.stage in (Stage.LOST, Stage.DISQUALIFIED, Stage.RETURNED):
        found[-1] = Step(str(Stage(lead.stage).label), "out")
    elif lead.stage == Stage.OPPORTUNITY:
        found[-1] = Step(str(Stage.OPPORTUNITY.label), "now")
    return found


def checks(
    assessment: Assessment | None,
    *kinds: str,
    bound: dict[str, Form],
    editable: bool,
    hidden: bool = False,
) -> list[Check]:
    """The judgements of ``kinds``, none where nothing is judged.

    ``bound``: forms that came back with errors, by criterion; ``hidden``: the viewer may not read
    phone and e-mail.
    """
    if assessment is None:
        return []
    names = fields.labels(j.rule.field for j in assessment.of(*kinds))
    found = []
    for j in assessment.of(*kinds):
        came_back = bound.get(j.rule.code)
        form = (
            EvidenceForm(auto_id=f"id_{j.rule.code}_%s")
            if editable and (j.value is None or j.proof)
            else None
        )
        better = (
            OverrideForm(auto_id=f"id_{j.rule.code}_%s")
            if editable and j.can_be_overridden
            else None
        )
        found.append(
            Check(
                j,
                in_language(j.rule.text),
                names[j.rule.field],
                came_back if form and isinstance(came_back, EvidenceForm) else form,
                came_back if better and isinstance(came_back, OverrideForm) else better,
                hidden and j.rule.field in contact_privacy.FACTS,
            )
        )
    return found


def overruled(handoff: Handoff | None) -> list[dict[str, str]]:
    """What the handoff says that people know better: each with its criterion in words, the reason,
    and who says so.
    """
    if handoff is None or not handoff.overrides:
        return []
    said = handoff.package.payload.get("overrides", [])
    texts = {c.code: str(c) for c in handoff.persona_version.criteria.all()}
    texts[packages.SCORE] = _("Minimum score")
    return [{**each, "text": texts.get(each["criterion"], each["criterion"])} for each in said]


def forms_for(request: Request, handoff: Handoff | None, *, at: datetime) -> dict[str, Form]:
    """Empty forms of every step that the viewer may take now; absent where not allowed."""
    found: dict[str, Form] = {}
    user = request.user
    if handoff is None:
        return found
    if permissions.can_decide(user, handoff):
        found["reject"] = RejectForm(
            reasons=rejection_reasons.allowed(handoff.agreement_version), auto_id="id_reject_%s"
        )
    if permissions.can_withdraw(user, handoff):
        found["withdraw"] = NoteForm(auto_id="id_withdraw_%s")
    if permissions.can_reassign(user, handoff):
        found["reassign"] = reassign_form(handoff, at=at)
    if permissions.can_work(user, handoff):
        found["attempt"] = AttemptForm(auto_id="id_attempt_%s")
        if (
            permissions.can_pause(user, handoff)
            and handoff.clock
            and pauses.can_pause(handoff.clock, at=at)
        ):
            found["pause"] = pause_form(handoff)
        if handoff.state in (HandoffState.SQL, HandoffState.OPPORTUNITY):
            found["win"] = WinForm(currency=request.organisation.currency, auto_id="id_win_%s")
            found["lose"] = EndForm(kind=OutcomeKind.LOST, auto_id="id_lose_%s")
        if handoff.state in (HandoffState.CONTACTED, HandoffState.SQL):
            found["disqualify"] = EndForm(kind=OutcomeKind.DISQUALIFIED, auto_id="id_disqualify_%s")
    return found


def reassign_form(handoff: Handoff, data: Any = None, *, at: datetime) -> ReassignForm:
    """The form that gives the handoff to a colleague who is here."""
    return ReassignForm(data, colleagues=colleagues_for(handoff, at=at), auto_id="id_reassign_%s")


def pause_form(handoff: Handoff, data: Any = None) -> PauseForm:
    """The form that pauses its clock, for a reason that its agreement allows."""
    return PauseForm(data, allowed=pauses.allowed(handoff.policy), auto_id="id_pause_%s")


def timeline(lead: Lead, visible: list[int], *, whole: bool) -> list[Event]:
    """Newest first. ``visible``: ids of handoffs in sight; events of others stay out unless
    ``whole``.
    """
    rows = Event.objects.filter(lead=lead).select_related("actor").order_by("-id")
    if not whole:
        rows = rows.filter(handoff__isnull=True) | rows.filter(handoff__in=visible)
    return list(rows[:TIMELINE])


def context(
    request: Request, lead: Lead, *, at: datetime, bound: dict[str, Form] | None = None
) -> dict[str, Any]:
    """Everything for leads/lead.html.

    ``bound``: forms that came back with errors, by the name of the step.
    """
    request.now, bound, user = at, bound or {}, request.user
    handoff = judging.latest_handoff(user, lead)
    today, can_qualify = events.today(at), permissions.can_qualify(user, lead)
    version, assessment, scores = judging.judge_now(lead, handoff, today=today, suggest=can_qualify)
    hidden = contact_privacy.is_hidden(lead, user)
    shown = partial(checks, assessment, bound=bound, hidden=hidden)
    can_prove = can_qualify or bool(handoff and permissions.can_work(user, handoff))
    forms = forms_for(request, handoff, at=at)
    if can_qualify or permissions.can_change(user, lead):
        forms["action"] = ActionForm(today=today, auto_id="id_action_%s")
    forms |= {name: form for name, form in bound.items() if name in forms}
    may_pause = handoff is not None and permissions.can_pause(user, handoff)
    clock = clock_panel.panel(user, handoff, at=at, may_pause=may_pause)
    return {
        "lead": lead,
        "handoff": handoff,
        "steps": steps(lead),
        "reading": clock and clock.reading,
        "clock": clock,
        "persona": version,
        "is_suggested": version is not None and not (handoff or lead.persona_version_id),
        "assessment": assessment,
        "scores": scores,
        "overruled": overruled(handoff),
        "fit": shown(FIT, DISQUALIFIER, editable=can_qualify),
        "proofs": shown(*SQL_KINDS, editable=can_prove),
        "actions": lead.valuable_actions.select_related("kind", "recorded_by"),
        "hidden": hidden,
        "timeline": _told(timeline_for(user, lead)),
        "attributes": _attributes(lead),
        "forms": forms,
        "failed": next(iter(bound), ""),
        "can": _abilities(user, lead, handoff, assessment),
    }


def timeline_for(user: User, lead: Lead) -> list[Event]:
    """The events that ``user`` may read."""
    handoffs = list(Handoff.objects.visible_to(user).filter(lead=lead).values_list("pk", flat=True))
    rows = timeline(lead, handoffs, whole=user.is_director)
    if contact_privacy.is_hidden(lead, user):
        for row in rows:
            row.payload = contact_privacy.masked(row.payload)
    return rows


def _abilities(
    user: User, lead: Lead, handoff: Handoff | None, assessment: Assessment | None
) -> dict[str, bool]:
    works = handoff is not None and permissions.can_work(user, handoff)
    proven = assessment is not None and assessment.proves(MEANS) and assessment.proves(AUTHORITY)
    return {
        "change": permissions.can_change(user, lead),
        "catalogues": permissions.can_edit_catalogues(user),
        "qualify": permissions.can_qualify(user, lead),
        "decide": handoff is not None and permissions.can_decide(user, handoff),
        "accept_as_sql": handoff is not None and permissions.can_accept_as_sql(user, handoff),
        "requeue": handoff is not None and permissions.can_requeue(user, handoff),
        "work": works,
        "sql": works and handoff is not None and handoff.state == HandoffState.CONTACTED,
        "sql_from_package": works
        and proven
        and handoff is not None
        and handoff.state == HandoffState.ACCEPTED
        and handoff.proves_sql,
        "open": works and handoff is not None and handoff.state == HandoffState.SQL,
    }


def _attributes(lead: Lead) -> list[tuple[str, Any]]:
    customs = {
        custom.code: custom for custom in CustomField.objects.filter(code__in=list(lead.attributes))
    }
    found = []
    for code, value in lead.attributes.items():
        custom = customs.get(code)
        name = str(custom) if custom else code.replace("_", " ")
        found.append(
            (
                name,
                dict(custom.form_choices()).get(value, words(value))
                if custom and custom.choices
                else words(value),
            )
        )
    return found


def words(value: Any) -> Any:
    """Yes, no and numbers in the active language; everything else as it is."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return number_formats.number(value) if isinstance(value, int | float) else value


def _told(rows: list[Event]) -> list[tuple[Event, str]]:
    """The events, each with the words of the catalogue that its payload points to."""
    keys = ("reason", "action", "pause_reason")
    pointed = [next((row.payload[key] for key in keys if row.payload.get(key)), "") for row in rows]
    names: dict[str, str] = {}
    if codes := {code for code in pointed if code}:
        for model in (RejectionReason, OutcomeReason, ValuableActionKind, PauseReason):
            names |= {r.code: str(r) for r in model.objects.filter(code__in=codes)}
    return [(row, names.get(code, "")) for row, code in zip(rows, pointed, strict=True)]
