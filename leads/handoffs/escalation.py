"""The ladder steps of overdue handoffs, by batches.

crm/tasks.py maps the step kinds to these functions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from crm.accounts import leaves, teams
from crm.accounts.models import Team, User
from leads.handoffs import firings, pauses, transitions
from leads.handoffs.transitions import Requeue
from leads.models import Attempt, Decision, Handoff
from sla.clocks.subjects import Held, Step
from sla.models import Clock, Pause
from sla.states import REQUEUED, Metric, StepKind


def hold(clocks: Sequence[Clock]) -> dict[int, Handoff]:
    """Lock the handoffs of ``clocks`` and their leads; return them by clock id.

    Without those of which another transaction holds one.
    """
    handoffs = list(_lock([clock.subject_id for clock in clocks]))
    _join_people(handoffs)
    by_id = {handoff.pk: handoff for handoff in handoffs}
    return {clock.pk: by_id[clock.subject_id] for clock in clocks if clock.subject_id in by_id}


def _lock(handoff_ids: Sequence[int]) -> QuerySet[Handoff]:
    # Never wait: a lock held by a person's request would hold up the whole batch of the sweep.
    rows = Handoff.objects.select_for_update(skip_locked=True, no_key=True, of=("self", "lead"))
    return rows.select_related("lead").filter(pk__in=handoff_ids)


def _join_people(handoffs: Sequence[Handoff]) -> None:
    """Give each handoff its team, owner and submitter. Two queries for all."""
    team_of = Team.objects.in_bulk({handoff.team_id for handoff in handoffs})
    ids = {handoff.submitted_by_id for handoff in handoffs}
    ids |= {handoff.owner_id for handoff in handoffs if handoff.owner_id is not None}
    person_of = User.objects.in_bulk(ids)
    for handoff in handoffs:
        handoff.team = team_of[handoff.team_id]
        handoff.submitted_by = person_of[handoff.submitted_by_id]
        if handoff.owner_id is not None:
            handoff.owner = person_of[handoff.owner_id]


def done_at(clocks: Sequence[Clock], held: Held) -> dict[int, datetime]:
    """Return when the promised act of each clock was done, by the records of its locked handoff.

    Without those whose act was not done.
    """
    found: dict[int, datetime] = {}
    decisions = Decision.objects.standing()
    contacts = Attempt.objects.filter(reached=True)
    found.update(_earliest(decisions, _of(clocks, Metric.ACCEPT)))
    found.update(_earliest(contacts, _of(clocks, Metric.FIRST_CONTACT)))
    for clock in _of(clocks, Metric.SQL_DECISION):
        handoff = held.get(clock.pk)
        if handoff is not None and (handoff.sql_at or handoff.closed_at):
            found[clock.pk] = handoff.sql_at or handoff.closed_at
    return found


def _of(clocks: Sequence[Clock], metric: Metric) -> list[Clock]:
    return [clock for clock in clocks if clock.metric == metric]


def _earliest(acts: QuerySet[Any], clocks: Sequence[Clock]) -> dict[int, datetime]:
    """Return the moment of the first of ``acts`` after the start of each clock; one query."""
    if not clocks:
        return {}
    moments: dict[int, list[datetime]] = {}
    rows = acts.filter(handoff__in=[clock.subject_id for clock in clocks])
    for handoff_id, at in rows.order_by("at").values_list("handoff_id", "at"):
        moments.setdefault(handoff_id, []).append(at)
    found = {}
    for clock in clocks:
        after = (at for at in moments.get(clock.subject_id, []) if at >= clock.started_at)
        first = next(after, None)
        if first is not None:
            found[clock.pk] = first
    return found


def is_single(kind: str, handoff: Handoff) -> bool:
    """Return whether the step ends one clock and starts another, which is done one by one."""
    return kind == StepKind.REQUEUE and not handoff.is_pending


def resume(clock: Clock, handoff: Handoff, pause: Pause, at: datetime) -> None:
    """Record that ``pause`` reached its planned end and notify the owner."""
    pauses.elapsed(handoff, clock, pause, at=at)


def warn(steps: Sequence[Step]) -> None:
    """Warn the people who can still keep the promise."""
    firings.fire("handoff.warning", steps, _accountable(steps))


def breach(steps: Sequence[Step]) -> None:
    """Notify the accountable people and the submitter of each breach."""
    accountable = _accountable(steps)
    # The submitter waits for the act and must learn of the breach, too.
    firings.fire(
        "handoff.breached", steps, lambda handoff: [*accountable(handoff), handoff.submitted_by]
    )


def notify_team_lead(steps: Sequence[Step]) -> None:
    """Notify the leads of the accountable team; if it has none, the directors."""
    _tell_team_lead(steps)


def _tell_team_lead(steps: Sequence[Step], *, as_kind: StepKind | None = None) -> None:
    leads = teams.active_leads(_team_ids(steps))
    firings.fire(
        "handoff.escalated_lead",
        steps,
        lambda handoff: leads[handoff.team_id],
        as_kind=as_kind,
    )


def requeue(steps: Sequence[Step]) -> None:
    """Put the handoffs back at the head of their queues; of an empty team, notify the directors.

    An accepted one whose owner has tried to reach the lead stays, and the lead of the team hears;
    so does one whose old ladder has this step on another clock.
    """
    tried = _tried(steps)
    staying = [
        step for step in steps if step.subject.pk in tried or step.clock.metric not in REQUEUED
    ]
    _notify_team_lead_instead(staying)
    steps = [step for step in steps if step not in staying]
    if not steps:
        return
    firings.record(steps)
    # The firing is the key of the notice: a step that is tried again must not send it twice.
    rows = [Requeue(step.subject, f"firing:{step.firing.pk}") for step in steps]
    at = steps[0].firing.at
    pending = [row for row in rows if row.handoff.is_pending]
    if pending:
        transitions.requeue_pending(pending, by=None, at=at)
    for row in rows:
        if row not in pending:
            transitions.requeue(row.handoff, by=None, at=at, cause=row.cause)
    people = teams.active_people(_team_ids(steps))
    absent = _absent(people, at=at)
    unread = [step for step in steps if not _present(people[step.subject.team_id], absent)]
    firings.notify("handoff.requeued", unread, lambda handoff: people[handoff.team_id])


def _tried(steps: Sequence[Step]) -> set[int]:
    """Return the ids of the accepted handoffs whose owners have made an attempt since."""
    accepted = [step.subject.pk for step in steps if not step.subject.is_pending]
    if not accepted:
        return set()
    made = Attempt.objects.made().filter(handoff__in=accepted, at__gte=F("handoff__accepted_at"))
    return set(made.values_list("handoff", flat=True))


def _notify_team_lead_instead(steps: Sequence[Step]) -> None:
    if steps:
        _tell_team_lead(steps, as_kind=StepKind.NOTIFY_TEAM_LEAD)


def notify_director(steps: Sequence[Step]) -> None:
    """Notify the directors; if there is none, the admins."""
    firings.fire("handoff.escalated_director", steps, lambda handoff: [])


def _team_ids(steps: Sequence[Step]) -> set[int]:
    return {step.subject.team_id for step in steps}


def _accountable(steps: Sequence[Step]) -> Callable[[Handoff], list[User]]:
    """Return who is accountable for a handoff: its owner, or all who can take it from the queue.

    Of those who can take it, any one is enough: who is away is named only if all of them are.
    """
    team_ids = {step.subject.team_id for step in steps if step.subject.owner_id is None}
    people = teams.active_people(team_ids)
    absent = _absent(people, at=steps[0].firing.at)

    def accountable(handoff: Handoff) -> list[User]:
        if handoff.owner is not None:
            return [handoff.owner]
        team = people[handoff.team_id]
        return _present(team, absent) or team

    return accountable


def _absent(people: Mapping[int, Sequence[User]], *, at: datetime) -> Collection[int]:
    """Return the ids of those of the people of some teams who are away."""
    return leaves.away([person for team in people.values() for person in team], at=at)


def _present(people: Sequence[User], absent: Collection[int]) -> list[User]:
    return [person for person in people if person.pk not in absent]
