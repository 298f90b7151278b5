"""Holidays and working hours of the set-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts import organisations, people
from crm.accounts.models import Organisation, User
from crm.lib.clock import local_date
from crm.lib.wording import variants
from sla.calendars import calendars, hours_text, public_holidays, special_days, work_calendars
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


@transaction.atomic
def set_holidays(
    organisation: Organisation, chosen: dict[date, str], *, by: User, at: datetime
) -> None:
    """Make ``chosen`` the closed days of the calendar; days with other hours stay as they are."""
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
    organisation: Organisation, windows: hours_text.Windows, *, by: User, at: datetime
) -> Calendar:
    """Make ``windows`` the working hours in the organisation's time zone; return the calendar.

    Signed hours cannot change: then a new calendar is created, and the step of the agreement opens
    again, because it has to be signed with the new hours.
    """
    with variants.override(organisation.language):
        name = _("Office")
    before = calendars.main()
    after = calendars.set_main(name, organisation.time_zone, windows, by=by, at=at)
    if before is not None and after.pk != before.pk:
        organisations.note_step("agreement", "", by=by, at=at)
    return after


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
