"""Reading a calendar: its weekly hours, the dates that differ, and all of it as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, Q, QuerySet, When
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team
from crm.lib.clock import local_date
from crm.lib.db import returning
from crm.lib.db.kept_sql import KeptSql
from crm.lib.errors import DomainError
from sla.models import Calendar, Holiday, OpenWindow
from sla.worktime import arithmetic
from sla.worktime.calendar import CalendarNeverOpen, Window, WorkCalendar

Hours = tuple[int, int]
Windows = list[tuple[int, int, int]]  # weekday, opens, closes
Changes = dict[date, Windows]
Holidays = list[tuple[date, str, Hours | None]]


class NeverOpens(DomainError):
    code = "never_opens"
    message = _("Open on at least one day: a clock has to run at some time.")


def windows_of(calendar: Calendar) -> Windows:
    """Return the weekly hours from the beginning."""
    return _from_beginning(calendar.windows.all())


def _from_beginning(rows: Iterable[OpenWindow]) -> Windows:
    windows = []
    for window in rows:
        if window.starts_on is None:
            windows.append((window.weekday, window.opens, window.closes))
    return windows


def changes_of(calendar: Calendar) -> Changes:
    """Return the weekly hours that begin on later dates, in the order of these dates."""
    return _by_date(calendar.windows.all())


def _by_date(rows: Iterable[OpenWindow]) -> Changes:
    changes: Changes = {}
    # Filtered in Python: callers have prefetched the windows.
    for window in rows:
        if window.starts_on is not None:
            windows = changes.setdefault(window.starts_on, [])
            windows.append((window.weekday, window.opens, window.closes))
    return dict(sorted(changes.items()))


def in_effect(calendar: Calendar, *, at: datetime) -> tuple[date | None, Windows]:
    """Return the weekly hours at ``at``, and since when they count (None: from the beginning)."""
    # Dates of a calendar are local dates of its zone.
    today = local_date(at, calendar.time_zone)
    in_order = changes_of(calendar).items()
    begun = [(since, windows) for since, windows in in_order if since <= today]
    if begun:
        return begun[-1]
    return None, windows_of(calendar)


def hours_of(day: Holiday) -> tuple[Hours, ...]:
    """Return the hours of a date that differs; none where it is closed."""
    if day.opens is None or day.closes is None:
        return ()
    more = ((opens, closes) for opens, closes in day.more_hours)
    return ((day.opens, day.closes), *more)


def holidays_of(calendar: Calendar) -> Holidays:
    """Return the closed days as (date, name, None)."""
    closed = [day for day in calendar.holidays.all() if day.opens is None]
    return [(day.on, day.name, None) for day in closed]


def plain(calendar: Calendar) -> WorkCalendar:
    """Return ``calendar`` as plain data. Raises CalendarNeverOpen where it has no hours."""
    # Read once: days for the hours and for the names, windows for those of now and later ones.
    days = list(calendar.holidays.all())
    rows = list(calendar.windows.all())
    return _plain(calendar.time_zone, rows, days)


def plain_of_team(team: Team, default: int) -> WorkCalendar:
    """Return the calendar of ``team`` as plain data, else that with the id ``default``.

    One query for all its rows. Raises CalendarNeverOpen where it has no hours.
    """
    zone, windows, days = OF_TEAM.rows(team=team.pk, default=default)[0]
    return _plain(
        zone,
        [returning.from_json(OpenWindow, row) for row in windows],
        [returning.from_json(Holiday, row) for row in days],
    )


def _of_team(*, team: int, default: int) -> QuerySet[Any]:
    own = Q(team=team, archived_at=None)
    found = Calendar.objects.filter(own | Q(pk=default))
    rows = {"windows_json": _as_json(OpenWindow), "days_json": _as_json(Holiday)}
    in_order = found.annotate(**rows).order_by(Case(When(own, then=0), default=1))
    return in_order.values_list("time_zone", *rows)[:1]


OF_TEAM = KeptSql(_of_team)


def _as_json(model: type[OpenWindow | Holiday]) -> ArraySubquery:
    """Return the rows of a calendar in the order of their model."""
    rows = model._default_manager.filter(calendar=OuterRef("pk"))
    return ArraySubquery(rows.values(row=returning.as_json(model)))


def _plain(zone: str, rows: list[OpenWindow], days: list[Holiday]) -> WorkCalendar:
    changes = {}
    for since, windows in _by_date(rows).items():
        changes[since] = _as_windows(windows)
    return WorkCalendar(
        zone=zone,
        windows=_as_windows(_from_beginning(rows)),
        holidays={day.on: hours_of(day) for day in days},
        changes=changes,
        names={day.on: day.name for day in days if day.name},
    )


def _as_windows(windows: Windows) -> tuple[Window, ...]:
    return tuple(Window(*window) for window in windows)


def signed_part(calendar: Calendar) -> dict[str, Any]:
    """Return what a signature covers, as plain JSON data: zone and weekly hours.

    Single dates are not in it: they stay editable.
    """
    stored = plain(calendar).to_json()
    return {key: stored[key] for key in ("zone", "windows", "changes") if key in stored}


def check_opens(calendar: Calendar, *, at: datetime) -> None:
    """Raise NeverOpens where the stored calendar has no hours, or none within two years."""
    # A fresh row: that of the caller may have windows and holidays prefetched before the change.
    stored = Calendar.objects.get(pk=calendar.pk)
    try:
        arithmetic.next_open(plain(stored), at)
    except CalendarNeverOpen as error:
        raise NeverOpens from error
