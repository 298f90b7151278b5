"""Writing calendars, and reading them as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from crm.accounts.models import Team, User
from crm.audit.entries import record
from sla import worktime
from sla.models import AgreementVersion, Calendar, Holiday, OpenWindow
from sla.states import AgreementState

Hours = tuple[int, int]
Windows = list[tuple[int, int, int]]  # weekday, opens, closes
Holidays = list[tuple[date, str, Hours | None]]


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
    _write(calendar, windows, holidays)
    record("calendar_created", calendar, by=by, at=at, payload={"name": name, "zone": time_zone})
    return calendar


def _write(calendar: Calendar, windows: Iterable[tuple[int, int, int]], holidays: Iterable[Any]) -> None:
    OpenWindow.objects.bulk_create(
        OpenWindow(calendar=calendar, weekday=day, opens=opens, closes=closes) for day, opens, closes in windows
    )
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, on=on, name=label, opens=hours and hours[0], closes=hours and hours[1])
        for on, label, hours in holidays
    )
    plain(calendar)


def main() -> Calendar | None:
    """The organisation's calendar: the newest that is no team's own."""
    return Calendar.objects.filter(team=None).order_by("-pk").first()


def windows_of(calendar: Calendar) -> Windows:
    return [(window.weekday, window.opens, window.closes) for window in calendar.windows.all()]


def holidays_of(calendar: Calendar) -> Holidays:
    return [
        (h.on, h.name, None if h.opens is None or h.closes is None else (h.opens, h.closes))
        for h in calendar.holidays.all()
    ]


def is_signed(calendar: Calendar) -> bool:
    """Whether a signature stands for these hours: then they never change."""
    return AgreementVersion.objects.filter(calendar=calendar).exclude(state=AgreementState.DRAFT).exists()


@transaction.atomic
def settle(
    name: str, time_zone: str, *, windows: Windows, holidays: Holidays, by: User | None, at: datetime
) -> Calendar:
    """Bring the organisation's calendar to these hours and holidays. Where the old ones are signed, a new calendar is
    made beside them, for the next version of the agreement. Raises as :func:`create`."""
    old = main()
    if old is None:
        return create(_free(name), time_zone, windows, holidays=holidays, by=by, at=at)
    old = Calendar.objects.select_for_update(no_key=True).get(pk=old.pk)
    before = (old.time_zone, sorted(windows_of(old)), holidays_of(old))
    if before == (time_zone, sorted(windows), sorted(holidays)):
        return old
    if is_signed(old):
        return create(_free(name), time_zone, windows, holidays=holidays, by=by, at=at)
    old.time_zone = time_zone
    old.save(update_fields=["time_zone"])
    old.windows.all().delete()
    old.holidays.all().delete()
    _write(old, windows, holidays)
    record("calendar_changed", old, by=by, at=at, payload={"zone": time_zone})
    return old


def _free(name: str) -> str:
    """``name``, with a number where it is taken."""
    taken = set(Calendar.objects.filter(name__startswith=name).values_list("name", flat=True))
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return next(each for each in (name, *numbered) if each not in taken)


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
