"""The moments and the usual steps of the leads that people of the demo work on today."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm import tasks
from crm.accounts.models import Team, User
from crm.demo import named_leads
from crm.demo.people import ZONE, Cast
from leads import handoffs
from leads.follow_up import attempts
from leads.models import Attempt, Handoff
from leads.states import AttemptOutcome, ContactChannel
from sla.calendars import calendars, work_calendars
from sla.clocks import ladder
from sla.models import Clock, RejectionReason
from sla.worktime import arithmetic


class Desk:
    """The demo at the moment ``at``, with which its present begins."""

    def __init__(self, cast: Cast, *, at: datetime) -> None:
        self.cast = cast
        self.at = at
        self.today = at.astimezone(ZoneInfo(ZONE)).date()
        calendar = calendars.of_team(cast.mexico, cast.agreement.calendar)
        self.office = work_calendars.plain(calendar)

    # -- Moments

    def ago(self, **delta: float) -> datetime:
        return self.at - timedelta(**delta)

    def on(self, days: int, hour: int, minute: int = 0) -> datetime:
        """Return the time of day ``hour``:``minute`` of the day that was ``days`` ago."""
        day = self.today - timedelta(days=days)
        return datetime.combine(day, time(hour, minute), ZoneInfo(ZONE))

    def at_work(self, days: int, hour: int, minute: int = 0) -> datetime:
        """Return :meth:`on`; for a Saturday or Sunday, of the Friday before."""
        moment = self.on(days, hour, minute)
        return moment - timedelta(days=max(moment.weekday() - 4, 0))

    def worked_ago(self, minutes: int) -> datetime:
        """Return the moment of office hours since which the office has been open ``minutes``.

        So what is due in office hours is as near at any hour of any day.
        """
        begun = self.at
        while (since := arithmetic.between(self.office, begun, self.at)) < timedelta(
            minutes=minutes
        ):
            begun -= timedelta(days=1)
        return arithmetic.add(self.office, begun, since - timedelta(minutes=minutes))

    # -- Steps

    def hand_off(
        self,
        number: int,
        team: Team | None = None,
        *,
        at: datetime,
        by: User | None = None,
        **attributes: Any,
    ) -> Handoff:
        """Log the lead in row ``number`` and hand it off; by Ana, to the online team."""
        by = by or self.cast.ana
        lead = named_leads.capture(
            self.cast, number, at=at - timedelta(minutes=40), by=by, **attributes
        )
        return handoffs.hand_off(
            lead,
            team=team or self.cast.online,
            persona_version=self.cast.leader,
            by=by,
            at=at,
        )

    def reject(
        self, handoff: Handoff, code: str, comment: str, *, at: datetime, by: User | None = None
    ) -> None:
        """Reject the handoff, as Cruz does unless ``by`` says who."""
        reason = RejectionReason.objects.get(code=code)
        handoffs.reject(handoff, reason, by=by or self.cast.cruz, at=at, comment=comment)

    def accept(self, handoff: Handoff, *, at: datetime, by: User | None = None) -> None:
        """Accept the handoff, as Bea does unless ``by`` says who."""
        handoffs.accept(handoff, by=by or self.cast.bea, at=at)

    def call(
        self,
        handoff: Handoff,
        outcome: AttemptOutcome = AttemptOutcome.REACHED,
        *,
        at: datetime,
        by: User | None = None,
        **more: Any,
    ) -> Attempt:
        """Record a call, as Bea does unless ``by`` says who."""
        by = by or self.cast.bea
        return attempts.record(handoff, ContactChannel.PHONE, outcome=outcome, by=by, at=at, **more)

    def catch_up(self, clock: Clock | None, *, until: datetime | None = None) -> None:
        """Fire the steps until ``until``, else until now, as the sweep would have at their time."""
        assert clock is not None
        ladder.catch_up(clock, tasks.SUBJECTS, until=until or self.at)
