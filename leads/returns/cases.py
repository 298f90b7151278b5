"""The cases of the arbiter: who decides one, by when, and when a rejection opens one by itself.

What the arbiter decides: leads.returns.disputes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from crm.accounts import leaves
from crm.accounts.leaves import Line
from crm.accounts.models import User
from crm.accounts.states import Side
from crm.lib import clock as product_clock
from crm.lib.db.inserts import insert, take_next_ids
from crm.lib.db.returning import update_returning
from crm.lib.db.state_machine import check_move
from crm.notifications import outbox
from leads.handoffs import notices
from leads.models import Decision, Dispute, Handoff, Lead, Parking, Return
from leads.models.disputes import DisputeQuerySet
from leads.states import (
    DISPUTE_MOVES,
    DecisionKind,
    DisputeKind,
    DisputeState,
    HandoffState,
    ParkingState,
    ReturnState,
    Stage,
)
from sla.agreements import default_terms
from sla.calendars import work_calendars
from sla.clocks import clocks
from sla.models import Clock
from sla.states import DISPUTE
from sla.worktime.calendar import WorkCalendar

NEWS = {DisputeKind.CONTESTED: "handoff.disputed", DisputeKind.REPEATED: "handoff.repeated"}


def of(handoff: Handoff) -> Dispute | None:
    """Return the case about ``handoff``, open or decided, or None. One query for each object."""
    known = handoff.__dict__
    if "_case" not in known:
        rows = Dispute.objects.standing()
        rows = rows.select_related("arbiter", "clock", "opened_by", "decided_by")
        known["_case"] = rows.filter(handoff=handoff).first()
    case: Dispute | None = known["_case"]
    return case


def is_open(handoff: Handoff) -> bool:
    """Return whether ``handoff`` is with the arbiter."""
    case = of(handoff)
    return case is not None and case.is_open


def is_with_arbiter(lead: Lead) -> bool:
    """Return whether the arbiter has ``lead``; one query for a lead that was sent back."""
    return lead.stage == Stage.RETURNED and Dispute.objects.open().filter(lead=lead).exists()


# -- Who decides


def agreed_arbiter(handoff: Handoff, *, besides: User | None) -> User | None:
    """Return the arbiter of the handoff's agreement; None where the directors decide.

    They do so in place of a person who cannot arbitrate any more, who rejected the lead in this
    cycle or before, or who contests it (``besides``).
    """
    arbiter = handoff.agreement_version.arbiter
    if arbiter is None or not _can_arbitrate(arbiter) or arbiter == besides:
        return None
    rejections = Decision.objects.standing().filter(kind=DecisionKind.REJECT, by=arbiter)
    if rejections.filter(handoff__lead=handoff.lead_id).exists():
        return None
    return arbiter


def _can_arbitrate(person: User) -> bool:
    """Return whether the person is active, and sees the leads of their cases.

    A person who leads no team any more sees none (leads.models.sight).
    """
    leads_team = any(person.team_ids(side, led=True) for side in Side.values)
    return person.is_active and (person.is_director or leads_team)


def absent(arbiters: Iterable[User], *, at: datetime) -> set[int]:
    """Return the ids of those of ``arbiters`` in whose place the directors decide at ``at``."""
    people = list(arbiters)
    gone = {person.pk for person in people if not _can_arbitrate(person)}
    return gone | set(leaves.away(people, at=at))


def deciders(case: Dispute, *, at: datetime) -> list[User]:
    """Return who decides ``case`` at ``at``: its arbiter; the directors in their absence."""
    return [person for people, _more in line_of(case, at=at).addressed() for person in people]


def line_of(case: Dispute, *, at: datetime) -> Line:
    """Return who decides ``case`` at ``at``, and in whose place."""
    arbiter = case.arbiter
    if arbiter is None:
        return Line(leaves.present_directors(at=at))
    if absent([arbiter], at=at):
        return Line([], [(arbiter, leaves.present_directors(at=at))])
    return Line([arbiter])


def may_decide(user: User, handoff: Handoff) -> bool:
    """Return whether ``user`` is the arbiter of the case about ``handoff``.

    Without a case: whether they might be one.
    """
    case = of(handoff)
    if case is None:
        return user.is_director or handoff.agreement_version.arbiter_id == user.pk
    if case.arbiter_id == user.pk:
        return True
    if not user.is_director:
        return False
    arbiter = case.arbiter
    return arbiter is None or bool(absent([arbiter], at=product_clock.now()))


def waiting_for(user: User, *, at: datetime) -> DisputeQuerySet:
    """Return the open cases that ``user`` decides at ``at``.

    For a director four queries, however many arbiters have an open case.
    """
    return Dispute.objects.of_arbiter(user, absent=absent_arbiters(user, at=at))


def absent_arbiters(user: User, *, at: datetime) -> set[int]:
    """Return the arbiters of open cases in whose place ``user`` decides at ``at``."""
    if not user.is_director:
        return set()
    arbiters = User.objects.filter(pk__in=Dispute.objects.open().values("arbiter"))
    return absent(arbiters.prefetch_related("memberships__team"), at=at)


# -- Opening and ending


def open_case(
    handoff: Handoff, kind: DisputeKind, *, by: User | None, at: datetime, why: str = ""
) -> Dispute:
    """Open the case, start the clock of the decision, and notify who decides.

    ``by``: who contests the rejection; None where the number of rejections opens it.
    """
    case_id, clock_id = take_next_ids(Dispute, Clock)
    case = Dispute(
        id=case_id,
        lead=handoff.lead,
        handoff=handoff,
        kind=kind,
        opened_at=at,
        opened_by=by,
        why=why,
        arbiter=agreed_arbiter(handoff, besides=by),
    )
    policy = default_terms.dispute_policy(handoff.agreement_version, _calendar(case))
    case.clock = clocks.new(
        case, DISPUTE, policy, team=handoff.team, at=at, accountable=case.arbiter, pk=clock_id
    )
    insert(*[row for row in (case.clock, case) if row is not None])
    _tell(case, at=at)
    return case


def _calendar(case: Dispute) -> WorkCalendar:
    """Return the calendar in which the time of the decision counts."""
    version = case.handoff.agreement_version
    if case.arbiter is not None:
        for member in case.arbiter.memberships_now:
            return work_calendars.plain_of_team(member.team, version.calendar_id)
    return work_calendars.plain(version.calendar)


def _tell(case: Dispute, *, at: datetime) -> None:
    news = notices.News(
        NEWS[DisputeKind(case.kind)],
        case.handoff,
        [],
        key=f"case:{case.pk}",
    )
    if case.opened_by is not None:
        news = replace(news, params={"by_id": case.opened_by.pk})
    else:
        # The rejection that opened the case by itself may still be undone.
        decision = case.handoff.decisions.standing().values_list("pk", flat=True).first()
        news = replace(news, cause=f"decision:{decision}", wait=outbox.UNDO_WINDOW)
    notices.notify_many(notices.to_line(news, line_of(case, at=at)), at=at)


def decide(
    handoff: Handoff,
    kind: DisputeKind,
    state: DisputeState,
    *,
    by: User,
    at: datetime,
    comment: str,
) -> Dispute | None:
    """Write the decision by one conditional UPDATE and stop its clock.

    Return None where ``handoff`` has no open case of this ``kind`` (any more).
    """
    rows = Dispute.objects.open().filter(handoff=handoff, kind=kind)
    case = rows.select_related("opened_by", "arbiter").first()
    if case is None:
        return None
    case.handoff = handoff
    check_move(DISPUTE_MOVES, DisputeState.OPEN, state)
    changes = {"state": state, "decided_at": at, "decided_by": by, "comment": comment}
    still_open = {"id": case.pk, "state": DisputeState.OPEN}
    if not update_returning(Dispute, still_open, "id", **changes):
        return None
    for name, value in changes.items():
        setattr(case, name, value)
    clocks.stop(case, DISPUTE, at=at, by=by)
    return case


def cancel(handoff: Handoff, *, by: User, at: datetime) -> None:
    """End an open case without a decision."""
    still_open = {"handoff": handoff.pk, "state": DisputeState.OPEN}
    changes = {"state": DisputeState.CANCELLED, "decided_at": at, "decided_by": by}
    for (pk,) in update_returning(Dispute, still_open, "id", **changes):
        clocks.cancel(Dispute(pk=pk), DISPUTE, at=at, by=by)


# -- The number of rejections


def is_once_too_often(handoff: Handoff) -> bool:
    """Return whether the rejection of ``handoff`` is the one that goes to the arbiter.

    It is at least the Nth (``max_returns`` of its agreement) that stands since the lead was woken.
    """
    most = handoff.agreement_version.max_returns
    # Most rejections are of the first cycle and need no query.
    if handoff.cycle < most:
        return False
    return _standing_rejections(handoff) >= most


def _standing_rejections(handoff: Handoff) -> int:
    return standing_rejections().filter(lead=handoff.lead_id).count()


def standing_rejections() -> QuerySet[Handoff]:
    """Return the handoffs whose rejection stands, and whose lead was not woken since."""
    woken = Parking.objects.filter(
        lead=OuterRef("lead"), state=ParkingState.WOKEN, ended_at__gte=OuterRef("closed_at")
    )
    overturned = Return.objects.filter(handoff=OuterRef("pk"), state=ReturnState.OVERTURNED)
    rejected = Handoff.objects.filter(state=HandoffState.REJECTED)
    return rejected.exclude(Exists(overturned)).exclude(Exists(woken))
