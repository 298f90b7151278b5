"""Reminders of next steps: over the outbox, once each, in the working hours of who reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, prefetch_related_objects

from crm.accounts import leaves
from crm.accounts.leaves import Cover
from crm.accounts.models import Team
from crm.notifications import outbox
from leads.models import PlannedStep
from sla.calendars import work_calendars
from sla.models import Calendar
from sla.worktime import arithmetic
from sla.worktime.calendar import WorkCalendar

BATCH = 100


@transaction.atomic
def remind_due(*, at: datetime) -> int:
    """Remind the owners of the steps whose time has come; return how many of a batch.

    Steps that another transaction holds are left to the next call. Where work rests, after an
    outage or on a holiday that was declared since, the reminder waits until it begins: whether the
    step is still open, and who is away, is asked then.
    """
    due = PlannedStep.objects.open().filter(remind_at__lte=at).order_by("remind_at")
    steps = list(due.select_for_update(skip_locked=True, no_key=True)[:BATCH])
    if not steps:
        return 0
    # Only now: every sweep asks whether a step is due, and hardly ever one is.
    related = ("owner", "lead__marketing_team", "handoff__team", "handoff__agreement_version")
    prefetch_related_objects(steps, *related)
    hours = _WorkingHours(steps)
    awake = []
    for step in steps:
        opens_at = arithmetic.next_open(hours.of(step), at)
        step.remind_at = None
        if opens_at > at:
            step.remind_at = opens_at
        else:
            awake.append(step)
    PlannedStep.objects.bulk_update(steps, ["remind_at"])
    cover = leaves.cover([step.owner for step in awake], at=at)
    news = [each for step in awake for each in _news(step, cover)]
    outbox.notify_many(news, at=at)
    return len(awake)


class _WorkingHours:
    """The calendars of the teams of some steps, as they are now, in four queries.

    A step keeps the calendar of its hand-off for its deadline; people are reminded by their own.
    """

    def __init__(self, steps: Sequence[PlannedStep]) -> None:
        self.usual = Calendar.objects.order_by("id").values_list("pk", flat=True)[0]
        teams = {team.pk for team in map(_team_of, steps) if team is not None}
        agreed = {self._default_of(step) for step in steps}
        own = Q(team__in=teams, archived_at=None)
        rows = Calendar.objects.filter(own | Q(pk__in=agreed))
        self.by_team: dict[int, WorkCalendar] = {}
        self.by_id: dict[int, WorkCalendar] = {}
        for row in rows.prefetch_related("windows", "holidays"):
            self.by_id[row.pk] = work_calendars.plain(row)
            if row.team_id is not None and row.archived_at is None:
                self.by_team[row.team_id] = self.by_id[row.pk]

    def of(self, step: PlannedStep) -> WorkCalendar:
        """Return the calendar of the team of ``step``, else that of its agreement."""
        team = _team_of(step)
        if team is not None and team.pk in self.by_team:
            return self.by_team[team.pk]
        return self.by_id[self._default_of(step)]

    def _default_of(self, step: PlannedStep) -> int:
        if step.handoff is None:
            return self.usual
        return step.handoff.agreement_version.calendar_id


def _team_of(step: PlannedStep) -> Team | None:
    if step.handoff is None:
        return step.lead.marketing_team
    return step.handoff.team


def _news(step: PlannedStep, cover: Cover) -> list[outbox.News]:
    """Return the reminder for the owner, or for who stands in while the owner is away."""
    team = _team_of(step)
    line = cover.line([step.owner], team_id=team.pk if team else None)
    return [
        outbox.News(
            "handoff.next_step",
            people,
            key=f"step:{step.pk}",
            params={"team": str(team), "state": step.kind, **more},
            path=f"/leads/{step.lead_id}/",
            cause=f"step:{step.pk}",
        )
        for people, more in line.addressed()
    ]
