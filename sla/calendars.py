"""Writing calendars, and reading them as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from crm.accounts.models import Team, User
from crm.audit.entries import record
from sla import worktime
from sla.models import Calendar, Holiday, OpenWindow

Hours = tuple[int, int]


@transaction.atomic
def create(
    name: str,
    time_zone: str,
    windows: Iterable[tuple[int, int, int]],
    *,
    by: User | None,
    at: datetime,
    holidays: Iterable[tuple[date, str, Hours | None]] = (),
    team: Team | None = None,
) -> Calendar:
    """A new calendar. ``windows``: (weekday, opens, closes) in minutes; ``holidays``: (date, name, hours or None).

    Raises worktime.CalendarNeverOpen or ValueError, naming the field, where the hours are impossible.
    """
    calendar = Calendar.objects.create(name=name, time_zone=time_zone, team=team)
    OpenWindow.objects.bulk_create(
        OpenWindow(calendar=calendar, weekday=day, opens=opens, closes=closes) for day, opens, closes in windows
    )
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, on=on, name=label, opens=hours and hours[0], closes=hours and hours[1])
        for on, label, hours in holidays
    )
    plain(calendar)
    record("calendar_created", calendar, by=by, at=at, payload={"name": name, "zone": time_zone})
    return calendar


def plain(calendar: Calendar) -> worktime.WorkCalendar:
    """The calendar as plain data for worktime; refuses one that never opens."""
    return worktime.WorkCalendar(
        zone=calendar.time_zone,
        windows=tuple(worktime.Window(w.weekday, w.opens, w.closes) for w in calendar.windows.all()),
        holidays={
            h.on: () if h.opens is None or h.closes is None else ((h.opens, h.closes),) for h in calendar.holidays.all()
        },
    )


def of_team(team: Team, otherwise: Calendar) -> Calendar:
    """The calendar in which clocks of ``team`` count: its own, else the agreement's (domain.md, Clocks)."""
    return Calendar.objects.filter(team=team).first() or otherwise
