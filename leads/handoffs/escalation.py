"""What the steps of a ladder do to a handoff that nobody acted on. crm/tasks.py maps step kinds to
these.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min

from crm.accounts.models import User
from leads.handoffs import notices, pauses, transitions
from leads.models import Handoff
from leads.states import EventKind
from sla.clocks.ladder import Resumed, SubjectBusy
from sla.models import Clock, Firing
from sla.states import Metric


def done_at(clock: Clock) -> datetime | None:
    """When the act that ``clock`` waits for was done, by the handoff's own records, read again
    under its lock.

    The clock's row should have been stopped with it; a breach is announced only where this says so,
    too.
    """
    handoff = _handoff(clock)
    if clock.metric == Metric.ACCEPT:
        standing = handoff.decisions.filter(undone_at__isnull=True, released_at__isnull=True)
        return standing.filter(at__gte=clock.started_at).aggregate(at=Min("at"))["at"]
    if clock.metric == Metric.FIRST_CONTACT:
        contacts = handoff.attempts.filter(reached=True, at__gte=clock.started_at)
        return contacts.aggregate(at=Min("at"))["at"]
    return handoff.sql_at or handoff.closed_at if clock.metric == Metric.SQL_DECISION else None


def resumed(clock: Clock, over: Resumed) -> None:
    """The pause is over by itself."""
    pauses.elapsed(_handoff(clock), clock, over.pause, at=over.at)


def warn(clock: Clock, firing: Firing) -> None:
    """Tell those who can still keep the promise that time is running out."""
    handoff = _handoff(clock)
    _escalated(handoff, clock, firing)
    _tell("handoff.warning", handoff, _accountable(handoff, clock), firing, clock)


def breach(clock: Clock, firing: Firing) -> None:
    """The promise is broken: tell those who owed it and the one who waits for it."""
    handoff = _handoff(clock)
    _escalated(handoff, clock, firing)
    _tell(
        "handoff.breached",
        handoff,
        [*_accountable(handoff, clock), handoff.submitted_by],
        firing,
        clock,
    )


def tell_lead(clock: Clock, firing: Firing) -> None:
    """Tell the leads of the team that owes it; where there is none, the directors."""
    handoff = _handoff(clock)
    _escalated(handoff, clock, firing)
    leads = list(
        handoff.team.people.filter(
            memberships__is_lead=True, memberships__team=handoff.team, is_active=True
        )
    )
    _tell("handoff.escalated_lead", handoff, leads or _directors(), firing, clock)


def requeue(clock: Clock, firing: Firing) -> None:
    """Back to the head of the queue, for the whole team to see."""
    handoff = _handoff(clock)
    _escalated(handoff, clock, firing)
    transitions.requeue(handoff, by=None, at=firing.at, cause=f"firing:{firing.pk}")
    if not handoff.team.people.filter(is_active=True).exists():
        _tell("handoff.requeued", handoff, _directors(), firing, clock)


def tell_director(clock: Clock, firing: Firing) -> None:
    """Tell the directors; where there is none, the admins."""
    handoff = _handoff(clock)
    _escalated(handoff, clock, firing)
    _tell("handoff.escalated_director", handoff, _directors(), firing, clock)


def _handoff(clock: Clock) -> Handoff:
    """The clock's handoff and its lead, locked.

    Never waits: who holds one is about to change what we would say, and a sweep that waited would
    hold up its whole batch.
    """
    handoff = (
        Handoff.objects.select_for_update(skip_locked=True, no_key=True, of=("self", "lead"))
        .select_related("lead__person", "lead__company", "team", "owner", "submitted_by")
        .filter(pk=clock.subject_id)
        .first()
    )
    if handoff is None:
        raise SubjectBusy
    return handoff


def _accountable(handoff: Handoff, clock: Clock) -> list[User]:
    """The owner, or everybody who could take the handoff from the queue."""
    if handoff.owner is not None:
        return [handoff.owner]
    return list(handoff.team.people.filter(is_active=True))


def _directors() -> list[User]:
    active = User.objects.filter(is_active=True)
    return list(active.filter(is_director=True)) or list(active.filter(is_admin=True))


def _escalated(handoff: Handoff, clock: Clock, firing: Firing) -> None:
    payload = {"step": firing.kind, "level": firing.level, "metric": clock.metric}
    transitions.record(
        handoff, EventKind.ESCALATED, old=handoff.state, by=None, at=firing.at, payload=payload
    )


def _tell(kind: str, handoff: Handoff, people: list[User], firing: Firing, clock: Clock) -> None:
    """Tell ``people``; where none of them is here any more, the directors."""
    people = [person for person in people if person.is_active] or _directors()
    params = {
        "metric": clock.metric,
        "due_at": clock.due_at.isoformat(),
        "owner": handoff.owner.name if handoff.owner else "",
    }
    notices.tell(kind, handoff, people, at=firing.at, key=f"firing:{firing.pk}", params=params)
