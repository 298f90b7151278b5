"""Moved time for the recorder: stories run side by side, and the ladder and the outbox keep up.

Only for a scratch database, because ``relevo_now()`` is replaced there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.db.models import Min

from crm import tasks
from crm.notifications import outbox
from crm.notifications.models import Message
from leads.follow_up import reminders
from leads.models import Parking, PlannedStep
from leads.returns import recycling
from leads.states import ParkingState
from sla.clocks import ladder
from sla.models import Clock

# A story yields the moment at which it continues; moments never go back.
Story = Iterator[datetime]

MOVE = """
    CREATE OR REPLACE FUNCTION relevo_now() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS $relevo$SELECT '{moment}'::timestamptz$relevo$
"""


class Stuck(RuntimeError):
    """A step or a message was due, but neither the sweep nor the outbox processed it."""


class Timeline:
    """Runs stories in the order of time. ``now``: the moment that the database shows."""

    def __init__(self) -> None:
        self.waiting: list[tuple[datetime, int, Story]] = []
        self.count = 0
        self.now: datetime | None = None

    def add(self, story: Story) -> None:
        """Let ``story`` begin at the first moment that it yields."""
        self.count += 1
        self._wait(self.count, story)

    def run(self, *, until: datetime) -> None:
        """Run every story up to ``until``; what would come later does not happen."""
        while self.waiting and self.waiting[0][0] < until:
            moment, number, story = heapq.heappop(self.waiting)
            self.pass_to(moment)
            self._wait(number, story)
        self.pass_to(until)

    def pass_to(self, moment: datetime) -> None:
        """Move on to ``moment``. What is due earlier happens on the way, shortly after its time."""
        while (due := _next_due()) is not None and due + ladder.LAG < moment:
            self.move(due + ladder.LAG)
            if not self._sweep() + outbox.deliver() and _next_due() == due:
                # Otherwise the loop would never end: the same step would be due again and again.
                raise Stuck(f"Nothing happened at {self.now}")
        self.move(moment)

    def _sweep(self) -> int:
        """Do what is due now, as crm.tasks.sweep does; return how much that was."""
        assert self.now is not None
        woken = recycling.wake_due(at=self.now)
        return woken + reminders.remind_due(at=self.now) + ladder.sweep(tasks.SUBJECTS)

    def move(self, moment: datetime) -> None:
        """Make ``moment`` the present, without anything happening on the way."""
        if self.now is not None and moment < self.now:
            raise ValueError(f"{moment} is over: it is {self.now}")
        with connection.cursor() as cursor:
            cursor.execute(MOVE.format(moment=moment.isoformat()))
        self.now = moment

    def _wait(self, number: int, story: Story) -> None:
        moment = next(story, None)
        if moment is not None:
            # The number decides between equal moments: heapq cannot compare two stories.
            heapq.heappush(self.waiting, (moment, number, story))


def _next_due() -> datetime | None:
    """Return when the next step of a ladder, waking, reminder or message is due."""
    parked = Parking.objects.filter(state=ParkingState.PARKED)
    moments = [
        Clock.objects.aggregate(due=Min("next_step_at")),
        parked.aggregate(due=Min("wake_at")),
        PlannedStep.objects.aggregate(due=Min("remind_at")),
        Message.objects.aggregate(due=Min("next_try_at")),
    ]
    return min((each["due"] for each in moments if each["due"] is not None), default=None)
