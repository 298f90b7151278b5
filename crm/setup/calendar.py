"""Holidays and working hours of the set-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts import organisations, people
from crm.accounts.models import Organisation, User
from crm.lib.clock import local_date
from crm.lib.input import fingerprints
from crm.lib.wording import variants
from sla.calendars import calendars, hours_text, public_holidays, special_days, work_calendars
from sla.calendars.locks import lock_calendar
from sla.models import Calendar


@dataclass(frozen=True)
class HolidayChoice:
    """A day that can be chosen; ``keep`` is whether it is ticked."""

    on: date
    name: str
    keep: bool


def holiday_choices(organisation: Organisation, *, at: datetime) -> list[HolidayChoice]:
    """Return the closed days of the calendar and the country's holidays of this and next year."""
    calendar = calendars.main()
    choices = []
    taken = set()
    if calendar is not None:
        closed_days = {on: name for on, name, _hours in work_calendars.holidays_of(calendar)}
        for on, name in closed_days.items():
            choices.append(HolidayChoice(on, name, keep=True))
        # Also the days with shortened hours, which are no days off and stay as they are.
        taken = {day.on for day in calendar.holidays.all()}
    # The next year too: clocks that start in December may run out in January.
    this_year = local_date(at, organisation.time_zone).year
    holidays = public_holidays.of_country(
        organisation.country,
        (this_year, this_year + 1),
        language=organisation.language,
    )
    # Later, a holiday that is not in the calendar is one that a person has taken out.
    is_first_time = not taken and "holidays" not in organisation.setup_steps
    for on, name in holidays:
        if on not in taken:
            choices.append(HolidayChoice(on, name, keep=is_first_time))
    return sorted(choices, key=lambda choice: choice.on)


def fingerprint_of_holidays() -> str:
    """Return the fingerprint of the days of the calendar, for the page that shows them."""
    calendar = calendars.main()
    days = []
    if calendar is not None:
        days = [[str(day.on), day.name] for day in calendar.holidays.order_by("on")]
    return fingerprints.digest(days)


def fingerprint_of_hours(*, at: datetime) -> str:
    """Return the fingerprint of the hours in effect at ``at``, for the page that shows them."""
    return fingerprints.digest(sorted(hours_today(at=at)))


def _lock() -> None:
    """Lock the calendar, if there is one, so that what a page showed can be compared."""
    calendar = calendars.main()
    if calendar is not None:
        lock_calendar(calendar)


@transaction.atomic
def set_holidays(
    organisation: Organisation,
    chosen: dict[date, str],
    *,
    by: User,
    at: datetime,
    shown: str | None = None,
) -> None:
    """Make ``chosen`` the closed days of the calendar; days with other hours stay as they are.

    ``shown``: the fingerprint of the days that the page showed; None: a program asks. Raises
    calendars.HoursMoved where there are others by now.
    """
    _lock()
    if shown is not None and shown != fingerprint_of_holidays():
        if not shown:
            raise calendars.HoursMoved(fingerprints.NOT_SENT)
        raise calendars.HoursMoved
    calendar = get_or_create_calendar(organisation, by=by, at=at)
    special_days.set_closed_days(calendar, chosen, by=by, at=at)


def get_or_create_calendar(organisation: Organisation, *, by: User, at: datetime) -> Calendar:
    """Return the calendar of the organisation; a new one has the hours of an office."""
    calendar = calendars.main()
    if calendar is None:
        calendar = set_hours(organisation, hours_text.PRESETS["week"], by=by, at=at)
    return calendar


@transaction.atomic
def set_hours(
    organisation: Organisation,
    windows: hours_text.Windows,
    *,
    by: User,
    at: datetime,
    shown: str | None = None,
) -> Calendar:
    """Make ``windows`` the working hours in the organisation's time zone; return the calendar.

    Signed hours cannot change: then a new calendar is created, and the step of the agreement opens
    again, because it has to be signed with the new hours. ``shown``: the fingerprint of the hours
    that the page showed; None: a program asks. Raises calendars.HoursMoved, which names the days.
    """
    _lock()
    if shown is not None and shown != fingerprint_of_hours(at=at):
        raise calendars.HoursMoved(fields=_days_by_now(windows, hours_today(at=at)))
    with variants.override(organisation.language):
        name = _("Office")
    before = calendars.main()
    after = calendars.set_main(name, organisation.time_zone, windows, by=by, at=at)
    if before is not None and after.pk != before.pk:
        organisations.note_step("agreement", "", by=by, at=at)
    return after


def _days_by_now(typed: hours_text.Windows, stored: hours_text.Windows) -> dict[str, str]:
    """Return for each weekday with other hours than ``typed`` what is ``stored``, by field."""
    text = _("By now it is: %(value)s")
    days = {}
    for day in range(7):
        hours = hours_text.of_day(stored, day)
        if hours != hours_text.of_day(typed, day):
            days[f"day-{day}"] = text % {"value": hours_text.write(hours) or _("closed")}
    return days


def hours_today(*, at: datetime) -> hours_text.Windows:
    """Return the weekly hours in effect at ``at``; those of an office without a calendar."""
    calendar = calendars.main()
    if calendar is None:
        return hours_text.PRESETS["week"]
    _since, windows = work_calendars.in_effect(calendar, at=at)
    return windows


def follow_zone(*, by: User, at: datetime) -> None:
    """Move the calendar to the time zone of the organisation."""
    calendar = calendars.main()
    organisation = people.organisation()
    if calendar is None or calendar.time_zone == organisation.time_zone:
        return
    windows = hours_today(at=at)
    set_hours(organisation, windows, by=by, at=at)
