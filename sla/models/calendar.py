"""Working calendars as rows. worktime.WorkCalendar is the same thing as plain data."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value

from crm.accounts.models import Team


class Calendar(models.Model):
    """Working windows and holidays in one IANA zone; a team's own, or free to be named by
    agreements.

    Archived ones stay for what was agreed in them; a team has one that is not archived.
    """

    name = models.CharField(max_length=80, unique=True)
    time_zone = models.CharField(max_length=60)
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="calendars")
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team"], condition=Q(archived_at__isnull=True), name="calendar_one_of_team"
            )
        ]

    def __str__(self) -> str:
        return self.name


class OpenWindow(models.Model):
    """Open from ``opens`` to before ``closes``, minutes of local time from midnight of ``weekday``
    (0: Monday).

    ``closes`` beyond 1440 runs into the next day and belongs to the day it starts on.
    ``starts_on``: these are the weekly hours from that local date on; null: from the beginning.
    """

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField()
    opens = models.PositiveSmallIntegerField()
    closes = models.PositiveSmallIntegerField()
    starts_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__lte=6, opens__lt=1440)
                & Q(closes__gt=F("opens"))
                & Q(closes__lte=F("opens") + 1440),
                name="window_hours_possible",
            )
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens}–{self.closes}"


class Holiday(models.Model):
    """A date on which the weekday's windows do not start. Copied rows, editable.

    With hours it is a shortened day, or an opening on a day off; ``more_hours``: [[opens, closes],
    …] after the first.
    """

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="holidays")
    on = models.DateField()
    name = models.CharField(max_length=120)
    opens = models.PositiveSmallIntegerField(null=True, blank=True)
    closes = models.PositiveSmallIntegerField(null=True, blank=True)
    more_hours = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True
    )

    class Meta:
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "on"], name="holiday_once"),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True)
                | Q(opens__lt=1440, closes__gt=F("opens")) & Q(closes__lte=F("opens") + 1440),
                name="holiday_hours_possible",
            ),
            models.CheckConstraint(
                condition=Q(opens__isnull=False) | Q(more_hours=Value([], models.JSONField())),
                name="holiday_first_hours_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"
