"""Writing calendars, and reading them as plain data.

The dates that differ from their week: sla.calendars.special_days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team, User
from crm.audit.entries import record
from crm.lib.clock import local_date
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import clean_line
from sla.models import AgreementVersion, Calendar, Holiday, OpenWindow
from sla.states import CLOSED, AgreementState
from sla.worktime import arithmetic
from sla.worktime.calendar import check_hours, overlap

# any number that is nobody else's: the advisory lock of names and teams of calendars
LOCK = 20_260_304
Hours = tuple[int, int]
Windows = list[tuple[int, int, int]]  # weekday, opens, closes
Changes = dict[date, Windows]
Holidays = list[tuple[date, str, Hours | None]]


class BadHours(DomainError):
    """Hours that cannot be; ``fields`` names the weekday: "day-0" is Monday."""

    code = "bad_hours"
    message = _("These hours cannot be.")


class NeverOpens(DomainError):
    code = "never_opens"
    message = _("Open on at least one day: a clock has to run at some time.")


class HoursSigned(DomainError):
    code = "hours_signed"
    message = _(
        "An agreement was signed over these hours: they stay as they are. Copy the calendar for the"
        " next version."
    )


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
    """Somebody saved other hours while these were edited; ``fields`` says for each what it is by
    now.
    """

    code = "hours_moved"
    message = _(
        "Somebody else changed this calendar while you edited it. Yours is not saved yet: look at"
        " both, save again."
    )


class DateTaken(DomainError):
    code = "date_taken"
    message = _("Other hours begin on this date already.")


# -- Reading


def main() -> Calendar | None:
    """The organisation's calendar: the newest in use that is no team's own."""
    return Calendar.objects.filter(team=None, archived_at=None).order_by("-pk").first()


def windows_of(calendar: Calendar) -> Windows:
    """The weekly hours from the beginning."""
    return [(w.weekday, w.opens, w.closes) for w in calendar.windows.all() if w.starts_on is None]


def changes_of(calendar: Calendar) -> Changes:
    """The weekly hours of later dates, in their order."""
    found: Changes = {}
    for window in calendar.windows.all():
        if window.starts_on is not None:
            found.setdefault(window.starts_on, []).append(
                (window.weekday, window.opens, window.closes)
            )
    return dict(sorted(found.items()))


def in_effect(calendar: Calendar, *, at: datetime) -> tuple[date | None, Windows]:
    """The weekly hours that count at ``at``, and since when (None: from the beginning)."""
    today = local_date(at, calendar.time_zone)
    begun = [(since, windows) for since, windows in changes_of(calendar).items() if since <= today]
    return begun[-1] if begun else (None, windows_of(calendar))


def hours_of(day: Holiday) -> tuple[Hours, ...]:
    """The hours of a date that differs; none: closed."""
    if day.opens is None or day.closes is None:
        return ()
    return ((day.opens, day.closes), *((opens, closes) for opens, closes in day.more_hours))


def holidays_of(calendar: Calendar) -> Holidays:
    """The closed days."""
    return [(day.on, day.name, None) for day in calendar.holidays.all() if day.opens is None]


def is_signed(calendar: Calendar) -> bool:
    """Whether a signature stands for these hours: then zone and weekly windows never change."""
    return AgreementVersion.objects.filter(calendar=calendar).filter(state__in=CLOSED).exists()


def signed_part(calendar: Calendar) -> dict[str, Any]:
    """What a signature stands for, as plain JSON data: zone and weekly hours.

    Single dates stay editable.
    """
    stored = plain(calendar).to_json()
    return {key: stored[key] for key in ("zone", "windows", "changes") if key in stored}


def listed() -> list[Calendar]:
    """Every calendar with what its line shows, those in use first; each has ``signed`` and
    ``in_force``.
    """
    versions = AgreementVersion.objects.filter(calendar=OuterRef("pk"))
    rows = Calendar.objects.select_related("team").prefetch_related("windows", "holidays")
    return list(
        rows.annotate(
            signed=Exists(versions.filter(state__in=CLOSED)),
            in_force=Exists(versions.filter(state=AgreementState.IN_FORCE)),
        ).order_by(
            F("archived_at").asc(nulls_first=True), F("team__name").asc(nulls_first=True), "-pk"
        )
    )


def plain(calendar: Calendar) -> arithmetic.WorkCalendar:
    """The calendar as plain data for worktime; refuses one that never opens."""
    days = list(calendar.holidays.all())
    return arithmetic.WorkCalendar(
        zone=calendar.time_zone,
        windows=tuple(arithmetic.Window(*window) for window in windows_of(calendar)),
        holidays={day.on: hours_of(day) for day in days},
        changes={
            since: tuple(arithmetic.Window(*window) for window in windows)
            for since, windows in changes_of(calendar).items()
        },
        names={day.on: day.name for day in days if day.name},
    )


def of_team(team: Team, otherwise: Calendar) -> Calendar:
    """The calendar in which clocks of ``team`` count: its own, else the agreement's (domain.md,
    Clocks).
    """
    return Calendar.objects.filter(team=team, archived_at=None).first() or otherwise


# -- Writing


@transaction.atomic
def create(
    name: str,
    time_zone: str,
    windows: Iterable[tuple[int, int, int]],
    *,
    by: User | None,
    at: datetime,
    holidays: Iterable[tuple[date, str, Any]] = (),
    changes: Mapping[date, Windows] | None = None,
    team: Team | None = None,
) -> Calendar:
    """A new calendar. ``windows``: (weekday, opens, closes) in minutes; ``changes``: those from a
    date on; ``holidays``: (date, name, hours), the hours one (opens, closes), several of them, or
    None.

    Raises NameTaken, TeamHasCalendar, BadHours, NeverOpens, and ValueError for hours that no form
    lets through.
    """
    name = clean_line(name)
    one_at_a_time()
    if Calendar.objects.filter(name__iexact=name).exists():
        raise NameTaken(fields={"name": NameTaken.message})
    if team is not None and Calendar.objects.filter(team=team, archived_at=None).exists():
        raise TeamHasCalendar(fields={"team": TeamHasCalendar.message})
    calendar = Calendar.objects.create(name=name, time_zone=time_zone, team=team)
    _write_week(calendar, windows, None)
    for since, later in (changes or {}).items():
        _write_week(calendar, later, since)
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, on=on, name=label, **day_columns(hours))
        for on, label, hours in holidays
    )
    check_opens(calendar, at=at)
    record("calendar_created", calendar, by=by, at=at, payload={"name": name, "zone": time_zone})
    return calendar


def day_columns(hours: Any) -> dict[str, Any]:
    """The columns of a date that differs; ``hours``: one (opens, closes), several of them, or
    nothing: closed.
    """
    pairs = [hours] if hours and isinstance(hours[0], int) else list(hours or ())
    for opens, closes in pairs:
        check_hours(opens, closes)
    opens, closes = pairs[0] if pairs else (None, None)
    return {"opens": opens, "closes": closes, "more_hours": [list(pair) for pair in pairs[1:]]}


def _write_week(
    calendar: Calendar, windows: Iterable[tuple[int, int, int]], since: date | None
) -> None:
    found = list(windows)
    day = overlap(found)
    if day is not None:
        words = _(
            "These hours begin before those of the same day, or of the night before, have ended."
        )
        raise BadHours(fields={f"day-{day}": words})
    OpenWindow.objects.bulk_create(
        OpenWindow(calendar=calendar, weekday=day, opens=opens, closes=closes, starts_on=since)
        for day, opens, closes in found
    )


def check_opens(calendar: Calendar, *, at: datetime) -> None:
    """Raises NeverOpens where ``calendar`` as it is stored has no hours, or none within
    two years.
    """
    try:
        arithmetic.next_open(plain(Calendar.objects.get(pk=calendar.pk)), at)
    except arithmetic.CalendarNeverOpen as error:
        raise NeverOpens from error


def one_at_a_time() -> None:
    """Names and teams of calendars are judged by what is there: whoever gives some next waits for
    this transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def locked(calendar: Calendar) -> Calendar:
    """The calendar as it stands now, held until the transaction ends."""
    return Calendar.objects.select_for_update(no_key=True).get(pk=calendar.pk)


@transaction.atomic
def change(
    calendar: Calendar,
    *,
    name: str,
    time_zone: str,
    windows: Iterable[tuple[int, int, int]],
    by: User | None,
    at: datetime,
) -> Calendar:
    """Another name, zone, or weekly hours from the beginning.

    Clocks that run keep the hours they started with.

    Raises NameTaken, HoursSigned, BadHours, NeverOpens.
    """
    calendar, name = locked(calendar), clean_line(name)
    one_at_a_time()
    if Calendar.objects.filter(name__iexact=name).exclude(pk=calendar.pk).exists():
        raise NameTaken(fields={"name": NameTaken.message})
    old, new = sorted(windows_of(calendar)), sorted(windows)
    before = {"name": calendar.name, "zone": calendar.time_zone, "windows": old}
    after = {"name": name, "zone": time_zone, "windows": new}
    if before == after:
        return calendar
    if (calendar.time_zone, old) != (time_zone, new):
        _refuse_signed(calendar)
        calendar.windows.filter(starts_on=None).delete()
        _write_week(calendar, new, None)
    calendar.name, calendar.time_zone = name, time_zone
    calendar.save(update_fields=["name", "time_zone"])
    check_opens(calendar, at=at)
    record("calendar_changed", calendar, by=by, at=at, payload={"from": before, "to": after})
    return calendar


@transaction.atomic
def set_week(
    calendar: Calendar,
    since: date,
    windows: Iterable[tuple[int, int, int]],
    *,
    by: User | None,
    at: datetime,
    was: date | None = None,
) -> Calendar:
    """From ``since`` on these weekly hours count. ``was``: the date of hours that this replaces.

    Raises HoursSigned, BadHours, NeverOpens, and DateTaken where other hours begin on that date.
    """
    calendar = locked(calendar)
    _refuse_signed(calendar)
    before, after = changes_of(calendar), sorted(windows)
    if not after:
        raise NeverOpens
    if since in before and since != was:
        raise DateTaken(fields={"since": DateTaken.message})
    calendar.windows.filter(starts_on__in=[each for each in (since, was) if each]).delete()
    _write_week(calendar, after, since)
    check_opens(calendar, at=at)
    payload = {
        "since": since.isoformat(),
        "windows": after,
        "replaces": was.isoformat() if was else None,
    }
    record("calendar_week_set", calendar, by=by, at=at, payload=payload)
    return calendar


@transaction.atomic
def remove_week(calendar: Calendar, since: date, *, by: User, at: datetime) -> None:
    """The hours before ``since`` go on.

    Raises HoursSigned; nothing happens where no hours begin on that date.
    """
    calendar = locked(calendar)
    _refuse_signed(calendar)
    windows = changes_of(calendar).get(since)
    if windows is not None:
        calendar.windows.filter(starts_on=since).delete()
        check_opens(calendar, at=at)
        payload = {"since": since.isoformat(), "windows": windows}
        record("calendar_week_removed", calendar, by=by, at=at, payload=payload)


def _refuse_signed(calendar: Calendar) -> None:
    if is_signed(calendar):
        raise HoursSigned


@transaction.atomic
def copy(
    calendar: Calendar,
    name: str,
    *,
    by: User | None,
    at: datetime,
    team: Team | None = None,
    time_zone: str | None = None,
    windows: Iterable[tuple[int, int, int]] | None = None,
) -> Calendar:
    """A new calendar with the same hours and days, but for the ``time_zone`` and ``windows`` given.

    As create.
    """
    days = [(day.on, day.name, hours_of(day)) for day in calendar.holidays.all()]
    made = create(
        name,
        time_zone or calendar.time_zone,
        windows_of(calendar) if windows is None else windows,
        by=by,
        at=at,
        holidays=days,
        changes=changes_of(calendar),
        team=team,
    )
    record(
        "calendar_copied",
        made,
        by=by,
        at=at,
        payload={"from": calendar.name, "calendar": calendar.pk},
    )
    return made


@transaction.atomic
def archive(calendar: Calendar, *, by: User, at: datetime) -> None:
    """Out of use; what was agreed in it keeps it.

    Raises CalendarInUse while an agreement in force, or one that may come into force, names it.
    """
    calendar = locked(calendar)
    over = (AgreementState.SUPERSEDED, "discarded")
    if AgreementVersion.objects.filter(calendar=calendar).exclude(state__in=over).exists():
        raise CalendarInUse
    if calendar.archived_at is None:
        calendar.archived_at = at
        calendar.save(update_fields=["archived_at"])
        record("calendar_archived", calendar, by=by, at=at)


@transaction.atomic
def restore(calendar: Calendar, *, by: User, at: datetime) -> None:
    """Into use again. Raises TeamHasCalendar where its team has another one by now."""
    calendar = locked(calendar)
    one_at_a_time()
    others = Calendar.objects.filter(team__isnull=False, team=calendar.team_id, archived_at=None)
    if others.exclude(pk=calendar.pk).exists():
        raise TeamHasCalendar
    if calendar.archived_at is not None:
        calendar.archived_at = None
        calendar.save(update_fields=["archived_at"])
        record("calendar_restored", calendar, by=by, at=at)


@transaction.atomic
def settle(
    name: str, time_zone: str, windows: Windows, *, by: User | None, at: datetime
) -> Calendar:
    """Bring the organisation's calendar to these weekly hours from today's on.

    Where the old ones are signed and differ, a copy with the new ones is made, for the next version
    of the agreement. Raises as :func:`create`.
    """
    old = main()
    if old is None:
        return create(_free(name), time_zone, windows, by=by, at=at)
    old = locked(old)
    since, today = in_effect(old, at=at)
    if (old.time_zone, sorted(today)) == (time_zone, sorted(windows)):
        return old
    first = windows if since is None else windows_of(old)
    if is_signed(old):
        old = copy(old, _free(name), by=by, at=at, time_zone=time_zone, windows=first)
    old = change(old, name=old.name, time_zone=time_zone, windows=first, by=by, at=at)
    return old if since is None else set_week(old, since, windows, by=by, at=at, was=since)


def _free(name: str) -> str:
    """``name``, with a number where it is taken."""
    taken = set(Calendar.objects.filter(name__startswith=name).values_list("name", flat=True))
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return next(each for each in (name, *numbered) if each not in taken)
