"""Who answers for a clock: each person's own time, beside the lead's.

The clock itself belongs to the lead: handing it on moves nothing of it, and teams are judged by it.
The person who takes it over gets the whole limit anew, from that moment on, and is judged by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.db.models import Count, Q

from crm.accounts.models import User
from sla.clocks import clocks, snapshots
from sla.models import Clock, Stint
from sla.worktime import arithmetic


@transaction.atomic(savepoint=False)
def hand_to(subject: models.Model, accountable: User, *, by: User | None, at: datetime) -> int:
    """Somebody else answers for what is still awaited of ``subject``; returns how many clocks that
    is.

    Deadline, pause and ladder of each clock stay. How whoever had it stood is kept as a Stint.
    """
    handed = clocks.running(subject).select_for_update(no_key=True)
    for clock in handed:
        _leave(clock, by=by, at=at)
        begins = max(at, clock.paused_until) if clock.paused_until else at
        clock.accountable, clock.assigned_at = accountable, at
        clock.assigned_due_at = arithmetic.add(
            snapshots.calendar_of(clock), begins, snapshots.limit_of(clock)
        )
        clock.save(update_fields=["accountable", "assigned_at", "assigned_due_at"])
    return len(handed)


def _leave(clock: Clock, *, by: User | None, at: datetime) -> None:
    if clock.accountable_id is None or clock.assigned_at is None or clock.assigned_due_at is None:
        return
    Stint.objects.create(
        clock=clock,
        person_id=clock.accountable_id,
        actor=by,
        at=at,
        assigned_at=clock.assigned_at,
        due_at=clock.assigned_due_at,
        was_late=at > clock.assigned_due_at,
    )


@dataclass(frozen=True)
class Own:
    """What became of the clocks that a person answered for, by the person's own time."""

    met: int
    late: int

    @property
    def judged(self) -> int:
        return self.met + self.late


def own(person: User, *, since: datetime, at: datetime) -> Own:
    """Of the clocks that came to ``person`` from ``since`` on: kept, and late (done late, handed on
    late, or overdue now). What was handed on or taken away in time counts neither way. Two queries;
    outages of ours do not count.
    """
    over = Q(assigned_met=False) | Q(stopped_at__isnull=True, assigned_due_at__lt=at)
    found = Clock.objects.filter(
        accountable=person, assigned_at__gte=since, in_outage=False
    ).aggregate(met=Count("pk", filter=Q(assigned_met=True)), late=Count("pk", filter=over))
    handed_on = Stint.objects.filter(
        person=person, assigned_at__gte=since, was_late=True, clock__in_outage=False
    )
    return Own(found["met"], found["late"] + handed_on.count())
