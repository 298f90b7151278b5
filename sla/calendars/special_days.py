"""The dates of a calendar that differ from their week: holidays, shortened days, extra openings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.errors import DomainError
from crm.lib.text import clean_line
from sla.calendars.calendars import Hours, check_opens, day_columns, hours_of, locked
from sla.models import Calendar, Holiday


class DayTaken(DomainError):
    code = "day_taken"
    message = _("This date differs already. Change it on the page of the calendar.")


class Standing(StrEnum):
    """How a listed holiday stands to a calendar."""

    NEW = "new"
    THERE = "there"
    DIFFERS = "differs"


@dataclass(frozen=True)
class Listed:
    """A holiday of a list beside what the calendar has on its date (``stored`` None: nothing)."""

    on: date
    name: str
    standing: Standing
    stored: Holiday | None


@transaction.atomic
def put(
    calendar: Calendar,
    on: date,
    name: str,
    hours: Iterable[Hours],
    *,
    by: User | None,
    at: datetime,
    was: date | None = None,
) -> None:
    """On ``on`` these hours count instead of its weekday's; none: closed.

    ``was``: the date that is moved here.

    Clocks that run keep the days they started with. Raises DayTaken where ``on`` differs already
    and is not ``was``, and calendars.NeverOpens.
    """
    calendar, name = locked(calendar), clean_line(name)
    stored = {
        day.on: day for day in calendar.holidays.filter(on__in=[each for each in (on, was) if each])
    }
    if on in stored and on != was:
        raise DayTaken(fields={"on": DayTaken.message})
    before = stored.get(was) if was else None
    columns = {"name": name, **day_columns(tuple(hours))}
    if before is None:
        day = Holiday.objects.create(calendar=calendar, on=on, **columns)
    else:
        told = _told(before)
        day = before
        day.on = on
        for key, value in columns.items():
            setattr(day, key, value)
        if told == _told(day):
            return
        day.save(update_fields=["on", *columns])
    check_opens(calendar, at=at)
    payload = {"from": told if before is not None else None, "to": _told(day)}
    record("calendar_day_set", calendar, by=by, at=at, payload=payload)


@transaction.atomic
def remove(calendar: Calendar, on: date, *, by: User | None, at: datetime) -> None:
    """The week's own hours count on ``on`` again; nothing happens where it does not differ."""
    calendar = locked(calendar)
    day = calendar.holidays.filter(on=on).first()
    if day is not None:
        day.delete()
        record("calendar_day_removed", calendar, by=by, at=at, payload={"from": _told(day)})


def compare(calendar: Calendar, listed: Iterable[tuple[date, str]]) -> list[Listed]:
    """Each listed holiday beside what the calendar has: new, there already (closed), or different
    (open, renamed).
    """
    stored = {day.on: day for day in calendar.holidays.all()}
    found = []
    for on, name in listed:
        day = stored.get(on)
        same = day is not None and not hours_of(day) and day.name == name
        standing = Standing.NEW if day is None else Standing.THERE if same else Standing.DIFFERS
        found.append(Listed(on, name, standing, day))
    return found


@transaction.atomic
def copy_listed(
    calendar: Calendar, chosen: Mapping[date, str], *, by: User | None, at: datetime
) -> int:
    """Close on the ``chosen`` dates under these names, also where something else was stored; how
    many changed.

    Raises calendars.NeverOpens.
    """
    calendar = locked(calendar)
    rows = [
        row
        for row in compare(calendar, sorted(chosen.items()))
        if row.standing is not Standing.THERE
    ]
    if not rows:
        return 0
    calendar.holidays.filter(on__in=[row.on for row in rows]).delete()
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, on=row.on, name=row.name) for row in rows
    )
    check_opens(calendar, at=at)
    payload = {
        "days": {row.on.isoformat(): row.name for row in rows},
        "replaced": [_told(row.stored) for row in rows if row.stored is not None],
    }
    record("calendar_days_copied", calendar, by=by, at=at, payload=payload)
    return len(rows)


@transaction.atomic
def settle(
    calendar: Calendar, chosen: Mapping[date, str], *, by: User | None, at: datetime
) -> None:
    """Make ``chosen`` the closed days; dates with other hours stay.

    Raises DayTaken where one of those is chosen, and calendars.NeverOpens.
    """
    calendar = locked(calendar)
    stored = {day.on: day for day in calendar.holidays.all()}
    if any(hours_of(stored[on]) for on in chosen if on in stored):
        raise DayTaken
    closed = {on: day.name for on, day in stored.items() if not hours_of(day)}
    gone = [on for on, name in closed.items() if chosen.get(on) != name]
    added = {on: name for on, name in chosen.items() if closed.get(on) != name}
    if not gone and not added:
        return
    calendar.holidays.filter(on__in=gone).delete()
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, on=on, name=name) for on, name in added.items()
    )
    check_opens(calendar, at=at)
    payload = {
        "added": {on.isoformat(): name for on, name in sorted(added.items())},
        "removed": {on.isoformat(): closed[on] for on in gone},
    }
    record("calendar_days_settled", calendar, by=by, at=at, payload=payload)


def _told(day: Holiday) -> dict[str, object]:
    """A day as the audit keeps it."""
    return {
        "on": day.on.isoformat(),
        "name": day.name,
        "hours": [list(pair) for pair in hours_of(day)],
    }
