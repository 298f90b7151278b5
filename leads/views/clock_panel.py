"""The clock of the lead page: what it shows, whose own time runs beside it, and every pause that it
had.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm.accounts.models import User
from crm.accounts.states import Side
from leads.models import Handoff
from sla.clocks import pauses, readings
from sla.models import Pause, Stint


@dataclass(frozen=True)
class OwnTime:
    """A person's own time for the clock.

    ``word``: in_time, late, overdue, or running; ``over_at``: when it ended.
    """

    name: str
    since: datetime
    due_at: datetime
    word: str
    over_at: datetime | None = None


@dataclass(frozen=True)
class ClockPanel:
    """``pause``: the one that goes on; ``pauses``: all of the handoff, the newest first; ``own``:
    who had the clock, the present one last, empty where nobody handed it on or where it is not for
    the viewer to see.
    """

    reading: readings.Reading
    pause: Pause | None
    pauses: list[Pause]
    own: list[OwnTime]
    can_pause: bool
    can_resume: bool


def panel(
    user: User, handoff: Handoff | None, *, at: datetime, may_pause: bool
) -> ClockPanel | None:
    """The panel of the clock that ``handoff`` waits on, for ``user``; at most three queries."""
    if handoff is None or handoff.clock is None:
        return None
    clock = handoff.clock
    rows = Pause.objects.filter(
        clock__subject_type=clock.subject_type, clock__subject_id=clock.subject_id
    )
    found = list(rows.select_related("reason", "by", "ended_by").order_by("-started_at", "-id"))
    now = next((each for each in found if each.ended_at is None and each.until > at), None)
    return ClockPanel(
        reading=readings.reading(clock, at=at),
        pause=now,
        pauses=found,
        own=_own(handoff, at=at) if _may_see_people(user, handoff) else [],
        can_pause=may_pause and pauses.can_pause(clock, at=at),
        can_resume=may_pause and now is not None,
    )


def _may_see_people(user: User, handoff: Handoff) -> bool:
    """Whoever works it, leads the team, or stands over both sides; to others it is the team's
    affair.
    """
    led = handoff.team_id in user.team_ids(Side.SALES, led=True)
    return user.is_director or led or handoff.owner_id == user.pk


def _own(handoff: Handoff, *, at: datetime) -> list[OwnTime]:
    clock = handoff.clock
    if (
        clock is None
        or clock.assigned_at is None
        or clock.assigned_due_at is None
        or clock.accountable is None
    ):
        return []
    stints = Stint.objects.filter(clock=clock).select_related("person").order_by("id")
    found = [
        OwnTime(s.person.name, s.assigned_at, s.due_at, "late" if s.was_late else "in_time", s.at)
        for s in stints
    ]
    if not found:
        return []
    if clock.assigned_met is not None:
        word = "in_time" if clock.assigned_met else "late"
    else:
        word = "overdue" if clock.stopped_at is None and at > clock.assigned_due_at else "running"
    name, stopped = clock.accountable.name, clock.stopped_at
    return [*found, OwnTime(name, clock.assigned_at, clock.assigned_due_at, word, stopped)]
