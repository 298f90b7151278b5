"""Write the holidays and the working hours of the set-up."""

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


@dataclass(frozen=True)
class Day:
    """A holiday to choose; ``keep``: whether it is in the calendar, or proposed to be."""

    on: date
    name: str
    keep: bool


def days(organisation: Organisation, *, at: datetime) -> list[Day]:
    """The closed days in the calendar, and the holidays of the country this year and next that are
    not in it.
    """
    calendar = calendars.main()
    known = (
        {on: name for on, name, _hours in work_calendars.holidays_of(calendar)} if calendar else {}
    )
    taken = {day.on for day in calendar.holidays.all()} if calendar else set()
    this_year = local_date(at, organisation.time_zone).year
    listed = public_holidays.of_country(
        organisation.country, (this_year, this_year + 1), language=organisation.language
    )
    first_time = not taken and "holidays" not in organisation.setup_steps
    proposed = [Day(on, name, first_time) for on, name in listed if on not in taken]
    return sorted(
        [*proposed, *(Day(on, name, True) for on, name in known.items())], key=lambda day: day.on
    )


@transaction.atomic
def set_holidays(
    organisation: Organisation, chosen: dict[date, str], *, by: User, at: datetime
) -> None:
    """Make ``chosen`` the closed days of the organisation's calendar; dates with other hours keep
    them.
    """
    calendar = calendars.main()
    if calendar is None:
        set_hours(organisation, hours_text.PRESETS["week"], by=by, at=at)
        calendar = calendars.main()
    assert calendar is not None
    special_days.set_closed_days(calendar, chosen, by=by, at=at)


@transaction.atomic
def set_hours(
    organisation: Organisation, windows: hours_text.Windows, *, by: User, at: datetime
) -> None:
    """Make ``windows`` the working hours, in the organisation's zone.

    Signed hours stay as they are: then the agreement has to be signed anew, and its step is open
    again.
    """
    with variants.override(organisation.language):
        name = _("Office")
    before = calendars.main()
    after = calendars.set_main(name, organisation.time_zone, windows, by=by, at=at)
    if before is not None and after.pk != before.pk:
        organisations.note_step("agreement", "", by=by, at=at)


def hours_today(*, at: datetime) -> hours_text.Windows:
    """The organisation's weekly hours as they count at ``at``; before there is a calendar, an
    office's.
    """
    calendar = calendars.main()
    return work_calendars.in_effect(calendar, at=at)[1] if calendar else hours_text.PRESETS["week"]


def follow_zone(*, by: User, at: datetime) -> None:
    """The calendar counts in the organisation's zone."""
    calendar, organisation = calendars.main(), people.organisation()
    if calendar is not None and calendar.time_zone != organisation.time_zone:
        set_hours(organisation, hours_today(at=at), by=by, at=at)
