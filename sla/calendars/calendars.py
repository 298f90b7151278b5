"""Calendars: creating, changing, copying and archiving them.

Weekly hours from a date on are in weekly_hours, dates that differ in special_days.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team, User
from crm.audit.entries import record
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import clean_line
from sla.calendars.locks import lock_calendar, lock_names
from sla.calendars.special_days import columns_of
from sla.calendars.weekly_hours import is_signed, refuse_signed, set_week, write_week
from sla.calendars.work_calendars import (
    Windows,
    changes_of,
    check_opens,
    hours_of,
    in_effect,
    windows_of,
)
from sla.models import AgreementVersion, Calendar, Holiday
from sla.states import CLOSED, AgreementState
from sla.worktime.calendar import WeekHours


class NameTaken(DomainError):
    code = "name_taken"
    message = _("Another calendar has this name.")


class TeamHasCalendar(DomainError):
    code = "team_has_calendar"
    message = _("This team has a calendar already. Archive that one first.")


class CalendarInUse(Conflict):
    code = "calendar_in_use"
    message = _("An agreement needs this calendar. It stays until another version is in force.")


class HoursMoved(Conflict):
    """The hours were saved by another person while these were edited.

    ``fields`` says for each field what is stored now.
    """

    code = "hours_moved"
    message = _(
        "Somebody else changed this calendar while you edited it. Yours is not saved yet: look at"
        " both, save again."
    )


def main() -> Calendar | None:
    """Return the organisation's calendar: the newest in use that belongs to no team."""
    return Calendar.objects.filter(team=None, archived_at=None).order_by("-pk").first()


def of_team(team: Team, default: Calendar) -> Calendar:
    """Return the calendar of ``team``, else ``default``, the agreement's (domain.md, Clocks)."""
    return Calendar.objects.filter(team=team, archived_at=None).first() or default


def of_teams(teams: Collection[Team]) -> dict[int, Calendar]:
    """Return the calendars that belong to one of ``teams``, by its id, with all their hours."""
    own = Calendar.objects.filter(team__in=teams, archived_at=None)
    with_hours = own.prefetch_related("windows", "holidays")
    return {calendar.team_id: calendar for calendar in with_hours if calendar.team_id}


def listed() -> list[Calendar]:
    """Return every calendar for the list of calendars, those in use first.

    Each has the attributes ``signed`` and ``in_force``.
    """
    versions = AgreementVersion.objects.filter(calendar=OuterRef("pk"))
    rows = Calendar.objects.select_related("team").prefetch_related("windows", "holidays")
    with_versions = rows.annotate(
        signed=Exists(versions.filter(state__in=CLOSED)),
        in_force=Exists(versions.filter(state=AgreementState.IN_FORCE)),
    )
    in_use_first = F("archived_at").asc(nulls_first=True)
    organisation_first = F("team__name").asc(nulls_first=True)
    return list(with_versions.order_by(in_use_first, organisation_first, "-pk"))


@transaction.atomic
def create(
    name: str,
    time_zone: str,
    windows: Iterable[WeekHours],
    *,
    by: User | None,
    at: datetime,
    holidays: Iterable[tuple[date, str, Any]] = (),
    changes: Mapping[date, Windows] | None = None,
    team: Team | None = None,
) -> Calendar:
    """Create a calendar.

    ``windows``: (weekday, opens, closes) in minutes; ``changes``: those from a date on;
    ``holidays``: (date, name, hours), the hours as special_days.columns_of takes them. Raises
    NameTaken, TeamHasCalendar, BadHours, NeverOpens, and ValueError for hours that no form accepts.
    """
    name = clean_line(name)
    # The database has no constraint for upper and lower case: one name at a time.
    lock_names()
    _check_name(name)
    if team is not None and Calendar.objects.filter(team=team, archived_at=None).exists():
        raise TeamHasCalendar(fields={"team": TeamHasCalendar.message})
    calendar = Calendar.objects.create(name=name, time_zone=time_zone, team=team)
    write_week(calendar, windows, None)
    for since, later in (changes or {}).items():
        write_week(calendar, later, since)
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, on=on, name=label, **columns_of(hours))
        for on, label, hours in holidays
    )
    # After all rows are written: holidays and later hours may close it for good.
    check_opens(calendar, at=at)
    record("calendar_created", calendar, by=by, at=at, payload={"name": name, "zone": time_zone})
    return calendar


def _check_name(name: str, *, but: Calendar | None = None) -> None:
    """Raise NameTaken where a calendar other than ``but`` has this name."""
    others = Calendar.objects.filter(name__iexact=name)
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise NameTaken(fields={"name": NameTaken.message})


@transaction.atomic
def change(
    calendar: Calendar,
    *,
    name: str,
    time_zone: str,
    windows: Iterable[WeekHours],
    by: User | None,
    at: datetime,
) -> Calendar:
    """Change name, zone and the weekly hours from the beginning.

    Running clocks keep the hours that they started with. Raises NameTaken, HoursSigned, BadHours,
    NeverOpens.
    """
    calendar = lock_calendar(calendar)
    name = clean_line(name)
    lock_names()
    _check_name(name, but=calendar)
    old_windows = sorted(windows_of(calendar))
    new_windows = sorted(windows)
    before = {"name": calendar.name, "zone": calendar.time_zone, "windows": old_windows}
    after = {"name": name, "zone": time_zone, "windows": new_windows}
    # Saving a page without a change leaves no entry in the audit.
    if before == after:
        return calendar
    has_new_hours = calendar.time_zone != time_zone or old_windows != new_windows
    if has_new_hours:
        # The name may change for ever; zone and hours are what was signed.
        refuse_signed(calendar)
        calendar.windows.filter(starts_on=None).delete()
        write_week(calendar, new_windows, None)
    calendar.name = name
    calendar.time_zone = time_zone
    calendar.save(update_fields=["name", "time_zone"])
    check_opens(calendar, at=at)
    record("calendar_changed", calendar, by=by, at=at, payload={"from": before, "to": after})
    return calendar


@transaction.atomic
def copy(
    calendar: Calendar,
    name: str,
    *,
    by: User | None,
    at: datetime,
    team: Team | None = None,
    time_zone: str | None = None,
    windows: Iterable[WeekHours] | None = None,
) -> Calendar:
    """Create a calendar with the same hours and days, except ``time_zone`` and ``windows``.

    Raises as :func:`create`.
    """
    days = [(day.on, day.name, hours_of(day)) for day in calendar.holidays.all()]
    created = create(
        name,
        time_zone or calendar.time_zone,
        windows_of(calendar) if windows is None else windows,
        by=by,
        at=at,
        holidays=days,
        changes=changes_of(calendar),
        team=team,
    )
    payload = {"from": calendar.name, "calendar": calendar.pk}
    record("calendar_copied", created, by=by, at=at, payload=payload)
    return created


@transaction.atomic
def archive(calendar: Calendar, *, by: User, at: datetime) -> None:
    """Take ``calendar`` out of use; agreements that are over keep it.

    Raises CalendarInUse while a version names it that is in force or may come into force.
    """
    calendar = lock_calendar(calendar)
    # Every other version is in force, or may come into force.
    over = (AgreementState.SUPERSEDED, AgreementState.DISCARDED)
    if AgreementVersion.objects.filter(calendar=calendar).exclude(state__in=over).exists():
        raise CalendarInUse
    if calendar.archived_at is None:
        calendar.archived_at = at
        calendar.save(update_fields=["archived_at"])
        record("calendar_archived", calendar, by=by, at=at)


@transaction.atomic
def restore(calendar: Calendar, *, by: User, at: datetime) -> None:
    """Take ``calendar`` into use again. Raises TeamHasCalendar where its team has another one."""
    calendar = lock_calendar(calendar)
    # Another calendar may be given to the team at the same time.
    lock_names()
    of_same_team = Calendar.objects.filter(
        team__isnull=False, team=calendar.team_id, archived_at=None
    )
    if of_same_team.exclude(pk=calendar.pk).exists():
        raise TeamHasCalendar
    if calendar.archived_at is not None:
        calendar.archived_at = None
        calendar.save(update_fields=["archived_at"])
        record("calendar_restored", calendar, by=by, at=at)


@transaction.atomic
def set_main(
    name: str,
    time_zone: str,
    windows: Windows,
    *,
    by: User | None,
    at: datetime,
) -> Calendar:
    """Let the organisation's calendar have these weekly hours now; create it where it is missing.

    Where the old hours are signed and differ, a copy with the new ones is made, for the next
    version of the agreement. Raises as :func:`create`.
    """
    calendar = main()
    if calendar is None:
        return create(_free_name(name), time_zone, windows, by=by, at=at)
    calendar = lock_calendar(calendar)
    since, current = in_effect(calendar, at=at)
    if (calendar.time_zone, sorted(current)) == (time_zone, sorted(windows)):
        return calendar
    # Hours from a date on stay apart from those of the beginning: only what counts now changes.
    first = windows if since is None else windows_of(calendar)
    if is_signed(calendar):
        calendar = copy(
            calendar, _free_name(name), by=by, at=at, time_zone=time_zone, windows=first
        )
    calendar = change(
        calendar, name=calendar.name, time_zone=time_zone, windows=first, by=by, at=at
    )
    if since is None:
        return calendar
    return set_week(calendar, since, windows, by=by, at=at, was=since)


def _free_name(name: str) -> str:
    """Return ``name``, with a number where it is taken."""
    taken = set(Calendar.objects.filter(name__startswith=name).values_list("name", flat=True))
    free = name
    number = 2
    while free in taken:
        free = f"{name} {number}"
        number += 1
    return free
