"""The status of a clock at a moment: one rule, for a row and for the database.

The rule, from the top; the first match counts. It reads stored columns only, so a query gives the
same answer as a row:

* tried: the clock is over, the act was tried in time and not done (sla.clocks.tries).
* cancelled, met, missed: the clock is over.
* late: the moment is after the deadline.
* paused: the moment is before the end of the pause. A pause needs no sweep to be over.
* soon (at risk): the moment is at or after ``soon_at``, counted in business time at the start.
* ok: everything else.

Waiting for opening is no status: only the calendar knows the working hours. A reading of a row says
so beside its status (readings.Reading.is_waiting); queries do not ask.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q

from sla.clocks import tries
from sla.clocks.snapshots import ClockRow
from sla.models import Clock
from sla.states import ClockState, ClockStatus

AWAITED = (ClockStatus.OK, ClockStatus.SOON, ClockStatus.PAUSED)
TOO_LATE = (ClockStatus.LATE, ClockStatus.MISSED)


def status(clock: Clock | ClockRow, *, at: datetime) -> ClockStatus:
    """Return the status of ``clock`` at ``at``."""
    if clock.stopped_at is not None:
        return _over(clock)
    if at > clock.due_at:
        return ClockStatus.LATE
    if clock.paused_until is not None and at < clock.paused_until:
        return ClockStatus.PAUSED
    # A clock without soon_at is at risk from its deadline on.
    soon_at = clock.soon_at or clock.due_at
    return ClockStatus.SOON if at >= soon_at else ClockStatus.OK


def _over(clock: Clock | ClockRow) -> ClockStatus:
    if tries.in_time(clock):
        return ClockStatus.TRIED
    if clock.state == ClockState.CANCELLED:
        return ClockStatus.CANCELLED
    return ClockStatus.MET if clock.state == ClockState.MET else ClockStatus.MISSED


def condition(*wanted: ClockStatus, at: datetime, to: str = "", are_in_time: bool = False) -> Q:
    """Return the condition that a clock has one of the ``wanted`` statuses at ``at``.

    ``to``: the path to the clock ("clock__"); the condition is false where there is none.
    ``are_in_time``: other columns have kept only rows whose clock is open and not late, so that
    nothing asks this again.
    """
    conditions = _conditions(at, to, are_in_time)
    return reduce(or_, (conditions[each] for each in wanted))


def _conditions(at: datetime, to: str, are_in_time: bool) -> dict[ClockStatus, Q]:
    def column(**lookups: object) -> Q:
        return Q(**{to + name: value for name, value in lookups.items()})

    # Each condition excludes those above it, as the rule says. A clock that was met is not tried.
    untried = tries.other(to)
    in_time = Q() if are_in_time else column(stopped_at__isnull=True, due_at__gte=at)
    runs = in_time & (column(paused_until__isnull=True) | column(paused_until__lte=at))
    is_soon = column(soon_at__lte=at) | column(soon_at__isnull=True, due_at__lte=at)
    is_ok = column(soon_at__gt=at) | column(soon_at__isnull=True, due_at__gt=at)
    return {
        ClockStatus.TRIED: tries.condition(to) & column(stopped_at__isnull=False),
        ClockStatus.CANCELLED: column(state=ClockState.CANCELLED) & untried,
        ClockStatus.MET: column(state=ClockState.MET),
        ClockStatus.MISSED: (column(state=ClockState.BREACHED, stopped_at__isnull=False) & untried),
        ClockStatus.LATE: column(stopped_at__isnull=True, due_at__lt=at),
        ClockStatus.PAUSED: in_time & column(paused_until__gt=at),
        ClockStatus.SOON: runs & is_soon,
        ClockStatus.OK: runs & is_ok,
    }
