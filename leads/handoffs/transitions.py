"""The handoff: from marketing into the queue, and out of it by a rep's decision.

Every function is one transition: one conditional UPDATE, with decision, clocks, event and messages
in the same transaction. Actor is ``by``, moment is ``at``; permission is the caller's question
(leads.permissions).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.accounts.models import Team, User
from crm.lib.bilingual import in_language
from crm.lib.db.json_snapshot import parsed
from crm.lib.db.returning import update_returning
from crm.lib.errors import Conflict, DomainError, IllegalMove
from leads import events
from leads.handoffs import notices, packages, stages
from leads.models import Decision, Handoff, Lead
from leads.qualification import facts
from leads.qualification.rules import AUTHORITY, MEANS, Assessment, Terms
from leads.qualification.scores import Scores
from leads.records.fields import labels as field_labels
from leads.states import (
    OPEN,
    STAGE_OF,
    WORKED,
    DecisionKind,
    EventKind,
    HandoffState,
    Stage,
    check_move,
)
from personas.models import PersonaVersion
from sla.agreements import agreements, policies
from sla.clocks import assignments, clocks
from sla.models import RejectionReason
from sla.states import Metric


class NotAnMql(DomainError):
    code = "not_an_mql"
    message = gettext_lazy("This lead is not an MQL yet.")


class PackageIncomplete(DomainError):
    code = "package_incomplete"


class ScoreTooLow(DomainError):
    """The fit score is below the agreement's minimum; a reason for handing off all the same lets it
    through.
    """

    code = "score_too_low"


class AlreadyHandedOff(Conflict):
    code = "already_handed_off"
    message = gettext_lazy("This lead is already with sales.")


class LeadIsArchived(Conflict):
    code = "lead_is_archived"
    message = gettext_lazy("This lead is archived: its import was undone.")


class AlreadyTaken(Conflict):
    """Somebody was faster. ``handoff`` is how it stands now."""

    code = "already_taken"

    def __init__(self, handoff: Handoff) -> None:
        self.handoff = handoff
        decision = handoff.decisions.select_related("by").order_by("-id").first()
        super().__init__(_taken_message(handoff, decision))


class NeedsComment(DomainError):
    code = "needs_comment"


class RepIsFull(Conflict):
    """The agreement of the handoff says how many leads a rep may have open at a time."""

    code = "rep_is_full"

    def __init__(self, rep: User, count: int, cap: int) -> None:
        text = ngettext(
            "%(name)s has %(count)s open lead, and the agreement allows %(cap)s at a time. Settle"
            " one first.",
            "%(name)s has %(count)s open leads, and the agreement allows %(cap)s at a time. Settle"
            " one first.",
            count,
        )
        super().__init__(text % {"name": rep.name, "count": count, "cap": cap})


class OwnerLeft(Conflict):
    """The database refused an owner who cannot work any more (trigger handoff_owner_is_active)."""

    code = "owner_left"
    message = gettext_lazy("This account is not active any more, so it cannot take a lead.")


OWNER_GUARD = "handoff_owner_is_active"


def _taken_message(handoff: Handoff, decision: Decision | None) -> str:
    if handoff.state == HandoffState.WITHDRAWN:
        return _("Marketing withdrew this handoff.")
    if decision is None or handoff.is_pending:
        return _("This handoff was changed in the meantime. Look at it again.")
    if handoff.owner is not None and handoff.owner_id != decision.by_id:
        return _("%(name)s has this lead now.") % {"name": handoff.owner.name}
    if decision.kind == DecisionKind.ACCEPT:
        return _("%(name)s was faster and accepted this lead.") % {"name": decision.by.name}
    return _("%(name)s was faster and rejected this lead.") % {"name": decision.by.name}


def check_mql(
    lead: Lead, persona_version: PersonaVersion, terms: Terms | None = None
) -> Assessment:
    """Judge ``lead``; raises NotAnMql, naming each open point, unless it fits and did a valuable
    action that counts.

    ``terms``: of the agreement that it is judged by; those in force if they are not given.
    """
    assessment = facts.assess(lead, persona_version, terms)
    if assessment.is_mql:
        return assessment
    problems: dict[str, object] = {
        j.rule.code: in_language(j.rule.text) for j in assessment.open_points
    }
    if not assessment.is_looked_for:
        problems["persona"] = _("The agreement does not look for this persona.")
    if not assessment.action_count:
        problems["valuable_action"] = _("At least one valuable action that counts is needed.")
    raise NotAnMql(fields=problems)


@transaction.atomic
def qualify(lead: Lead, persona_version: PersonaVersion, *, by: User, at: datetime) -> Lead:
    """Record that the lead is an MQL by ``persona_version``.

    Does nothing when it already is by that version.

    Raises NotAnMql, AlreadyHandedOff, LeadIsArchived.
    """
    lead = _locked(lead)
    _check_none_open(lead)
    assessment = check_mql(lead, persona_version)
    _mark_mql(lead, persona_version, assessment, by=by, at=at)
    return lead


def _locked(lead: Lead) -> Lead:
    rows = Lead.objects.select_related("person", "company", "source")
    locked = rows.select_for_update(no_key=True, of=("self",)).get(pk=lead.pk)
    if locked.archived_at:
        raise LeadIsArchived
    return locked


def _check_none_open(lead: Lead) -> None:
    if lead.handoffs.filter(state__in=OPEN).exists():
        raise AlreadyHandedOff


def _mark_mql(
    lead: Lead, persona_version: PersonaVersion, found: Assessment, *, by: User, at: datetime
) -> None:
    if (
        lead.stage not in (Stage.CAPTURED, Stage.RETURNED)
        and lead.persona_version_id == persona_version.pk
    ):
        return
    on, old = events.today(at), lead.stage
    stages.reach(lead, Stage.MQL, on=on, persona_version=persona_version, qualified_by=by)
    payload: dict[str, Any] = {"persona": str(persona_version)}
    if found.overridden:
        payload["overrides"] = packages.overruled(found, score_reason="", submitter=by.name)
    events.record(
        lead,
        EventKind.QUALIFIED,
        by=by,
        at=at,
        on=on,
        from_state=old,
        to_state=Stage.MQL,
        payload=payload,
    )


@transaction.atomic
def hand_off(
    lead: Lead,
    *,
    team: Team,
    persona_version: PersonaVersion,
    by: User,
    at: datetime,
    note: str = "",
    score_reason: str = "",
) -> Handoff:
    """Pass the lead to the queue of the sales ``team``.

    Qualifies it if need be, freezes the package with the scores, starts the accept clock, tells the
    team. ``score_reason``: why below the agreement's minimum score all the same.

    Raises NotAnMql, NoAgreement, PackageIncomplete (naming the fields), ScoreTooLow,
    AlreadyHandedOff, LeadIsArchived.
    """
    lead = _locked(lead)
    _check_none_open(lead)
    version = agreements.in_force(team)
    terms = facts.terms(version)
    assessment = check_mql(lead, persona_version, terms)
    if missing := facts.missing(lead, version.package_fields):
        names = field_labels(missing)
        text = _("The package is not complete. Missing: %(fields)s.") % {
            "fields": ", ".join(names.values())
        }
        raise PackageIncomplete(text, fields=names)
    done = facts.done(lead)
    found = facts.score(assessment, done, terms, on=events.today(at))
    is_low = _check_score(found, terms, score_reason)
    overrides = packages.overruled(
        assessment, score_reason=score_reason.strip() if is_low else "", submitter=by.name
    )
    _mark_mql(lead, persona_version, assessment, by=by, at=at)
    known = {
        "source": lead.source.code if lead.source else None,
        "actions": [each.code for each in done],
        "persona": persona_version.persona.slug,
    }
    handoff = _create(
        lead,
        cycle=lead.handoffs.count() + 1,
        team=team,
        submitted_by=by,
        submitted_at=at,
        agreement_version=version,
        persona_version=persona_version,
        policy=policies.policy_for(version, team, facts=known),
        note=note,
        proves_sql=assessment.proves(MEANS) and assessment.proves(AUTHORITY),
        fit_score=found.fit.total,
        engagement_score=found.engagement.total,
        overrides=len(overrides),
    )
    actions = [(each.code, each.on.isoformat()) for each in done]
    packages.package(handoff, facts.of(lead), actions, assessment, found, overrides).save()
    start_clock(handoff, Metric.ACCEPT, at=at)
    payload: dict[str, Any] = {"team": team.name, "note": note}
    if overrides:
        payload["overrides"] = overrides
    follow(handoff, EventKind.HANDED_OFF, old="", by=by, at=at, payload=payload)
    notices.tell(
        "handoff.new",
        handoff,
        team.people.filter(is_active=True).exclude(pk=by.pk),
        at=at,
        key="new",
    )
    return handoff


def _create(lead: Lead, **fields: Any) -> Handoff:
    try:
        with transaction.atomic():
            return Handoff.objects.create(lead=lead, **fields)
    except IntegrityError as error:
        raise AlreadyHandedOff from error


def _check_score(found: Scores, terms: Terms, reason: str) -> bool:
    """Whether fit is below what the agreement asks for; raises ScoreTooLow where it is and nobody
    says why.
    """
    if terms.minimum_score is None or found.fit.total >= terms.minimum_score:
        return False
    if reason.strip():
        return True
    words = {"score": found.fit.total, "minimum": terms.minimum_score}
    text = _("The fit score is %(score)s; the agreement asks for %(minimum)s.") % words
    if gains := ", ".join(f"{in_language(line.text)} (+{line.points})" for line in found.fit.open):
        text += " " + _("What is missing: %(gains)s.") % {"gains": gains}
    text += " " + _("To hand it off all the same, say why.")
    raise ScoreTooLow(text, fields={"score_reason": text})


def claim(
    handoff: Handoff, state: HandoffState, *, of: tuple[HandoffState, ...], **fields: Any
) -> str:
    """Move the handoff to ``state`` by one conditional UPDATE, with ``fields``; returns the state
    it had.

    ``of``: the states it may come from. Where the row is in another one, or another's, by now,
    raises AlreadyTaken, which says who was faster; the caller's object is brought up to date only
    when the claim succeeds.
    """
    old = handoff.state if handoff.state in of else of[0]
    check_move(old, state)
    same = Handoff.objects.filter(pk=handoff.pk, state=old, owner=handoff.owner_id)
    if not write(handoff, same, state=state, **fields):
        raise AlreadyTaken(Handoff.objects.get(pk=handoff.pk))
    return old


def write(
    handoff: Handoff, rows: QuerySet[Handoff], *, then: Metric | None = None, **fields: Any
) -> bool:
    """Write ``fields`` to ``rows`` (the handoff's, as long as it is what it was) and to the object;
    False if to none. The object takes the policy of that moment: the terms may have been re-applied
    since it was read.

    ``then``: the metric whose clock starts next. The row points at that clock already: start_clock
    gives it the id. An owner whom the database does not take raises OwnerLeft, which ends the
    transaction.
    """
    if reserves := then is not None and then in handoff.policy["clocks"]:
        fields["clock"] = clocks.reserved()
    try:
        found = update_returning(rows, "clock_id", "policy", **fields)
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") == OWNER_GUARD:
            raise OwnerLeft from error
        raise
    if not found:
        return False
    clock, policy = found[0]
    if handoff.policy != (agreed := parsed(policy)):  # it was re-applied since the caller read it
        handoff.policy = agreed
    if reserves:
        del fields["clock"]
        handoff.clock_id = clock
        if then not in agreed["clocks"]:
            Handoff.objects.filter(pk=handoff.pk).update(clock=None)
            handoff.clock_id = None
    for name, value in fields.items():
        setattr(handoff, name, value)
    return True


@transaction.atomic
def accept(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Accept a pending handoff for ``by``.

    Stops the accept clock, starts the contact clock, tells the submitter.

    Raises AlreadyTaken, which names the winner, where somebody was faster, and RepIsFull.
    """
    check_room(handoff, by)
    running, up_next = handoff.clock, Metric.FIRST_CONTACT
    old = claim(
        handoff,
        HandoffState.ACCEPTED,
        of=(HandoffState.PENDING,),
        owner=by,
        accepted_at=at,
        then=up_next,
    )
    decision = Decision.objects.create(handoff=handoff, kind=DecisionKind.ACCEPT, by=by, at=at)
    clocks.stop(handoff, Metric.ACCEPT, at=at, known=running)
    start_clock(handoff, up_next, at=at, accountable=by, is_reserved=True)
    follow(handoff, EventKind.ACCEPTED, old=old, by=by, at=at, owner=by)
    notices.tell_submitter("handoff.accepted", handoff, by=by, at=at, decision=decision)
    return handoff


def check_room(handoff: Handoff, rep: User) -> None:
    """Raises RepIsFull where the handoff's agreement caps the open leads of a rep and ``rep`` has
    as many already.

    The person's row is the lock: two accepts of one rep at once count one after the other.
    """
    cap = handoff.policy.get("rep_cap")
    if cap is None:
        return
    User.objects.select_for_update(no_key=True).get(pk=rep.pk)
    count = Handoff.objects.filter(owner=rep, state__in=WORKED).count()
    if count >= cap:
        raise RepIsFull(rep, count, cap)


@transaction.atomic
def reject(
    handoff: Handoff, reason: RejectionReason, *, by: User, at: datetime, comment: str = ""
) -> Handoff:
    """Reject a pending handoff before contact: the lead goes back to marketing with the reason.

    Stops the accept clock (a rejection in time keeps the commitment). Raises NeedsComment,
    AlreadyTaken.
    """
    if reason.needs_comment and not comment.strip():
        text = _("This reason needs a comment: say what marketing should know.")
        raise NeedsComment(text, fields={"comment": text})
    running = handoff.clock
    old = claim(handoff, HandoffState.REJECTED, of=(HandoffState.PENDING,), closed_at=at)
    decision = Decision.objects.create(
        handoff=handoff, kind=DecisionKind.REJECT, by=by, at=at, reason=reason, comment=comment
    )
    clocks.stop(handoff, Metric.ACCEPT, at=at, known=running)
    payload = {"class": reason.kind, "reason": reason.code, "comment": comment}
    follow(handoff, EventKind.REJECTED, old=old, by=by, at=at, payload=payload, owner=None)
    notices.tell_submitter(
        "handoff.rejected", handoff, by=by, at=at, decision=decision, reason=reason.name
    )
    return handoff


@transaction.atomic
def withdraw(handoff: Handoff, *, by: User, at: datetime, comment: str = "") -> Handoff:
    """Marketing takes a pending handoff back; the lead is an MQL again."""
    old = claim(handoff, HandoffState.WITHDRAWN, of=(HandoffState.PENDING,), closed_at=at)
    clocks.cancel(handoff, Metric.ACCEPT, at=at)
    follow(handoff, EventKind.WITHDRAWN, old=old, by=by, at=at, payload={"comment": comment})
    return handoff


@transaction.atomic
def requeue(handoff: Handoff, *, by: User | None, at: datetime, cause: str) -> Handoff:
    """Put a handoff that nobody worked back at the head of the queue and tell the whole team.

    ``by`` None: the ladder.

    Pending: its accept clock runs on. Accepted and not contacted: the owner loses it, the contact
    clock ends (breached, if it was late) and a new accept clock starts. ``cause`` is the stable key
    of what caused it.
    """
    if handoff.is_pending:
        if not Handoff.objects.filter(pk=handoff.pk, state=HandoffState.PENDING).update(
            requeued_at=at
        ):
            raise AlreadyTaken(Handoff.objects.get(pk=handoff.pk))
        old, handoff.requeued_at = handoff.state, at
    else:
        released = {"owner": None, "accepted_at": None, "requeued_at": at}
        old = claim(handoff, HandoffState.PENDING, of=(HandoffState.ACCEPTED,), **released)
        handoff.decisions.filter(undone_at__isnull=True, released_at__isnull=True).update(
            released_at=at
        )
        clocks.cancel(handoff, Metric.FIRST_CONTACT, at=at, by=by)
        start_clock(handoff, Metric.ACCEPT, at=at)
    follow(handoff, EventKind.REQUEUED, old=old, by=by, at=at, payload={"cause": cause}, owner=None)
    notices.tell(
        "handoff.requeued", handoff, handoff.team.people.filter(is_active=True), at=at, key=cause
    )
    return handoff


@transaction.atomic
def reassign(handoff: Handoff, owner: User, *, by: User, at: datetime, why: str = "") -> Handoff:
    """Give a handoff that somebody works on to another person: no new decision, no new time for the
    lead.

    The clock that runs keeps its deadline, a pause goes on; the new owner's own time starts now.
    Both are told. Raises IllegalMove where nobody works on it, Conflict where it moved on,
    OwnerLeft for somebody inactive.
    """
    before = handoff.owner
    if handoff.state not in WORKED or before is None:
        raise IllegalMove
    if before.pk == owner.pk:
        return handoff
    same = Handoff.objects.filter(pk=handoff.pk, state=handoff.state, owner=before)
    if not write(handoff, same, owner=owner):
        raise Conflict
    assignments.hand_to(handoff, owner, by=by, at=at)
    words = {"from": before.name, "to": owner.name, "comment": why}
    follow(
        handoff, EventKind.REASSIGNED, old=handoff.state, by=by, at=at, payload=words, owner=owner
    )
    key = f"reassigned:{owner.pk}:{at.timestamp()}"
    params = {"params": {"by": by.name, "owner": owner.name}}
    told = (("handoff.reassigned", owner, key), ("handoff.taken_over", before, f"{key}:from"))
    for kind, person, once in told:
        notices.tell(
            kind, handoff, [person] if person.pk != by.pk else [], at=at, key=once, **params
        )
    return handoff


def start_clock(
    handoff: Handoff,
    metric: Metric,
    *,
    at: datetime,
    accountable: User | None = None,
    is_reserved: bool = False,
) -> None:
    """Start the clock of ``metric`` under the handoff's own policy and make it the one that the
    queue shows.

    ``is_reserved``: the row points at it already (:func:`write`).
    """
    pk = handoff.clock_id if is_reserved else None
    clock = clocks.start(
        handoff, metric, handoff.policy, team=handoff.team, at=at, accountable=accountable, pk=pk
    )
    if clock is not None:
        if not is_reserved:
            Handoff.objects.filter(pk=handoff.pk).update(clock=clock)
        handoff.clock = clock


def follow(
    handoff: Handoff,
    kind: EventKind,
    *,
    old: str,
    by: User | None,
    at: datetime,
    happened_at: datetime | None = None,
    payload: dict[str, Any] | None = None,
    **lead: Any,
) -> None:
    """The lead follows its handoff to the state just reached: stage, its date, ``lead`` fields, and
    the event.

    ``old``: the handoff's state before; ``happened_at``: when it was, if not now (decides the
    date).
    """
    on = events.today(happened_at or at)
    lead["contact_hidden"] = handoff.is_pending and bool(handoff.policy.get("hide_contact"))
    stages.reach(handoff.lead, STAGE_OF[HandoffState(handoff.state)], on=on, **lead)
    record(handoff, kind, old=old, by=by, at=at, on=on, payload=payload)


def record(
    handoff: Handoff,
    kind: EventKind,
    *,
    old: str,
    by: User | None,
    at: datetime,
    on: date | None = None,
    payload: dict[str, Any] | None = None,
) -> None:
    """Write an event of the handoff.

    ``old``: its state before; ``on``: the date, default today's.
    """
    events.record(
        handoff.lead,
        kind,
        by=by,
        at=at,
        on=on or events.today(at),
        handoff=handoff,
        from_state=old,
        to_state=handoff.state,
        payload={"cycle": handoff.cycle, **(payload or {})},
    )
