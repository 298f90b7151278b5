"""When a contact that is known by word alone should be followed by something else.

Such a contact was typed within two minutes of a deadline or of a warning. What happens in the next
five working days confirms it; the rest is listed, without a score (leads.desks.unconfirmed).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from leads.models import Attempt, Handoff
from leads.states import AttemptOutcome, EvidenceTier
from sla.agreements import default_terms
from sla.clocks import clocks, snapshots
from sla.models import Firing
from sla.states import StepKind
from sla.worktime import arithmetic

CLOSE = timedelta(minutes=2)
DAYS = 5  # working days


def confirm_by(handoff: Handoff, attempt: Attempt) -> datetime | None:
    """Return until when something has to confirm ``attempt``; None where nothing has to.

    Asked before the attempt changes anything: by deadlines as they are. At most one query.
    """
    if attempt.outcome != AttemptOutcome.REACHED or attempt.tier != EvidenceTier.SAID:
        return None
    told = (attempt.at, attempt.recorded_at)
    if not is_close(told, _deadlines_and_warnings(handoff)):
        return None
    calendar = snapshots.calendar(handoff.policy["calendar"])
    day = timedelta(minutes=default_terms.day_minutes(calendar))
    return arithmetic.add(calendar, attempt.recorded_at, DAYS * day)


def is_close(told: Iterable[datetime], moments: Iterable[datetime]) -> bool:
    """Return whether one of ``told`` is within two minutes of one of ``moments``."""
    known = list(moments)
    return any(abs(each - moment) <= CLOSE for each in told for moment in known)


def _deadlines_and_warnings(handoff: Handoff) -> list[datetime]:
    # Those of a clock that is over press nobody.
    open_clocks = clocks.running(handoff).order_by()
    warned = Firing.objects.filter(clock__in=open_clocks, kind=StepKind.WARN).order_by()
    deadlines = open_clocks.values_list("due_at", flat=True)
    return list(deadlines.union(warned.values_list("at", flat=True)))
