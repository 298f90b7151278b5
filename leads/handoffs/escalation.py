"""The ladder steps of an overdue handoff. crm/tasks.py maps the step kinds to these functions."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min

from crm.accounts.models import User
from leads.handoffs import notices, pauses, state_changes, transitions
from leads.models import Handoff
from leads.states import EventKind
from sla.clocks.subjects import SubjectBusy
from sla.models import Clock, Firing, Pause
from sla.states import Metric


def done_at(clock: Clock) -> datetime | None:
    """Return when the promised act of ``clock`` was done, by the handoff's own records.

    Reads them under the handoff's lock. Raises SubjectBusy.
    """
    handoff = _lock(clock)
    if clock.metric == Metric.ACCEPT:
        standing = handoff.decisions.filter(undone_at__isnull=True, released_at__isnull=True)
        decided = standing.filter(at__gte=clock.started_at)
        return decided.aggregate(at=Min("at"))["at"]
    if clock.metric == Metric.FIRST_CONTACT:
        contacts = handoff.attempts.filter(reached=True, at__gte=clock.started_at)
        return contacts.aggregate(at=Min("at"))["at"]
    if clock.metric == Metric.SQL_DECISION:
        return handoff.sql_at or handoff.closed_at
    return None


def resume(clock: Clock, pause: Pause, at: datetime) -> None:
    """Record that ``pause`` reached its planned end and notify the owner."""
    pauses.elapsed(_lock(clock), clock, pause, at=at)


def warn(clock: Clock, firing: Firing) -> None:
    """Warn the people who can still keep the promise."""
    handoff = _lock(clock)
    _record(handoff, clock, firing)
    _notify("handoff.warning", handoff, _accountable(handoff), firing, clock)


def breach(clock: Clock, firing: Firing) -> None:
    """Notify the accountable people and the submitter of the breach."""
    handoff = _lock(clock)
    _record(handoff, clock, firing)
    # The submitter waits for the act and must learn of the breach, too.
    people = [*_accountable(handoff), handoff.submitted_by]
    _notify("handoff.breached", handoff, people, firing, clock)


def notify_team_lead(clock: Clock, firing: Firing) -> None:
    """Notify the leads of the accountable team; if it has none, the directors."""
    handoff = _lock(clock)
    _record(handoff, clock, firing)
    # Leads of this very team: a person may lead one team and be a member of another.
    leads = handoff.team.people.filter(
        memberships__is_lead=True,
        memberships__team=handoff.team,
        is_active=True,
    )
    _notify("handoff.escalated_lead", handoff, list(leads) or _directors(), firing, clock)


def requeue(clock: Clock, firing: Firing) -> None:
    """Put the handoff back at the head of the queue; if the team is empty, notify the directors."""
    handoff = _lock(clock)
    _record(handoff, clock, firing)
    # The firing is the key of the notice: a step that is tried again must not send it twice.
    transitions.requeue(handoff, by=None, at=firing.at, cause=f"firing:{firing.pk}")
    if not handoff.team.people.filter(is_active=True).exists():
        _notify("handoff.requeued", handoff, _directors(), firing, clock)


def notify_director(clock: Clock, firing: Firing) -> None:
    """Notify the directors; if there is none, the admins."""
    handoff = _lock(clock)
    _record(handoff, clock, firing)
    _notify("handoff.escalated_director", handoff, _directors(), firing, clock)


def _lock(clock: Clock) -> Handoff:
    """Lock the handoff of ``clock`` and its lead.

    Raises SubjectBusy if another transaction holds one of them.
    """
    # Never wait: a lock held by a person's request would hold up the whole batch of the sweep.
    handoff = (
        Handoff.objects.select_for_update(skip_locked=True, no_key=True, of=("self", "lead"))
        .select_related("lead__person", "lead__company", "team", "owner", "submitted_by")
        .filter(pk=clock.subject_id)
        .first()
    )
    if handoff is None:
        raise SubjectBusy
    return handoff


def _accountable(handoff: Handoff) -> list[User]:
    """Return the owner, or all people who can take the handoff from the queue."""
    if handoff.owner is not None:
        return [handoff.owner]
    return list(handoff.team.people.filter(is_active=True))


def _directors() -> list[User]:
    active = User.objects.filter(is_active=True)
    return list(active.filter(is_director=True)) or list(active.filter(is_admin=True))


def _record(handoff: Handoff, clock: Clock, firing: Firing) -> None:
    payload = {"step": firing.kind, "level": firing.level, "metric": clock.metric}
    state_changes.record(handoff, EventKind.ESCALATED, by=None, at=firing.at, payload=payload)


def _notify(kind: str, handoff: Handoff, people: list[User], firing: Firing, clock: Clock) -> None:
    """Notify the active ones of ``people``; if there is none, the directors."""
    # A message to inactive people alone would be a silent breach.
    active = [person for person in people if person.is_active]
    params = {
        "metric": clock.metric,
        "due_at": clock.due_at.isoformat(),
        "owner_id": handoff.owner_id,
    }
    notices.notify(
        kind,
        handoff,
        active or _directors(),
        at=firing.at,
        key=f"firing:{firing.pk}",
        params=params,
    )
