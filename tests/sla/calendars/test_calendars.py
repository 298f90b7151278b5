"""Calendars: creating, changing, copying and archiving them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crm.lib import clock
from sla.agreements import content, policies
from sla.calendars import calendars, special_days, weekly_hours, work_calendars
from sla.models import Calendar
from sla.worktime.calendar import Window, WorkCalendar
from tests import factories
from tests.conftest import Moment
from tests.factories import OFFICE, SIGNED_AT, ZONE, Cast, when
from tests.sla.agreements.conftest import NOON
from tests.sla.calendars.conftest import NEW_YEAR, SHORT, free, verbs


def test_signed_calendar_takes_another_name(cast: Cast) -> None:
    named = calendars.change(
        cast.calendar,
        name="Centro",
        time_zone=factories.ZONE,
        windows=OFFICE,
        by=cast.root,
        at=SIGNED_AT,
    )
    assert Calendar.objects.get(pk=named.pk).name == "Centro"


def test_signatures_stand_for_zone_and_hours_and_not_for_single_dates(cast: Cast) -> None:
    calendar = free(cast, changes={NEW_YEAR: SHORT})
    draft = factories.drafted(calendar, by=cast.luis)
    factories.sign(draft, "marketing", by=cast.luis, at=SIGNED_AT)
    before = work_calendars.signed_part(calendar)
    special_days.set_day(calendar, date(2026, 12, 25), "Navidad", (), by=cast.root, at=SIGNED_AT)
    assert work_calendars.signed_part(Calendar.objects.get(pk=calendar.pk)) == before
    assert list(before) == ["zone", "windows", "changes"]
    signed = factories.sign(draft, "sales", by=cast.dora, at=SIGNED_AT)
    assert (signed.state, signed.content_hash) == ("signed", content.content_hash(signed))


def test_copy_has_the_same_hours_and_days_and_is_free(cast: Cast) -> None:
    days = [
        (date(2026, 12, 24), "Nochebuena", ((540, 660), (720, 780))),
        (date(2026, 12, 25), "Navidad", None),
    ]
    original = free(cast, holidays=days, changes={NEW_YEAR: SHORT})
    factories.agreement(original, marketing=cast.luis, sales=cast.dora, teams=[cast.sales])
    made = calendars.copy(original, "Libre 2027", by=cast.root, at=SIGNED_AT)
    assert work_calendars.plain(made) == work_calendars.plain(original)
    assert work_calendars.plain(made).names == {
        date(2026, 12, 24): "Nochebuena",
        date(2026, 12, 25): "Navidad",
    }
    assert (weekly_hours.is_signed(original), weekly_hours.is_signed(made)) == (True, False)


def test_names_differ_whatever_their_capitals(cast: Cast) -> None:
    with pytest.raises(calendars.NameTaken) as refused:
        free(cast, "OFICINA")
    assert list(refused.value.fields) == ["name"]


def test_a_team_has_one_calendar_in_use(cast: Cast) -> None:
    first = free(cast, team=cast.sales)
    with pytest.raises(calendars.TeamHasCalendar):
        free(cast, "Otro", team=cast.sales)
    calendars.archive(first, by=cast.root, at=SIGNED_AT)
    second = free(cast, "Otro", team=cast.sales)
    assert calendars.of_team(cast.sales, cast.calendar) == second
    with pytest.raises(calendars.TeamHasCalendar):
        calendars.restore(first, by=cast.root, at=SIGNED_AT)


def test_calendar_of_an_agreement_in_force_is_not_archived(cast: Cast) -> None:
    with pytest.raises(calendars.CalendarInUse):
        calendars.archive(cast.calendar, by=cast.root, at=SIGNED_AT)
    assert Calendar.objects.get(pk=cast.calendar.pk).archived_at is None


def test_archived_calendar_is_not_the_organisations(cast: Cast) -> None:
    newest = free(cast)
    assert calendars.main() == newest
    calendars.archive(newest, by=cast.root, at=SIGNED_AT)
    assert calendars.main() == cast.calendar
    calendars.restore(newest, by=cast.root, at=SIGNED_AT)
    assert calendars.main() == newest
    assert verbs()[-2:] == ["calendar_archived", "calendar_restored"]


def test_editing_moves_no_clock_that_runs(cast: Cast, moment: Moment) -> None:
    team_calendar = free(cast, team=cast.sales)
    handoff = factories.handed_off(cast)
    assert handoff.clock is not None
    due = handoff.clock.due_at
    calendars.change(
        team_calendar,
        name="Libre",
        time_zone="America/Bogota",
        windows=SHORT,
        by=cast.root,
        at=clock.now(),
    )
    handoff.clock.refresh_from_db()
    assert handoff.clock.due_at == due
    moment.advance(minutes=1)
    assert (
        policies.policy_for(cast.agreement, cast.sales, facts={})["calendar"]["zone"]
        == "America/Bogota"
    )


def test_settling_replaces_the_hours_of_today(cast: Cast) -> None:
    newest = free(cast, changes={date(2026, 2, 1): SHORT, NEW_YEAR: SHORT})
    longer = [(day, 480, 1080) for day in range(6)]
    settled = calendars.set_main(
        "Oficina", factories.ZONE, longer, by=cast.root, at=when("2026-03-02 10:00")
    )
    assert settled == newest
    assert work_calendars.windows_of(settled) == OFFICE
    assert work_calendars.changes_of(settled) == {date(2026, 2, 1): longer, NEW_YEAR: SHORT}


def test_settling_beside_signed_hours_makes_a_copy(cast: Cast) -> None:
    cast.calendar.holidays.create(on=date(2026, 12, 25), name="Navidad")
    settled = calendars.set_main("Oficina", factories.ZONE, SHORT, by=cast.root, at=SIGNED_AT)
    assert (
        settled.name,
        work_calendars.windows_of(settled),
        work_calendars.holidays_of(settled),
    ) == (
        "Oficina 2",
        SHORT,
        [(date(2026, 12, 25), "Navidad", None)],
    )
    assert work_calendars.windows_of(cast.calendar) == OFFICE


def test_lines_of_the_list_take_the_same_queries_however_many(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    for count in (1, 3):
        for number in range(count):
            free(
                cast,
                f"Libre {count} {number}",
                changes={NEW_YEAR: SHORT},
                holidays=[(NEW_YEAR, "Año Nuevo", None)],
            )
        with django_assert_num_queries(3):
            for calendar in calendars.listed():
                work_calendars.plain(calendar)
                str(calendar.team)


def test_calendar_reads_back_as_it_was_given(cast: Cast) -> None:
    holidays = [
        (when("2026-05-01").date(), "Día del Trabajo", None),
        (when("2026-12-24").date(), "Noche", (540, 780)),
    ]
    rows = calendars.create("Con feriados", ZONE, OFFICE, holidays=holidays, by=None, at=NOON)
    windows = tuple(Window(*hours) for hours in OFFICE)
    days = {when("2026-05-01").date(): (), when("2026-12-24").date(): ((540, 780),)}
    assert work_calendars.plain(rows) == WorkCalendar(ZONE, windows, days)


@pytest.mark.parametrize(
    ("zone", "windows", "error"),
    [
        (ZONE, [], work_calendars.NeverOpens),
        ("Mexico/Nowhere", OFFICE, ValueError),
    ],
)
def test_impossible_calendar_leaves_nothing_behind(
    cast: Cast, zone: str, windows: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        calendars.create("Nunca", zone, windows, by=None, at=NOON)
    assert Calendar.objects.filter(name="Nunca").count() == 0
