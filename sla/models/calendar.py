"""Working calendars as rows. worktime.WorkCalendar is the same thing as plain data."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from crm.accounts.models import Team


class Calendar(models.Model):
    """Working windows and holidays in one IANA zone; a team's own, or free to be named by agreements."""

    name = models.CharField(max_length=80, unique=True)
    time_zone = models.CharField(max_length=60)
    team = models.OneToOneField(Team, models.CASCADE, null=True, blank=True, related_name="calendar")

    def __str__(self) -> str:
        return self.name


class OpenWindow(models.Model):
    """Open from ``opens`` to before ``closes``, minutes of local time from midnight of ``weekday`` (0: Monday).

    ``closes`` beyond 1440 runs into the next day and belongs to the day it starts on.
    """

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField()
    opens = models.PositiveSmallIntegerField()
    closes = models.PositiveSmallIntegerField()

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
    """A date on which the weekday's windows do not start; with hours, a shortened day. Copied rows, editable."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="holidays")
    on = models.DateField()
    name = models.CharField(max_length=120)
    opens = models.PositiveSmallIntegerField(null=True, blank=True)
    closes = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "on"], name="holiday_once"),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True)
                | Q(opens__lt=1440, closes__gt=F("opens")) & Q(closes__lte=F("opens") + 1440),
                name="holiday_hours_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"
