"""What all stories share: people, time, tape, catalogues and calendars."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from crm.accounts.models import Team
from crm.demo.people import ZONE, Cast
from crm.demo.recording.tape import Tape
from crm.demo.stories.timeline import Timeline
from leads.models import Handoff, OutcomeReason, Source, ValuableActionKind
from sla.calendars import calendars, work_calendars
from sla.models import RejectionReason
from sla.worktime import arithmetic
from sla.worktime.calendar import Window, WorkCalendar

# The queue that never closes is worked in shifts all the same.
SHIFTS = tuple(Window(day, 8 * 60, 21 * 60) for day in range(7))


class Scene:
    """Catalogues by code, and calendars by the id of the team."""

    def __init__(self, cast: Cast, timeline: Timeline, tape: Tape) -> None:
        self.cast = cast
        self.timeline = timeline
        self.tape = tape
        self.sources = _by_code(Source)
        self.actions = _by_code(ValuableActionKind)
        self.rejections = _by_code(RejectionReason)
        self.endings = _by_code(OutcomeReason)
        self.calendars = {}
        for team in (cast.mexico, cast.online, cast.evening):
            calendar = calendars.of_team(team, cast.agreement.calendar)
            self.calendars[team.pk] = work_calendars.plain(calendar)
        self.office = self.calendars[cast.mexico.pk]
        self.shifts = WorkCalendar(ZONE, SHIFTS)

    def calendar(self, team: Team) -> WorkCalendar:
        """Return the calendar in which clocks of ``team`` count."""
        return self.calendars[team.pk]

    def hours(self, team: Team) -> WorkCalendar:
        """Return when the people of ``team`` are at work."""
        if team == self.cast.online:
            return self.shifts
        return self.calendar(team)


def _by_code(catalogue: Any) -> dict[str, Any]:
    return {row.code: row for row in catalogue.objects.all()}


def reload(handoff: Handoff) -> Handoff:
    """Return the handoff as it is now, since the ladder may have moved it."""
    return Handoff.objects.get(pk=handoff.pk)


def worked(calendar: WorkCalendar, since: datetime, minutes: float) -> datetime:
    """Return the moment that is ``minutes`` of work after ``since``, in whole seconds."""
    moment = arithmetic.add(calendar, since, timedelta(minutes=minutes))
    return moment.replace(microsecond=0)
