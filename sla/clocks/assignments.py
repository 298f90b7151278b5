"""The accountable person of a clock and that person's own time, beside the lead's.

The clock itself belongs to the lead: a reassignment moves nothing of it, and teams are judged by
it. The new person gets the whole limit from that moment on and is judged by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q, QuerySet

from crm.accounts.models import User
from crm.lib.db.kept_sql import KeptSql, counted, number_where
from sla.clocks import clocks, snapshots
from sla.models import Clock, Stint
from sla.worktime import arithmetic

OWN_COLUMNS = ["accountable", "assigned_at", "assigned_due_at", "assigned_tried_at"]


@transaction.atomic(savepoint=False)
def assign(subject: models.Model, accountable: User, *, by: User | None, at: datetime) -> int:
    """Make another person accountable for the open clocks of ``subject``; return how many.

    Deadline, pause and ladder of each clock stay. The previous person's time is kept as a Stint.
    """
    open_clocks = clocks.running(subject).select_for_update(no_key=True)
    for clock in open_clocks:
        _record_stint(clock, by=by, at=at)
        # During a pause the new person's time starts at its end, like the clock itself.
        starts_at = at
        if clock.paused_until:
            starts_at = max(at, clock.paused_until)
        calendar = snapshots.calendar_of(clock)
        clock.accountable = accountable
        clock.assigned_at = at
        clock.assigned_due_at = arithmetic.add(calendar, starts_at, snapshots.limit_of(clock))
        clock.assigned_tried_at = None
        clock.save(update_fields=OWN_COLUMNS)
    return len(open_clocks)


def _record_stint(clock: Clock, *, by: User | None, at: datetime) -> None:
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
        tried_at=clock.assigned_tried_at,
    )


@dataclass(frozen=True)
class OwnRecord:
    """How many clocks a person kept, and how many were late, by the person's own time."""

    met: int
    late: int

    @property
    def judged(self) -> int:
        return self.met + self.late


def own_record(person: User, *, since: datetime, at: datetime) -> OwnRecord:
    """Return the record of the clocks assigned to ``person`` from ``since`` on. Two queries.

    Late: done late, reassigned late, or overdue now. A clock that was reassigned or cancelled in
    time counts neither way, and neither does one that was tried in time and not done.
    Clocks in an outage of ours do not count.
    """
    [(met, late)] = ASSIGNED.rows(person=person.pk, since=since, at=at)
    [(reassigned_late,)] = REASSIGNED_LATE.rows(person=person.pk, since=since)
    return OwnRecord(met=met, late=late + reassigned_late)


def _assigned(*, person: int, since: datetime, at: datetime) -> QuerySet[Any]:
    untried = Q(assigned_tried_at__isnull=True) | Q(assigned_tried_at__gt=F("assigned_due_at"))
    overdue = Q(stopped_at__isnull=True, assigned_due_at__lt=at) & untried
    is_late = Q(assigned_met=False) | overdue
    rows = Clock.objects.filter(accountable=person, assigned_at__gte=since, in_outage=False)
    numbers = {"met": number_where(Q(assigned_met=True)), "late": number_where(is_late)}
    return rows.annotate(**numbers).values_list(*numbers)


def _reassigned_late(*, person: int, since: datetime) -> QuerySet[Any]:
    untried = Q(tried_at__isnull=True) | Q(tried_at__gt=F("due_at"))
    rows = Stint.objects.filter(
        untried, person=person, assigned_at__gte=since, was_late=True, clock__in_outage=False
    )
    return counted(rows)


ASSIGNED = KeptSql(_assigned)
REASSIGNED_LATE = KeptSql(_reassigned_late)
