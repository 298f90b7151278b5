"""From marketing into the queue: qualify a lead as MQL and hand it off to a sales team.

Permission is the caller's question (leads.permissions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts import teams
from crm.accounts.models import Team, User
from crm.lib.bilingual import in_language
from crm.lib.db import returning
from crm.lib.db.inserts import Many, take_next_ids
from crm.lib.db.kept_sql import KeptSql
from crm.lib.db.returning import constraint_of
from crm.lib.errors import DomainError
from crm.notifications import outbox
from leads import events
from leads.conflicts import LeadIsArchived, MovedOn, NoContactAsked
from leads.follow_up import next_steps
from leads.handoffs import notices, packages, stages, state_changes
from leads.handoffs.notices import News
from leads.models import Company, Decision, Handoff, Lead, Package, Person, Source
from leads.qualification import facts, persona_match
from leads.qualification.facts import Record
from leads.qualification.rules import AUTHORITY, MEANS, Assessment, MqlTerms
from leads.qualification.scores import DoneAction, Scores
from leads.records.fields import labels as field_labels
from leads.returns import fixes, returns
from leads.states import HANDED_OFF_FROM, OPEN, EventKind, Stage
from personas.models import PersonaVersion
from sla import snapshot_bodies
from sla.agreements import agreements, policies
from sla.models import AgreementVersion, Clock
from sla.states import Metric

NO_MORE: Mapping[str, Any] = {}
CYCLE_ONCE = "handoff_cycle_once"  # the constraint on the numbers of a lead's handoffs


class NotAnMql(DomainError):
    """The lead misses a criterion or a valuable action; ``fields`` names each open point."""

    code = "not_an_mql"
    message = gettext_lazy("This lead is not an MQL yet.")


class NoPersona(DomainError):
    """No persona is in use that an agreement in force looks for."""

    code = "no_persona"
    message = gettext_lazy("There is no persona in use.")


class PackageIncomplete(DomainError):
    """The package lacks data that the agreement asks for; ``fields`` names them."""

    code = "package_incomplete"


class ScoreTooLow(DomainError):
    """The fit score is below the agreement's minimum and no reason was typed."""

    code = "score_too_low"


class AlreadyHandedOff(MovedOn):
    """The lead has an open handoff."""

    code = "already_handed_off"
    reason = gettext_lazy("This lead is already with sales.")


def check_mql(
    lead: Lead,
    persona_version: PersonaVersion,
    terms: MqlTerms | None = None,
    record: Record | None = None,
) -> Assessment:
    """Assess ``lead``; raise NotAnMql unless it fits and did a valuable action that counts.

    ``terms``: those of the agreement that judges it, default those in force. ``record``: that of
    the lead, where the caller has read it.
    """
    if record is None:
        record = facts.record_of(lead)
    if terms is None:
        terms = facts.terms_in_force()
    assessment = facts.assess_with(
        lead, persona_version, terms, actions=record.actions, proofs=record.proofs
    )
    if assessment.is_mql:
        return assessment
    problems: dict[str, object] = {
        point.rule.code: in_language(point.rule.text) for point in assessment.open_points
    }
    if not assessment.is_looked_for:
        problems["persona"] = _("The agreement does not look for this persona.")
    if not assessment.action_count:
        problems["valuable_action"] = _("At least one valuable action that counts is needed.")
    raise NotAnMql(fields=problems)


@transaction.atomic
def qualify(lead: Lead, persona_version: PersonaVersion, *, by: User, at: datetime) -> Lead:
    """Record that ``lead`` is an MQL by ``persona_version``; do nothing if it already is.

    A lead that sales sent back is only judged: it stays on marketing's desk until its return is
    answered, and the hand-off that answers it records the MQL, too.

    Raises NotAnMql, AlreadyHandedOff, LeadIsArchived, MovedOn if it is not with marketing.
    """
    lead = _lock(lead)
    _count_closed(lead)
    assessment = check_mql(lead, persona_version)
    if lead.stage == Stage.RETURNED:
        return lead
    _mark_mql(lead, persona_version, assessment, by=by, at=at)
    return lead


@dataclass(frozen=True)
class Reasons:
    """What the person typed where a hand-off asks why; empty if nothing."""

    score: str = ""
    unchanged: str = ""


@dataclass(frozen=True)
class Judged:
    """A lead that may be handed off, and what judged it, read with the lead locked."""

    lead: Lead
    version: AgreementVersion
    persona_version: PersonaVersion
    actions: list[DoneAction]
    assessment: Assessment
    scores: Scores
    overrides: list[dict[str, str]]
    # How many handoffs it has had.
    earlier: int
    # Why it is handed off as it was when sales sent it back, else empty.
    unchanged_reason: str


def hand_off(
    lead: Lead,
    *,
    team: Team,
    by: User,
    at: datetime,
    persona_version: PersonaVersion | None = None,
    note: str = "",
    score_reason: str = "",
    unchanged_reason: str = "",
) -> Handoff:
    """Hand ``lead`` off to the queue of the sales ``team``.

    Qualifies it if necessary, freezes the package with the scores, starts the accept clock and
    notifies the team. A lead that sales sent back starts its next cycle, and its return is
    answered. ``persona_version``: default the usual one (persona_match). ``score_reason``: why a
    lead below the minimum score is handed off. ``unchanged_reason``: why one that was sent back is
    handed off as it was.

    Raises NoPersona, NotAnMql, NoAgreement, PackageIncomplete, ScoreTooLow, NothingChanged,
    AlreadyHandedOff, LeadIsArchived, NoContactAsked, MovedOn if it is not with marketing.
    """
    reasons = Reasons(score_reason.strip(), unchanged_reason.strip())
    try:
        with transaction.atomic():
            judged = _judge(lead, team, persona_version, reasons, by=by, at=at)
            return _pass_on(judged, team, note, by=by, at=at)
    except IntegrityError as error:
        # Outside the transaction, which the database has ended: the refusal reads who was faster.
        if constraint_of(error) in (state_changes.ONE_OPEN, CYCLE_ONCE):
            raise AlreadyHandedOff(lead) from error
        if constraint_of(error) == state_changes.MAY_BE_CONTACTED:
            raise NoContactAsked(lead) from error
        raise


def _judge(
    lead: Lead,
    team: Team,
    persona_version: PersonaVersion | None,
    reasons: Reasons,
    *,
    by: User,
    at: datetime,
) -> Judged:
    """Lock the lead and make every check of a hand-off; raises as :func:`hand_off`."""
    lead = _lock(lead)
    if lead.person.no_contact_at is not None:
        raise NoContactAsked(lead)
    # Counted under the lock, so that two hand-offs never get the same number.
    earlier = _count_closed(lead)
    record = facts.record_of(lead)
    persona_version = persona_version or persona_match.usual_version(lead, record)
    if persona_version is None:
        raise NoPersona(fields={"persona_version": NoPersona.message})
    version = agreements.in_force(team)
    terms = facts.terms_of(version)
    assessment = check_mql(lead, persona_version, terms, record)
    _check_package(lead, version)
    scores = facts.score_on(assessment, record.actions, terms, on=events.today(at))
    used_reason = _check_score(scores, terms, reasons.score)
    overrides = packages.overruled(assessment, score_reason=used_reason, submitter=by.name)
    return Judged(
        lead,
        version,
        persona_version,
        record.actions,
        assessment,
        scores,
        overrides,
        earlier,
        fixes.check_changed(lead, record, assessment, reasons.unchanged),
    )


def _pass_on(judged: Judged, team: Team, note: str, *, by: User, at: datetime) -> Handoff:
    """Write the rows of a hand-off."""
    lead = judged.lead
    represented = None
    if lead.stage == Stage.RETURNED:
        represented = returns.fix(lead, by=by, at=at)
    _mark_mql(lead, judged.persona_version, judged.assessment, by=by, at=at)
    handoff = _new(judged, team, note, submitted_by=by, at=at)
    notice = _notice(News("handoff.new", handoff, (), key="new"), besides=by, at=at)
    _insert(handoff, judged, notice, by=by, at=at, represented=represented)
    return handoff


def judge_for(handoff: Handoff, team: Team, *, by: User, at: datetime) -> Judged:
    """Judge the lead of a closed handoff for the queue of another team, by its agreement.

    By the handoff's persona, else by the best one that this team looks for. Raises as
    :func:`hand_off`.
    """
    lead, version = handoff.lead, handoff.persona_version
    try:
        return _judge(lead, team, version, Reasons(), by=by, at=at)
    except NotAnMql:
        terms = facts.terms_of(agreements.in_force(team))
        best = next(iter(persona_match.matches(lead, terms)), None)
        if best is None or best.version.pk == version.pk:
            raise
        return _judge(lead, team, best.version, Reasons(), by=by, at=at)


def pass_on_to(team: Team, judged: Judged, decision: Decision, *, at: datetime) -> Handoff:
    """Start the next cycle of a misrouted handoff in the queue of ``team``.

    Marketing's sender stays the sender. The notices wait until ``decision`` cannot be undone.
    """
    before = decision.handoff
    handoff = _new(judged, team, before.note, submitted_by=before.submitted_by, at=at)
    news = News(
        "handoff.new",
        handoff,
        (),
        key="new",
        cause=notices.cause_of(decision),
        wait=outbox.UNDO_WINDOW,
    )
    notice = _notice(news, besides=decision.by, at=at)
    payload = {"from_team": before.team.name, "comment": decision.comment}
    _insert(
        handoff,
        judged,
        notice,
        by=decision.by,
        at=at,
        payload=payload,
        persona_version=judged.persona_version,
    )
    return handoff


def _new(judged: Judged, team: Team, note: str, *, submitted_by: User, at: datetime) -> Handoff:
    """Return the unsaved handoff of a judged lead."""
    assessment, scores = judged.assessment, judged.scores
    policy = _policy(judged, team)
    # Taken before, so that handoff and clock can point at each other.
    handoff_id, clock_id = take_next_ids(Handoff, Clock)
    return Handoff(
        id=handoff_id,
        lead=judged.lead,
        agreement_version=judged.version,
        persona_version=judged.persona_version,
        cycle=judged.earlier + 1,
        team=team,
        submitted_by=submitted_by,
        submitted_at=at,
        policy_ref_id=snapshot_bodies.keep(policy),
        note=note,
        proves_sql=assessment.proves(MEANS) and assessment.proves(AUTHORITY),
        fit_score=scores.fit.total,
        engagement_score=scores.engagement.total,
        overrides=len(judged.overrides),
        clock_id=clock_id if Metric.ACCEPT in policy["clocks"] else None,
    )


def _lock(lead: Lead) -> Lead:
    # The lead's row is the lock: hand-offs of one lead come one after the other.
    rows = LOCKED.rows(pk=lead.pk)
    if not rows:
        raise Lead.DoesNotExist
    *columns, person, company, source = rows[0]
    locked = returning.from_paths(Lead, LEAD_COLUMNS, columns)
    locked.person = returning.from_json(Person, person)
    locked.company = returning.from_json(Company, company) if company else None
    locked.source = returning.from_json(Source, source) if source else None
    if locked.archived_at:
        raise LeadIsArchived(locked)
    return locked


LEAD_COLUMNS = [field.attname for field in Lead._meta.concrete_fields]


def _locked(*, pk: int) -> QuerySet[Any]:
    """Lock the lead's own row, and read with it the others that it is judged by."""
    related = {
        "person_row": Person.objects.filter(pk=OuterRef("person")),
        "company_row": Company.objects.filter(pk=OuterRef("company")),
        "source_row": Source.objects.filter(pk=OuterRef("source")).order_by(),
    }
    # Looked up by a subquery each: a join of four tables takes longer to plan than to run.
    looked_up = {
        name: Subquery(rows.values(row=returning.as_json(rows.model)))
        for name, rows in related.items()
    }
    lead = Lead.objects.filter(pk=pk).select_for_update(no_key=True)
    return lead.annotate(**looked_up).values_list(*LEAD_COLUMNS, *looked_up)


LOCKED = KeptSql(_locked)


def _count_closed(lead: Lead) -> int:
    """Return how many handoffs the lead has had. Raises AlreadyHandedOff, MovedOn."""
    states = [state for (state,) in STATES.rows(lead=lead.pk)]
    if any(state in OPEN for state in states):
        raise AlreadyHandedOff(lead)
    if lead.stage not in HANDED_OFF_FROM:
        raise MovedOn(lead)
    return len(states)


def _states(*, lead: int) -> QuerySet[Any]:
    return Handoff.objects.filter(lead=lead).values_list("state")


STATES = KeptSql(_states)


def _check_package(lead: Lead, version: AgreementVersion) -> None:
    """Raise PackageIncomplete if ``lead`` lacks data that the agreement asks for."""
    missing = facts.missing_fields(lead, version.package_fields)
    if not missing:
        return
    names = field_labels(missing)
    listed = {"fields": ", ".join(names.values())}
    text = _("The package is not complete. Missing: %(fields)s.") % listed
    raise PackageIncomplete(text, fields=names)


def _check_score(scores: Scores, terms: MqlTerms, reason: str) -> str:
    """Return the reason for a fit score below the agreement's minimum, or "" if it is not below.

    Raises ScoreTooLow if it is below and ``reason`` is blank.
    """
    fit = scores.fit
    if terms.minimum_score is None or fit.total >= terms.minimum_score:
        return ""
    if reason:
        return reason
    numbers = {"score": fit.total, "minimum": terms.minimum_score}
    parts = [_("The fit score is %(score)s; the agreement asks for %(minimum)s.") % numbers]
    gains = ", ".join(f"{in_language(line.text)} (+{line.points})" for line in fit.open)
    if gains:
        parts.append(_("What is missing: %(gains)s.") % {"gains": gains})
    parts.append(_("To hand it off all the same, say why."))
    text = " ".join(parts)
    raise ScoreTooLow(text, fields={"score_reason": text})


def _mark_mql(
    lead: Lead, persona_version: PersonaVersion, assessment: Assessment, *, by: User, at: datetime
) -> None:
    # A returned lead is qualified anew, even by the same version.
    can_become_mql = lead.stage in (Stage.CAPTURED, Stage.RETURNED)
    if not can_become_mql and lead.persona_version_id == persona_version.pk:
        return
    on = events.today(at)
    from_stage = lead.stage
    stages.reach(lead, Stage.MQL, on=on, persona_version=persona_version, qualified_by=by)
    payload: dict[str, Any] = {"persona": str(persona_version)}
    if assessment.overridden:
        overrides = packages.overruled(assessment, score_reason="", submitter=by.name)
        payload["overrides"] = overrides
    event = events.new(
        lead,
        EventKind.QUALIFIED,
        by=by,
        at=at,
        on=on,
        from_state=from_stage,
        to_state=Stage.MQL,
        payload=payload,
    )
    events.record(event)


def _policy(judged: Judged, team: Team) -> Mapping[str, Any]:
    """Return the policy of the agreement for the facts that its commitments may depend on."""
    source = judged.lead.source
    known = {
        "source": source.code if source else None,
        "actions": [action.code for action in judged.actions],
        "persona": judged.persona_version.persona.slug,
    }
    return policies.policy_for(judged.version, team, facts=known)


def _package(handoff: Handoff, judged: Judged) -> Package:
    """Return what marketing hands over, as it is now; later changes of the lead do not change it.

    It is unsaved.
    """
    return packages.package(
        handoff,
        facts.facts_of(judged.lead),
        packages.dated(judged.actions),
        judged.assessment,
        judged.scores,
        judged.overrides,
    )


def _insert(
    handoff: Handoff,
    judged: Judged,
    notice: Many,
    *,
    by: User,
    at: datetime,
    payload: Mapping[str, Any] = NO_MORE,
    **fields: Any,
) -> None:
    """Insert the handoff with its package and its accept clock, the event and the notices.

    ``payload``: what the event says beside the usual; ``fields`` are written to the lead.
    """
    payload = {"team": handoff.team.name, "note": handoff.note, **payload}
    if judged.overrides:
        payload["overrides"] = judged.overrides
    if judged.unchanged_reason:
        payload["unchanged_reason"] = judged.unchanged_reason
    state_changes.update_lead(
        handoff,
        EventKind.HANDED_OFF,
        # The clock first: the deadline that the handoff carries is then read from it at once.
        *state_changes.next_clock(handoff, Metric.ACCEPT, at=at),
        handoff,
        _package(handoff, judged),
        notice,
        # What marketing meant to do with it.
        next_steps.ending([handoff.lead_id], at=at),
        from_state="",
        by=by,
        at=at,
        payload=payload,
        # A lead that was recycled kept the owner of its last handoff.
        owner=None,
        **fields,
    )


def _notice(news: News, *, besides: User, at: datetime) -> Many:
    """Return the messages of ``news`` to the sales team, to be inserted."""
    # A person who is also in the sales team needs no notice of the own act.
    team_id = news.handoff.team_id
    people = teams.active_people([team_id])[team_id]
    others = [person for person in people if person.pk != besides.pk]
    return notices.messages([replace(news, people=others)], at=at)
