"""The clock on the lead page: its reading, its pauses and the own time of each owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, prefetch_related_objects

from crm.accounts.models import User
from crm.accounts.states import Side
from crm.lib.db.kept_sql import KeptSql
from leads.models import Handoff
from sla.clocks import readings, tries
from sla.models import Clock, Pause, Stint


@dataclass(frozen=True)
class OwnTime:
    """The time that one owner has for the clock. ``status``: in_time, late, overdue,
    tried, ended or running.
    """

    name: str
    since: datetime
    due_at: datetime
    status: str


@dataclass(frozen=True)
class ClockPanel:
    """The clock of a handoff.

    ``pause``: the current one. ``pauses``: all of the handoff, the newest first. ``own``: the
    time of each owner, the present one last; empty where the clock had one owner only, or where
    the viewer may not see it.
    """

    reading: readings.Reading
    pause: Pause | None
    pauses: list[Pause]
    own: list[OwnTime]
    can_resume: bool


def panel(
    user: User, handoff: Handoff | None, *, at: datetime, may_pause: bool
) -> ClockPanel | None:
    """Return the panel of the handoff's clock for ``user``.

    Two queries, and three more for pauses.
    """
    if handoff is None or handoff.clock is None:
        return None
    clock = handoff.clock
    pauses = _pauses(clock)
    # A pause past its end stays open in its row until the sweep records the end.
    going_on = (pause for pause in pauses if pause.ended_at is None and pause.until > at)
    current = next(going_on, None)
    own: list[OwnTime] = []
    if _may_see_owners(user, handoff):
        own = _own_times(clock, at=at)
    return ClockPanel(
        reading=readings.reading(clock, at=at),
        pause=current,
        pauses=pauses,
        own=own,
        can_resume=may_pause and current is not None,
    )


def _pauses(clock: Clock) -> list[Pause]:
    """Return the pauses of all clocks of the same handoff, the newest first."""
    pauses: list[Pause] = PAUSES.objects(clock.subject_type, subject=clock.subject_id)
    # Not joined: most handoffs have no pause, and then nothing more is read.
    prefetch_related_objects(pauses, "reason", "by", "ended_by")
    return pauses


def _of_subject(subject_type: str, *, subject: int) -> QuerySet[Pause]:
    rows = Pause.objects.filter(clock__subject_type=subject_type, clock__subject_id=subject)
    return rows.order_by("-started_at", "-id")


PAUSES = KeptSql(_of_subject)


def _may_see_owners(user: User, handoff: Handoff) -> bool:
    """The owner, leads of the team and directors see times of persons; others see teams."""
    if user.is_director or handoff.owner_id == user.pk:
        return True
    return handoff.team_id in user.team_ids(Side.SALES, led=True)


def _own_times(clock: Clock, *, at: datetime) -> list[OwnTime]:
    current = _current_time(clock, at=at)
    # Without an owner there was no earlier one: the page of a pending handoff saves the query.
    if current is None:
        return []
    earlier = list(_earlier_times(clock))
    # With one owner the clock itself shows the time.
    if not earlier:
        return []
    return [*earlier, current]


def _earlier_times(clock: Clock) -> Iterator[OwnTime]:
    for stint in STINTS.objects(clock=clock.pk):
        yield OwnTime(stint.person.name, stint.assigned_at, stint.due_at, _earlier_status(stint))


def _earlier_status(stint: Stint) -> str:
    if not stint.was_late:
        return "in_time"
    if stint.tried_at is not None and stint.tried_at <= stint.due_at:
        return "tried"
    return "late"


def _of_clock(clock: int) -> QuerySet[Stint]:
    return Stint.objects.filter(clock=clock).select_related("person").order_by("id")


STINTS = KeptSql(_of_clock)


def _current_time(clock: Clock, *, at: datetime) -> OwnTime | None:
    since = clock.assigned_at
    due_at = clock.assigned_due_at
    if since is None or due_at is None or clock.accountable is None:
        return None
    return OwnTime(clock.accountable.name, since, due_at, _current_status(clock, due_at, at))


def _current_status(clock: Clock, due_at: datetime, at: datetime) -> str:
    if clock.assigned_met is not None:
        return "in_time" if clock.assigned_met else "late"
    if tries.own_in_time(clock) and (clock.stopped_at is not None or at > due_at):
        return "tried"
    if clock.stopped_at is not None:
        return "ended"
    if at > due_at:
        return "overdue"
    return "running"
