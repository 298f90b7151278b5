"""The dates of a calendar that differ from their week: holidays, shortened days, extra openings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import clean_line
from sla.calendars.locks import lock_calendar
from sla.calendars.work_calendars import Hours, check_opens, hours_of
from sla.models import Calendar, Holiday
from sla.worktime.calendar import check_hours

DayData = dict[str, Any]  # the date, the name and the hours of a day


class DayTaken(DomainError):
    code = "day_taken"
    message = _("This date differs already. Change it on the page of the calendar.")


class DayChanged(Conflict):
    """Another person changed or removed the date since the page was shown.

    ``now``: the stored day, None where it was removed.
    """

    code = "day_changed"
    message = _("Somebody else changed this date in the meantime.")

    def __init__(self, now: Holiday | None) -> None:
        super().__init__()
        self.now = now


class HolidayMatch(StrEnum):
    """How a public holiday compares with what a calendar has on its date."""

    NEW = "new"
    SAME = "same"
    DIFFERS = "differs"


@dataclass(frozen=True)
class ListedHoliday:
    """A public holiday, and what the calendar has on its date (``stored``; None: nothing)."""

    on: date
    name: str
    match: HolidayMatch
    stored: Holiday | None


def columns_of(hours: Any) -> dict[str, Any]:
    """Return the columns of Holiday for the hours of a date.

    ``hours``: one (opens, closes), several of them, or nothing: closed. Raises ValueError for
    hours that cannot be.
    """
    pairs = _pairs(hours)
    for opens, closes in pairs:
        check_hours(opens, closes)
    if not pairs:
        return {
            "opens": None,
            "closes": None,
            "more_hours": [],
        }
    # The first hours have columns, which constraints check; all others are in one JSON column.
    first, *more = pairs
    return {
        "opens": first[0],
        "closes": first[1],
        "more_hours": [list(pair) for pair in more],
    }


def _pairs(hours: Any) -> list[Hours]:
    if not hours:
        return []
    is_single = isinstance(hours[0], int)
    return [hours] if is_single else list(hours)


@transaction.atomic
def set_day(
    calendar: Calendar,
    on: date,
    name: str,
    hours: Iterable[Hours],
    *,
    by: User | None,
    at: datetime,
    was: date | None = None,
    shown: DayData | None = None,
) -> None:
    """Let these hours count on a date instead of those of its weekday; no hours: closed.

    ``was``: the date of the day that is moved to ``on``. ``shown``: as_data() of that day when the
    person saw it, empty for none; None: a program asks. Running clocks keep the days that they
    started with. Raises DayTaken where ``on`` differs already and is not ``was``, DayChanged where
    another day than ``shown`` is stored, and NeverOpens.
    """
    calendar = lock_calendar(calendar)
    columns = {"name": clean_line(name), **columns_of(tuple(hours))}
    # Both dates at once: the one that is written and the one that it leaves.
    dates = [day for day in (on, was) if day]
    stored = {day.on: day for day in calendar.holidays.filter(on__in=dates)}
    if on in stored and on != was:
        raise DayTaken(fields={"on": DayTaken.message})
    before = None
    day = stored.get(was) if was else None
    _check_unchanged(day, shown, wanted=_data(on, columns["name"], _pairs(tuple(hours))))
    if day is None:
        day = Holiday.objects.create(calendar=calendar, on=on, **columns)
    else:
        before = as_data(day)
        day.on = on
        for column, value in columns.items():
            setattr(day, column, value)
        # Saving the same again leaves no trace in the audit.
        if as_data(day) == before:
            return
        day.save(update_fields=["on", *columns])
    check_opens(calendar, at=at)
    payload = {"from": before, "to": as_data(day)}
    record("calendar_day_set", calendar, by=by, at=at, payload=payload)


def _check_unchanged(day: Holiday | None, shown: DayData | None, wanted: DayData | None) -> None:
    """Raise DayChanged unless ``day`` is as it was shown, or is ``wanted`` already."""
    if shown is None:
        return
    stored = as_data(day) if day else {}
    if stored not in (shown, wanted or {}):
        raise DayChanged(day)


@transaction.atomic
def remove(
    calendar: Calendar,
    on: date,
    *,
    by: User | None,
    at: datetime,
    shown: DayData | None = None,
) -> None:
    """Let the hours of the weekday count on ``on`` again. Does nothing where it does not differ.

    ``shown``: as in set_day(). Raises DayChanged.
    """
    calendar = lock_calendar(calendar)
    day = calendar.holidays.filter(on=on).first()
    _check_unchanged(day, shown, wanted=None)
    if day is not None:
        day.delete()
        record("calendar_day_removed", calendar, by=by, at=at, payload={"from": as_data(day)})


def compare(calendar: Calendar, holidays: Iterable[tuple[date, str]]) -> list[ListedHoliday]:
    """Compare public holidays, (date, name), with what the calendar has on their dates."""
    stored = {day.on: day for day in calendar.holidays.all()}
    return [
        ListedHoliday(on, name, _match(stored.get(on), name), stored.get(on))
        for on, name in holidays
    ]


def _match(stored: Holiday | None, name: str) -> HolidayMatch:
    if stored is None:
        return HolidayMatch.NEW
    is_closed = not hours_of(stored)
    if is_closed and stored.name == name:
        return HolidayMatch.SAME
    return HolidayMatch.DIFFERS


@transaction.atomic
def copy_holidays(
    calendar: Calendar,
    chosen: Mapping[date, str],
    *,
    by: User | None,
    at: datetime,
) -> int:
    """Close on the ``chosen`` dates, also where something else was stored; return how many changed.

    Raises NeverOpens.
    """
    calendar = lock_calendar(calendar)
    compared = compare(calendar, sorted(chosen.items()))
    rows = [row for row in compared if row.match is not HolidayMatch.SAME]
    if not rows:
        return 0
    # What differs is replaced: a date has one row.
    calendar.holidays.filter(on__in=[row.on for row in rows]).delete()
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, on=row.on, name=row.name) for row in rows
    )
    check_opens(calendar, at=at)
    payload = {
        "days": {row.on.isoformat(): row.name for row in rows},
        "replaced": [as_data(row.stored) for row in rows if row.stored is not None],
    }
    record("calendar_days_copied", calendar, by=by, at=at, payload=payload)
    return len(rows)


@transaction.atomic
def set_closed_days(
    calendar: Calendar,
    chosen: Mapping[date, str],
    *,
    by: User | None,
    at: datetime,
) -> None:
    """Make ``chosen`` the closed days of ``calendar``; dates with hours of their own stay.

    Raises DayTaken where one of those is chosen, and NeverOpens.
    """
    calendar = lock_calendar(calendar)
    stored = {day.on: day for day in calendar.holidays.all()}
    # The setup shows closed days only; shortened days are edited on the calendar's page.
    if any(on in chosen and hours_of(day) for on, day in stored.items()):
        raise DayTaken
    closed = {on: day.name for on, day in stored.items() if not hours_of(day)}
    removed = {on: name for on, name in closed.items() if chosen.get(on) != name}
    added = {on: name for on, name in chosen.items() if closed.get(on) != name}
    if not removed and not added:
        return
    calendar.holidays.filter(on__in=removed).delete()
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, on=on, name=name) for on, name in added.items()
    )
    check_opens(calendar, at=at)
    payload = {
        "added": {on.isoformat(): name for on, name in sorted(added.items())},
        "removed": {on.isoformat(): name for on, name in removed.items()},
    }
    record("calendar_days_settled", calendar, by=by, at=at, payload=payload)


def as_data(day: Holiday) -> DayData:
    """Return a day as plain data, for the audit and for what a page showed."""
    return _data(day.on, day.name, hours_of(day))


def _data(on: date, name: str, hours: Iterable[Hours]) -> DayData:
    return {
        "on": on.isoformat(),
        "name": name,
        "hours": [list(pair) for pair in hours],
    }
