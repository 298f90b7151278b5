"""What a clock shows to a person at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from sla.clocks import snapshots, tries
from sla.clocks import status as statuses
from sla.clocks.snapshots import ClockRow
from sla.models import Clock
from sla.states import ClockStatus, Metric
from sla.worktime import arithmetic
from sla.worktime.calendar import WorkCalendar

DONE_LABELS: dict[str, Any] = {
    Metric.ACCEPT: _("Decided"),
    Metric.FIRST_CONTACT: _("Contacted"),
    Metric.SQL_DECISION: _("Decided"),
}
WAITING = "waiting"
TICKING = (ClockStatus.OK, ClockStatus.SOON, ClockStatus.LATE)


@dataclass(frozen=True)
class Reading:
    """What a clock shows at one moment.

    ``standing``: the status that queries know, too (sla.clocks.status). ``status``: the same, but
    "waiting" for a clock on track or at risk outside its working hours.
    ``was_tried``: the act was tried in time and is not done.
    ``seconds``: business seconds left, late or used, depending on the status.
    """

    status: str  # ok, soon, late, waiting, paused, met, missed, tried, cancelled
    metric: str
    seconds: int
    limit_seconds: int
    left_ratio: float
    started_at: datetime
    due_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    zone: str
    is_ticking: bool
    standing: str = ""
    resumes_at: datetime | None = None
    was_tried: bool = False

    @property
    def is_waiting(self) -> bool:
        return self.status == WAITING

    @property
    def done_label(self) -> str:
        """What was done when the clock stopped: "Decided in 18 min"."""
        return str(DONE_LABELS.get(self.metric, _("Done")))


def reading(clock: Clock | ClockRow, *, at: datetime) -> Reading:
    """Return what ``clock`` shows at ``at``."""
    calendar = snapshots.calendar_of(clock)
    status = statuses.status(clock, at=at)
    is_open = clock.stopped_at is None and arithmetic.is_open(calendar, at)
    is_waiting = not is_open and status in (ClockStatus.OK, ClockStatus.SOON)
    seconds = _seconds(clock, calendar, status, at)
    # Only awaited clocks have time left; the seconds of others are late or used.
    left = seconds if status in statuses.AWAITED else 0
    opens_at = None
    closes_at = None
    if is_open:
        closes_at = arithmetic.next_close(calendar, at)
    elif clock.stopped_at is None:
        opens_at = arithmetic.next_open(calendar, at)
    return Reading(
        status=WAITING if is_waiting else status.value,
        metric=clock.metric,
        seconds=seconds,
        limit_seconds=clock.limit_seconds,
        left_ratio=min(1.0, left / clock.limit_seconds),
        started_at=clock.started_at,
        due_at=clock.due_at,
        opens_at=opens_at,
        closes_at=closes_at,
        zone=calendar.zone,
        is_ticking=is_open and status in TICKING,
        standing=status.value,
        resumes_at=clock.paused_until if status == ClockStatus.PAUSED else None,
        was_tried=tries.in_time(clock),
    )


def _seconds(
    clock: Clock | ClockRow, calendar: WorkCalendar, status: ClockStatus, at: datetime
) -> int:
    """Return the business seconds that the status shows."""
    if status in (ClockStatus.CANCELLED, ClockStatus.TRIED):
        return 0
    if status == ClockStatus.MET:
        return clock.used_seconds or 0
    if status in statuses.TOO_LATE:
        late = arithmetic.between(calendar, clock.due_at, clock.stopped_at or at)
        return int(late.total_seconds())
    # A paused clock runs on from the end of its pause.
    since = at
    if clock.paused_until is not None:
        since = max(at, clock.paused_until)
    left = arithmetic.between(calendar, since, clock.due_at)
    return int(left.total_seconds())
