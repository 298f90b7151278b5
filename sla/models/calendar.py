"""Working calendars as rows. WorkCalendar of sla.worktime is the same as plain data."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value

from crm.accounts.models import Team


class Calendar(models.Model):
    """Working windows and holidays in one IANA zone, of one team or for agreements to name.

    A team has one that is not archived. Archived calendars stay for what was agreed in them.
    """

    name = models.CharField(max_length=80, unique=True)
    time_zone = models.CharField(max_length=60)
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="calendars")
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # NULLs differ, so the organisation may have any number of calendars.
            models.UniqueConstraint(
                fields=["team"], condition=Q(archived_at__isnull=True), name="calendar_one_of_team"
            )
        ]

    def __str__(self) -> str:
        return self.name


class OpenWindow(models.Model):
    """Open hours of one weekday (0 is Monday), from ``opens`` to before ``closes``.

    Minutes of local time from midnight. ``closes`` beyond 1440 runs into the next day; the window
    belongs to the day on which it starts. ``starts_on``: the local date from which these weekly
    hours apply; null for from the beginning.
    """

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField()
    opens = models.PositiveSmallIntegerField()
    closes = models.PositiveSmallIntegerField()
    starts_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            # A window begins on its day and lasts a day at most; the pure module refuses overlaps.
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
    """A date on which the windows of its weekday do not start. Copied rows, editable.

    With hours it is a shortened day, or an opening on a day off. ``more_hours``: [[opens, closes],
    …] after the first.
    """

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="holidays")
    # A date, not a moment: it is the same day in whatever zone the calendar is.
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
