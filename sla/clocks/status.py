"""What a clock shows at a moment: one rule, for a row and for the database.

The rule, from the top; what comes first counts. All of it reads stored columns, so a query says
what a row says:

* cancelled, met, missed: it is over, and that is how.
* late: the moment is after the deadline.
* paused: the moment is before the end of the pause. A pause that is over needs no sweep to be over.
* soon (at risk): the moment is at or after ``soon_at``, worked out in business time when the clock
  starts.
* ok: everything else.

That it waits for opening is no status: a clock that is ok or at risk may be read outside working
hours, and only its calendar knows that. A reading of a row says so beside its status
(clocks.Reading.is_waiting); queries do not ask.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Case, CharField, Q, QuerySet, Value, When

from sla.models import Clock
from sla.states import ClockState, ClockStatus

AWAITED = (ClockStatus.OK, ClockStatus.SOON, ClockStatus.PAUSED)
TOO_LATE = (ClockStatus.LATE, ClockStatus.MISSED)


def status(clock: Clock, *, at: datetime) -> ClockStatus:
    """The status of ``clock`` at ``at``."""
    if clock.state == ClockState.CANCELLED:
        return ClockStatus.CANCELLED
    if clock.stopped_at is not None:
        return ClockStatus.MET if clock.state == ClockState.MET else ClockStatus.MISSED
    if at > clock.due_at:
        return ClockStatus.LATE
    if clock.paused_until is not None and at < clock.paused_until:
        return ClockStatus.PAUSED
    # rows of a version that knew no soon_at become at risk at their deadline
    return ClockStatus.SOON if at >= (clock.soon_at or clock.due_at) else ClockStatus.OK


def condition(*wanted: ClockStatus, at: datetime, to: str = "") -> Q:
    """That a clock shows one of ``wanted`` at ``at``.

    ``to`` leads to it ("clock__"); false where there is none.
    """
    known = _conditions(at, to)
    return reduce(or_, (known[each] for each in wanted))


def with_status(clocks: QuerySet[Clock], *, at: datetime) -> QuerySet[Clock]:
    """``clocks``, each with its ``status`` at ``at``."""
    cases = [When(condition(each, at=at), then=Value(each.value)) for each in ClockStatus]
    return clocks.annotate(status=Case(*cases, output_field=CharField()))


def _conditions(at: datetime, to: str) -> dict[ClockStatus, Q]:
    def column(**lookups: object) -> Q:
        return Q(**{to + name: value for name, value in lookups.items()})

    in_time = column(stopped_at__isnull=True, due_at__gte=at)
    paused = column(paused_until__gt=at)
    runs = in_time & (column(paused_until__isnull=True) | column(paused_until__lte=at))
    return {
        ClockStatus.CANCELLED: column(state=ClockState.CANCELLED),
        ClockStatus.MET: column(state=ClockState.MET),
        ClockStatus.MISSED: column(state=ClockState.BREACHED, stopped_at__isnull=False),
        ClockStatus.LATE: column(stopped_at__isnull=True, due_at__lt=at),
        ClockStatus.PAUSED: in_time & paused,
        ClockStatus.SOON: runs
        & (column(soon_at__lte=at) | column(soon_at__isnull=True, due_at__lte=at)),
        ClockStatus.OK: runs
        & (column(soon_at__gt=at) | column(soon_at__isnull=True, due_at__gt=at)),
    }
