"""Writing the weekly hours of a calendar: from the beginning, and from a date on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.errors import DomainError
from sla.calendars.locks import lock_calendar
from sla.calendars.work_calendars import NeverOpens, changes_of, check_opens
from sla.models import AgreementVersion, Calendar, OpenWindow
from sla.states import CLOSED
from sla.worktime.calendar import WeekHours, overlap


class BadHours(DomainError):
    """Hours that overlap; ``fields`` names the weekday: "day-0" is Monday."""

    code = "bad_hours"
    message = _("These hours cannot be.")


class HoursSigned(DomainError):
    code = "hours_signed"
    message = _(
        "An agreement was signed over these hours: they stay as they are. Copy the calendar for the"
        " next version."
    )


class DateTaken(DomainError):
    code = "date_taken"
    message = _("Other hours begin on this date already.")


def is_signed(calendar: Calendar) -> bool:
    """Return whether an agreement is closed over these hours: zone and windows never change."""
    return AgreementVersion.objects.filter(calendar=calendar, state__in=CLOSED).exists()


def refuse_signed(calendar: Calendar) -> None:
    """Raise HoursSigned where the hours of ``calendar`` are signed."""
    if is_signed(calendar):
        raise HoursSigned


def write_week(
    calendar: Calendar,
    windows: Iterable[WeekHours],
    since: date | None,
) -> None:
    """Store ``windows`` as the weekly hours from ``since`` on. Raises BadHours on an overlap."""
    rows = list(windows)
    weekday = overlap(rows)
    if weekday is not None:
        message = _(
            "These hours begin before those of the same day, or of the night before, have ended."
        )
        raise BadHours(fields={f"day-{weekday}": message})
    OpenWindow.objects.bulk_create(
        OpenWindow(calendar=calendar, weekday=day, opens=opens, closes=closes, starts_on=since)
        for day, opens, closes in rows
    )


@transaction.atomic
def set_week(
    calendar: Calendar,
    since: date,
    windows: Iterable[WeekHours],
    *,
    by: User | None,
    at: datetime,
    was: date | None = None,
) -> Calendar:
    """Let these weekly hours count from ``since`` on.

    ``was``: the date of the hours that they replace. Raises HoursSigned, BadHours, NeverOpens, and
    DateTaken where other hours begin on that date.
    """
    calendar = lock_calendar(calendar)
    refuse_signed(calendar)
    ordered = sorted(windows)
    # An empty week is no change of hours: it would close the calendar for good.
    if not ordered:
        raise NeverOpens
    if since in changes_of(calendar) and since != was:
        raise DateTaken(fields={"since": DateTaken.message})
    # Hours that move to another date leave the old one.
    replaced = [day for day in (since, was) if day]
    calendar.windows.filter(starts_on__in=replaced).delete()
    write_week(calendar, ordered, since)
    check_opens(calendar, at=at)
    payload = {
        "since": since.isoformat(),
        "windows": ordered,
        "replaces": was.isoformat() if was else None,
    }
    record("calendar_week_set", calendar, by=by, at=at, payload=payload)
    return calendar


@transaction.atomic
def remove_week(calendar: Calendar, since: date, *, by: User, at: datetime) -> None:
    """Remove the weekly hours that begin on ``since``; those before them go on.

    Does nothing where no hours begin on that date. Raises HoursSigned.
    """
    calendar = lock_calendar(calendar)
    refuse_signed(calendar)
    windows = changes_of(calendar).get(since)
    if windows is None:
        return
    calendar.windows.filter(starts_on=since).delete()
    check_opens(calendar, at=at)
    payload = {"since": since.isoformat(), "windows": windows}
    record("calendar_week_removed", calendar, by=by, at=at, payload=payload)
