"""What the lead page shows, gathered in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.forms import Form
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.accounts.request import Request
from crm.lib import regions
from crm.lib.bilingual import in_language
from leads import contact, events, facts, permissions
from leads.forms import (
    ActionForm,
    AttemptForm,
    EndForm,
    EvidenceForm,
    NoteForm,
    ReassignForm,
    RejectForm,
    WinForm,
    in_use,
)
from leads.heirs import colleagues_for
from leads.models import CustomField, Event, Handoff, Lead, OutcomeReason, ValuableActionKind
from leads.qualification import AUTHORITY, DISQUALIFIER, FIT, MEANS, Assessment, Judgement
from leads.states import HandoffState, OutcomeKind, Stage
from personas.models import PersonaVersion
from sla import clocks
from sla.models import RejectionReason

JOURNEY = (Stage.CAPTURED, Stage.MQL, Stage.HANDED_OFF, Stage.ACCEPTED, Stage.CONTACTED, Stage.SQL, Stage.WON)
TIMELINE = 200


@dataclass(frozen=True)
class Step:
    label: str
    state: str


@dataclass(frozen=True)
class Check:
    """One criterion as the page shows it, with the form for its evidence where the viewer may add some."""

    judgement: Judgement
    text: str
    field_label: str
    form: Form | None
    is_hidden: bool = False

    @property
    def code(self) -> str:
        return self.judgement.rule.code

    @property
    def value(self) -> object:
        """The fact that decided it, in words."""
        return contact.MASK if self.is_hidden else words(self.judgement.value)


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


def latest_handoff(user: User, lead: Lead) -> Handoff | None:
    """The newest handoff of the lead that ``user`` may see."""
    rows = Handoff.objects.visible_to(user).filter(lead=lead)
    handoff = (
        rows.select_related("team", "owner", "clock", "agreement_version__agreement", "submitted_by", "outcome_reason")
        .order_by("-cycle")
        .first()
    )
    if handoff is not None:
        handoff.lead = lead
    return handoff


def checks(
    assessment: Assessment, *kinds: str, bound: dict[str, Form], editable: bool, hidden: bool = False
) -> list[Check]:
    """The judgements of ``kinds``; ``bound``: evidence forms that came back with errors, by criterion; ``hidden``:
    the viewer may not read phone and e-mail."""
    names = facts.labels(j.rule.field for j in assessment.of(*kinds))
    return [
        Check(
            j,
            in_language(j.rule.text),
            names[j.rule.field],
            (bound.get(j.rule.code) or EvidenceForm(auto_id=f"id_{j.rule.code}_%s"))
            if editable and (j.value is None or j.proof)
            else None,
            hidden and j.rule.field in contact.FACTS,
        )
        for j in assessment.of(*kinds)
    ]


def version_for(lead: Lead, handoff: Handoff | None) -> PersonaVersion | None:
    """The persona version that judges the lead: the handoff's, else the lead's own."""
    pk = handoff.persona_version_id if handoff else lead.persona_version_id
    rows = PersonaVersion.objects.select_related("persona").prefetch_related("criteria")
    return rows.filter(pk=pk).first() if pk else None


def forms_for(request: Request, handoff: Handoff | None, *, at: datetime) -> dict[str, Form]:
    """Empty forms of every step that the viewer may take now; absent where not allowed."""
    found: dict[str, Form] = {}
    user = request.user
    if handoff is None:
        return found
    if permissions.can_decide(user, handoff):
        found["reject"] = RejectForm(reasons=reasons_of(handoff), auto_id="id_reject_%s")
    if permissions.can_withdraw(user, handoff):
        found["withdraw"] = NoteForm(auto_id="id_withdraw_%s")
    if permissions.can_reassign(user, handoff):
        found["reassign"] = reassign_form(handoff, at=at)
    if permissions.can_work(user, handoff):
        found["attempt"] = AttemptForm(auto_id="id_attempt_%s")
        if handoff.state in (HandoffState.SQL, HandoffState.OPPORTUNITY):
            found["win"] = WinForm(currency=request.organisation.currency, auto_id="id_win_%s")
            found["lose"] = EndForm(kind=OutcomeKind.LOST, auto_id="id_lose_%s")
        if handoff.state in (HandoffState.CONTACTED, HandoffState.SQL):
            found["disqualify"] = EndForm(kind=OutcomeKind.DISQUALIFIED, auto_id="id_disqualify_%s")
    return found


def reassign_form(handoff: Handoff, data: Any = None, *, at: datetime) -> ReassignForm:
    """The form that gives the handoff to a colleague who is here."""
    return ReassignForm(data, colleagues=colleagues_for(handoff, at=at), auto_id="id_reassign_%s")


def reasons_of(handoff: Handoff) -> Any:
    """The rejection reasons that the handoff's agreement allows and that are not archived."""
    return in_use(RejectionReason).filter(pk__in=handoff.agreement_version.rejection_reasons.values("pk"))


def timeline(lead: Lead, visible: list[int], *, whole: bool) -> list[Event]:
    """Newest first. ``visible``: ids of handoffs in sight; events of others stay out unless ``whole``."""
    rows = Event.objects.filter(lead=lead).select_related("actor").order_by("-id")
    if not whole:
        rows = rows.filter(handoff__isnull=True) | rows.filter(handoff__in=visible)
    return list(rows[:TIMELINE])


def context(request: Request, lead: Lead, *, at: datetime, bound: dict[str, Form] | None = None) -> dict[str, Any]:
    """Everything for leads/lead.html. ``bound``: forms that came back with errors, by the name of the step."""
    request.now, bound, user = at, bound or {}, request.user
    handoff = latest_handoff(user, lead)
    version = version_for(lead, handoff)
    assessment = facts.assess(lead, version) if version else None
    today = events.today(at)
    hidden = contact.is_hidden(lead, user)
    can_qualify = permissions.can_qualify(user, lead)
    can_prove = can_qualify or bool(handoff and permissions.can_work(user, handoff))
    forms = forms_for(request, handoff, at=at)
    if can_qualify or permissions.can_change(user, lead):
        forms["action"] = ActionForm(today=today, auto_id="id_action_%s")
    forms |= {name: form for name, form in bound.items() if name in forms}
    return {
        "lead": lead,
        "handoff": handoff,
        "steps": steps(lead),
        "reading": clocks.reading(handoff.clock, at=at) if handoff and handoff.clock else None,
        "persona": version,
        "assessment": assessment,
        "fit": checks(assessment, FIT, DISQUALIFIER, bound=bound, editable=can_qualify, hidden=hidden)
        if assessment
        else [],
        "proofs": checks(assessment, MEANS, AUTHORITY, bound=bound, editable=can_prove, hidden=hidden)
        if assessment
        else [],
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
    if contact.is_hidden(lead, user):
        for row in rows:
            row.payload = contact.masked(row.payload)
    return rows


def _abilities(user: User, lead: Lead, handoff: Handoff | None, assessment: Assessment | None) -> dict[str, bool]:
    works = handoff is not None and permissions.can_work(user, handoff)
    proven = assessment is not None and assessment.proves(MEANS) and assessment.proves(AUTHORITY)
    return {
        "change": permissions.can_change(user, lead),
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
    names = {custom.code: str(custom) for custom in CustomField.objects.filter(code__in=list(lead.attributes))}
    return [(names.get(code, code.replace("_", " ")), words(value)) for code, value in lead.attributes.items()]


def words(value: Any) -> Any:
    """Yes, no and numbers in the active language; everything else as it is."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return regions.number(value) if isinstance(value, int | float) else value


def _told(rows: list[Event]) -> list[tuple[Event, str]]:
    """The events, each with the words of the catalogue that its payload points to."""
    codes = {row.payload.get(key) for row in rows for key in ("reason", "action") if row.payload.get(key)}
    names: dict[str, str] = {}
    if codes:
        for model in (RejectionReason, OutcomeReason, ValuableActionKind):
            names |= {r.code: str(r) for r in model.objects.filter(code__in=codes)}
    return [(row, names.get(row.payload.get("reason") or row.payload.get("action") or "", "")) for row in rows]
