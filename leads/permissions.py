"""Who may do what with leads and handoffs.

The whole policy in one file, except for sight: that is ``visible_to`` of the models. A step has a
:class:`Permission`, whose two questions are answered in the order of leads.steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib.catalogue import in_use
from leads.bulk.states import BulkKind
from leads.journey import Part
from leads.models import Handoff, ImportRun, Lead, MessageTemplate
from leads.returns import cases, second_decisions
from leads.states import (
    DISQUALIFIED_FROM,
    JUDGED_AFTER,
    LOST_FROM,
    PARKED_AFTER,
    PAUSED_IN,
    QUALIFIED_IN,
    RECYCLED_FROM,
    REOPENED_FROM,
    REQUEUED_IN,
    SENT_BACK,
    STAGE_OF,
    WON_FROM,
    WORKED,
    DisputeKind,
    DisputeState,
    HandoffState,
    Stage,
)

# Leads with an open handoff and won leads stay in the lists.
ARCHIVED_IN = (*QUALIFIED_IN, Stage.LOST, Stage.DISQUALIFIED, Stage.CLOSED, Stage.RECYCLED)


@dataclass(frozen=True)
class Permission:
    """Who may take a step on a lead or a handoff, and when.

    ``who`` asks for the role alone, in whatever state the subject is. ``when`` asks whether the
    step is possible now. ``is_a_race``: people compete for the step.
    """

    who: Callable[[User, Any], bool]
    when: Callable[[User, Any], bool]
    is_a_race: bool = False

    def __call__(self, user: User, subject: Any) -> bool:
        """Return whether ``user`` may take the step now, as pages ask that offer it."""
        # The state first: it costs no query.
        return self.when(user, subject) and self.who(user, subject)


def _in(*states: str) -> Callable[[User, Handoff], bool]:
    """Return the condition that a handoff is in one of ``states``."""

    def when(user: User, handoff: Handoff) -> bool:
        return handoff.state in states

    return when


# -- Roles


def _brought(user: User, lead: Lead) -> bool:
    """The marketing team that brought the lead."""
    team_id = lead.marketing_team_id
    if team_id is None:
        return False
    return team_id in user.team_ids(Side.MARKETING)


def _brought_lead_of(user: User, handoff: Handoff) -> bool:
    return _brought(user, handoff.lead)


def _leads_marketing_of(user: User, handoff: Handoff) -> bool:
    """A lead of the marketing team that brought the lead, or a director."""
    return user.is_director or handoff.lead.marketing_team_id in user.team_ids(
        Side.MARKETING, led=True
    )


def _is_of_queue(user: User, handoff: Handoff) -> bool:
    """The people of the sales team whose queue it is or was in."""
    return handoff.team_id in user.team_ids(Side.SALES)


def _leads_team_of(user: User, handoff: Handoff) -> bool:
    return handoff.team_id in user.team_ids(Side.SALES, led=True)


def _works(user: User, handoff: Handoff) -> bool:
    """The owner, or a lead of the team or the owner's delegate in their place.

    While it has no owner, the people of its team: the state alone keeps them from the step.
    """
    if handoff.owner_id is None:
        return _is_of_queue(user, handoff)
    if handoff.owner_id == user.pk or _leads_team_of(user, handoff):
        return True
    return _is_of_queue(user, handoff) and handoff.owner_id in user.stands_in_for


def _reassigns(user: User, handoff: Handoff) -> bool:
    """A lead of the team, or a director."""
    return user.is_director or _leads_team_of(user, handoff)


def _decided(user: User, handoff: Handoff) -> bool:
    """The author of the decision that stands; without one, the people of the team."""
    standing = handoff.decisions.standing()
    author = standing.values_list("by", flat=True).first()
    if author is None:
        return _is_of_queue(user, handoff)
    return author == user.pk


# -- Leads


def can_log(user: User) -> bool:
    """Log leads: marketing."""
    return bool(user.team_ids(Side.MARKETING))


def _is_kept(user: User, lead: Lead) -> bool:
    # An archived lead is kept for its history alone.
    return lead.archived_at is None


def _is_at(*stages: str) -> Callable[[User, Lead], bool]:
    """Return the condition that a lead in use is at one of ``stages``."""

    def when(user: User, lead: Lead) -> bool:
        return lead.stage in stages and _is_kept(user, lead)

    return when


def _sees(user: User, lead: Lead) -> bool:
    """All who may see the lead, which callers have checked."""
    return True


def _may_work_on(user: User, lead: Lead) -> bool:
    """The owner, or a lead of the team of its open handoff; in a queue, the people of its team.

    While the owner is away, the delegate, too.
    """
    if lead.owner_id == user.pk:
        return True
    asks_lead = lead.owner_id is not None and lead.owner_id not in user.stands_in_for
    teams = user.team_ids(Side.SALES, led=asks_lead)
    # Most people are of no such team and need no query.
    if not teams:
        return False
    return Handoff.objects.open().filter(lead=lead, team__in=teams).exists()


def _works_on(user: User, lead: Lead) -> bool:
    return _is_kept(user, lead) and lead.owner_id is not None


# Change data and evidence: the marketing team that brought the lead, or who works on it.
can_change_own = Permission(who=_brought, when=_is_kept)
can_change_worked = Permission(who=_may_work_on, when=_works_on)
# Write a note.
can_note = Permission(who=_sees, when=_is_kept)
# Qualify as MQL, and hand off to sales: the marketing team that brought the lead.
can_qualify = Permission(who=_brought, when=_is_at(*QUALIFIED_IN))
can_hand_off = can_qualify
# Archive: the same people, before or after sales has it.
can_archive = Permission(who=_brought, when=_is_at(*ARCHIVED_IN))
CHANGE = (can_change_own, can_change_worked)


def can_change(user: User, lead: Lead) -> bool:
    """Change data and evidence by one of CHANGE."""
    return any(permission(user, lead) for permission in CHANGE)


def can_plan(user: User, lead: Lead, handoff: Handoff | None) -> bool:
    """Set the next step: who works on it; while marketing has it, the team that brought it."""
    if handoff is not None and handoff.is_open:
        return can_work(user, handoff)
    return can_qualify(user, lead)


# -- Many leads at once


def bulk_kinds(user: User) -> list[str]:
    """Return the acts on many leads that may be offered; each lead is judged by itself."""
    kinds: list[str] = []
    if can_log(user):
        kinds += [BulkKind.HAND_OFF, BulkKind.ARCHIVE]
    if can_assign(user):
        kinds.append(BulkKind.ASSIGN)
    return kinds


def can_assign(user: User) -> bool:
    """Give leads to owners at all: leads of sales teams, and directors."""
    return user.is_director or bool(user.team_ids(Side.SALES, led=True))


def can_lead(user: User) -> bool:
    """Look after people and give their leads to others: leads of teams, and directors."""
    return user.is_director or any(member.is_lead for member in user.memberships_now)


# -- Imports


def can_import(user: User) -> bool:
    """Import leads: people who may log one."""
    return can_log(user)


def can_read_imports(user: User) -> bool:
    """Read imports: people who import, and directors."""
    return user.is_director or can_import(user)


def can_work_import(user: User, run: ImportRun) -> bool:
    """Change, start or undo an import: people of its marketing team."""
    return run.team_id in user.team_ids(Side.MARKETING)


# -- Handoffs


def _is_pending(user: User, handoff: Handoff) -> bool:
    # Asked of the rows of lists, too, which have no state.
    return handoff.is_pending


def _proves_sql(user: User, handoff: Handoff) -> bool:
    return handoff.proves_sql and _may_be_decided(user, handoff)


def _may_be_decided(user: User, handoff: Handoff) -> bool:
    return handoff.is_pending and not second_decisions.is_barred(user, handoff)


def _is_kept_in(*states: str) -> Callable[[User, Handoff], bool]:
    """Return the condition that a handoff of a lead in use is in one of ``states``."""

    def when(user: User, handoff: Handoff) -> bool:
        return handoff.state in states and _is_kept(user, handoff.lead)

    return when


def _is_at_after(stage: Stage, *states: str) -> Callable[[User, Handoff], bool]:
    """Return the condition that a handoff is in one of ``states``, its lead in use at ``stage``."""

    def when(user: User, handoff: Handoff) -> bool:
        if handoff.state not in states:
            return False
        return handoff.lead.stage == stage and _is_kept(user, handoff.lead)

    return when


_is_back = _is_at_after(Stage.RETURNED, *SENT_BACK)
_is_rejected = _is_at_after(Stage.RETURNED, HandoffState.REJECTED)
_is_closed_after = _is_at_after(Stage.CLOSED, *SENT_BACK)


def _waits_for_marketing(user: User, handoff: Handoff) -> bool:
    """Return whether what sales sent back waits for an answer of marketing."""
    return _is_back(user, handoff) and not cases.is_open(handoff)


def _is_contestable(user: User, handoff: Handoff) -> bool:
    # The arbiter decides on a rejection once.
    return _is_rejected(user, handoff) and cases.of(handoff) is None


def _is_case(kind: DisputeKind) -> Callable[[User, Handoff], bool]:
    """Return the condition that a handoff is with the arbiter as a case of ``kind``."""

    def when(user: User, handoff: Handoff) -> bool:
        if not _is_rejected(user, handoff):
            return False
        case = cases.of(handoff)
        return case is not None and case.is_open and case.kind == kind

    return when


def _may_be_taken_up(user: User, handoff: Handoff) -> bool:
    """Return whether marketing closed the lead, or the arbiter did and something is new since."""
    if not _is_closed_after(user, handoff):
        return False
    case = cases.of(handoff)
    if case is None or case.state != DisputeState.CLOSED or case.decided_at is None:
        return True
    return second_decisions.is_new_since(handoff.lead, case.decided_at)


def _may_recycle(user: User, handoff: Handoff) -> bool:
    """Return whether ``user`` is of the side that has the lead."""
    if handoff.state in SENT_BACK:
        return _brought_lead_of(user, handoff)
    return _works(user, handoff)


def _is_recyclable(user: User, handoff: Handoff) -> bool:
    if not _is_kept(user, handoff.lead):
        return False
    if handoff.state in RECYCLED_FROM:
        return True
    if handoff.state == HandoffState.REJECTED:
        return _waits_for_marketing(user, handoff)
    # The stage says whether this is still the result of the lead. A lead has the owner of its last
    # handoff (crm.invariants), which may have had the same result as this one.
    has_outcome = handoff.state in (*SENT_BACK, *PARKED_AFTER)
    if not has_outcome or handoff.lead.owner_id != handoff.owner_id:
        return False
    return handoff.lead.stage == STAGE_OF[HandoffState(handoff.state)]


def _is_parked(user: User, handoff: Handoff) -> bool:
    is_over = handoff.lead.stage == Stage.RECYCLED and not handoff.is_open
    return is_over and _is_kept(user, handoff.lead)


def _is_disqualifiable(user: User, handoff: Handoff) -> bool:
    return handoff.state in DISQUALIFIED_FROM and handoff.has_contact()


def _any_time(user: User, handoff: Handoff) -> bool:
    """For how long a decision may be undone: leads.handoffs.undo."""
    return True


# Take back a pending handoff: the marketing team that brought the lead.
can_withdraw = Permission(_brought_lead_of, _in(HandoffState.PENDING), is_a_race=True)
# Accept or reject: the people of the sales team whose queue it is in, but who rejected the lead.
can_decide = Permission(_is_of_queue, _may_be_decided, is_a_race=True)
# The same of a row of a list, which has read who rejected what for all its rows at once.
can_decide_if_not_barred = Permission(_is_of_queue, _is_pending)
# Accept as SQL: the same people, if the package proves means and authority.
can_accept_as_sql = Permission(_is_of_queue, _proves_sql, is_a_race=True)
# Answer a return: the marketing team that brought the lead.
can_answer_return = Permission(_brought_lead_of, _waits_for_marketing)
# Give the return to another person of that team: its leads, and directors.
can_assign_return = Permission(_leads_marketing_of, _waits_for_marketing)
# Contest the rejection: the same people, once. The arbiter decides on it.
can_dispute = Permission(_brought_lead_of, _is_contestable)
can_arbitrate = Permission(cases.may_decide, _is_case(DisputeKind.CONTESTED))
# Decide what becomes of a lead that was rejected too often: the arbiter, too.
can_settle = Permission(cases.may_decide, _is_case(DisputeKind.REPEATED))
# Take up again what is closed, by them or as a duplicate: the same people.
can_take_up = Permission(_brought_lead_of, _may_be_taken_up)
# Recycle: marketing as an answer to a return, else who works or worked on it.
can_recycle = Permission(_may_recycle, _is_recyclable)
# Give back, or recycle as not reached, before a contact: who works on it.
can_give_back = can_end_unreached = Permission(_works, _in(HandoffState.ACCEPTED))
# Wake a recycled lead by hand: the marketing team that brought it.
can_wake = Permission(_brought_lead_of, _is_parked)
# Undo a decision: its author.
can_undo = Permission(_decided, _any_time)
# Put back into the queue: a lead of the team. Give to a colleague: a director, too.
can_requeue = Permission(_leads_team_of, _in(*REQUEUED_IN))
can_reassign = Permission(_reassigns, _in(*WORKED))
# Work on it, from contact to outcome: the owner, or a lead of the team or the delegate in their
# place.
can_work = Permission(_works, _in(*WORKED))
can_pause = Permission(_works, _in(*PAUSED_IN))
can_qualify_sql = Permission(_works, _in(HandoffState.ACCEPTED, HandoffState.CONTACTED))
can_open_opportunity = Permission(_works, _in(HandoffState.SQL))
can_expect = Permission(_works, _in(HandoffState.OPPORTUNITY))
can_win = Permission(_works, _in(*WON_FROM))
can_lose = Permission(_works, _in(*LOST_FROM))
# Only after a contact, which an SQL by its package alone may lack.
can_disqualify = Permission(_works, _is_disqualifiable)
# Correct the amount of a won handoff, and reopen an outcome: the same people.
can_correct_amount = Permission(_works, _is_kept_in(HandoffState.WON))
can_reopen = Permission(_works, _is_kept_in(*REOPENED_FROM))
# Say whether the package was true: the same people.
can_judge_package = Permission(_works, _in(*JUDGED_AFTER))


def parts(user: User, lead: Lead, handoff: Handoff | None) -> set[Part]:
    """Return the parts that ``user`` plays for the lead now (leads.journey)."""
    played: set[Part] = set()
    if can_qualify(user, lead):
        played.add(Part.MARKETING)
    if handoff is None:
        return played
    if can_decide(user, handoff):
        played.add(Part.QUEUE)
    if can_work(user, handoff):
        played.add(Part.WORKER)
    return played


def can_reapply(user: User) -> bool:
    """Bring open handoffs to the agreement in force: leads of sales teams, and directors."""
    return user.is_director or bool(user.team_ids(Side.SALES, led=True))


# -- Settings and results


def can_edit_catalogues(user: User) -> bool:
    """Edit valuable actions and their points: leads of teams of either side, and admins."""
    leads_marketing = user.team_ids(Side.MARKETING, led=True)
    leads_sales = user.team_ids(Side.SALES, led=True)
    return user.is_admin or bool(leads_marketing or leads_sales)


def can_edit_templates(user: User) -> bool:
    """Edit message templates at all: leads of teams, and directors."""
    return user.is_director or any(member.is_lead for member in user.memberships_now)


def can_edit_template(user: User, template: MessageTemplate) -> bool:
    """Edit this one: a lead of its team, or a director."""
    return teams_with_templates(user).filter(pk=template.team_id).exists()


def teams_with_templates(user: User) -> QuerySet[Team]:
    """Return the teams in use whose templates ``user`` may edit."""
    teams = in_use(Team)
    if user.is_director:
        return teams
    led = [member.team_id for member in user.memberships_now if member.is_lead]
    return teams.filter(pk__in=led)


def can_read_alignment(user: User) -> bool:
    """Read the alignment page: people of a team, and directors; an admin alone may not."""
    return user.is_director or bool(user.memberships_now)
