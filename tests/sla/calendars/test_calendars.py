"""Writing calendars: hours, hours from a date on, signed ones, copies, archived ones."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crm.audit.models import Entry
from crm.lib import clock
from crm.lib.errors import DomainError
from sla.agreements import content, policies, signing
from sla.calendars import calendars, special_days, weekly_hours, work_calendars
from sla.models import Calendar
from sla.worktime.calendar import Window
from tests import factories
from tests.conftest import Moment
from tests.factories import SIGNED_AT, Cast, when

OFFICE = [(day, 540, 1020) for day in range(5)]
SHORT = [(day, 600, 840) for day in range(5)]
NEW_YEAR = date(2027, 1, 1)


def free(cast: Cast, name: str = "Libre", **more: Any) -> Calendar:
    """A calendar that no agreement names."""
    return calendars.create(name, factories.ZONE, OFFICE, by=cast.root, at=SIGNED_AT, **more)


def verbs() -> list[str]:
    return list(
        Entry.objects.filter(verb__startswith="calendar_")
        .order_by("pk")
        .values_list("verb", flat=True)
    )


def hours_today(calendar: Calendar, at: str) -> Any:
    return work_calendars.in_effect(Calendar.objects.get(pk=calendar.pk), at=when(at))


def test_hours_from_a_date_on_count_from_that_date(cast: Cast) -> None:
    calendar = free(cast)
    weekly_hours.set_week(calendar, NEW_YEAR, SHORT, by=cast.root, at=SIGNED_AT)
    assert hours_today(calendar, "2026-12-31 23:59") == (None, OFFICE)
    assert hours_today(calendar, "2027-01-01 00:00") == (NEW_YEAR, SHORT)
    assert work_calendars.plain(calendar).changes == {
        NEW_YEAR: tuple(Window(*window) for window in SHORT)
    }
    assert verbs()[-1] == "calendar_week_set"


def test_hours_from_a_date_on_are_moved_and_removed(cast: Cast) -> None:
    calendar, later = free(cast, changes={NEW_YEAR: SHORT}), date(2027, 2, 1)
    weekly_hours.set_week(calendar, later, OFFICE, was=NEW_YEAR, by=cast.root, at=SIGNED_AT)
    assert work_calendars.changes_of(calendar) == {later: OFFICE}
    weekly_hours.remove_week(calendar, later, by=cast.root, at=SIGNED_AT)
    assert work_calendars.changes_of(calendar) == {}
    assert verbs()[-2:] == ["calendar_week_set", "calendar_week_removed"]


def test_hours_begin_on_a_date_once(cast: Cast) -> None:
    calendar = free(cast, changes={NEW_YEAR: SHORT})
    with pytest.raises(weekly_hours.DateTaken) as refused:
        weekly_hours.set_week(calendar, NEW_YEAR, OFFICE, by=cast.root, at=SIGNED_AT)
    assert list(refused.value.fields) == ["since"]
    assert work_calendars.changes_of(calendar) == {NEW_YEAR: SHORT}


@pytest.mark.parametrize(
    ("windows", "refusal", "fields"),
    [
        ([], work_calendars.NeverOpens, []),
        ([(0, 540, 1020), (0, 960, 1080)], weekly_hours.BadHours, ["day-0"]),
        ([(4, 1320, 1800), (5, 300, 600)], weekly_hours.BadHours, ["day-5"]),
    ],
)
@pytest.mark.parametrize("way", ["create", "change", "set_week"])
def test_hours_that_cannot_be_are_refused_by_day(
    cast: Cast,
    way: str,
    windows: work_calendars.Windows,
    refusal: type[DomainError],
    fields: list[str],
) -> None:
    calendar, by = free(cast), {"by": cast.root, "at": SIGNED_AT}
    acts = {
        "create": lambda: calendars.create("Otro", factories.ZONE, windows, **by),
        "change": lambda: calendars.change(
            calendar, name="L", time_zone=factories.ZONE, windows=windows, **by
        ),
        "set_week": lambda: weekly_hours.set_week(calendar, NEW_YEAR, windows, **by),
    }
    with pytest.raises(refusal) as refused:
        acts[way]()
    assert list(refused.value.fields) == fields
    assert (work_calendars.windows_of(calendar), Calendar.objects.filter(name="Otro").exists()) == (
        OFFICE,
        False,
    )


def test_signed_hours_and_zone_stay(cast: Cast) -> None:
    signed, by = cast.calendar, {"by": cast.root, "at": SIGNED_AT}
    for act in (
        lambda: calendars.change(
            signed, name="Oficina", time_zone=factories.ZONE, windows=SHORT, **by
        ),
        lambda: calendars.change(
            signed, name="Oficina", time_zone="America/Bogota", windows=OFFICE, **by
        ),
        lambda: weekly_hours.set_week(signed, NEW_YEAR, SHORT, **by),
        lambda: weekly_hours.remove_week(signed, NEW_YEAR, **by),
    ):
        with pytest.raises(weekly_hours.HoursSigned):
            act()
    stored = Calendar.objects.get(pk=signed.pk)
    assert (
        stored.time_zone,
        work_calendars.windows_of(stored),
        work_calendars.changes_of(stored),
    ) == (
        factories.ZONE,
        OFFICE,
        {},
    )


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
    signing.sign(draft, "marketing", by=cast.luis, at=SIGNED_AT)
    before = work_calendars.signed_part(calendar)
    special_days.set_day(calendar, date(2026, 12, 25), "Navidad", (), by=cast.root, at=SIGNED_AT)
    assert work_calendars.signed_part(Calendar.objects.get(pk=calendar.pk)) == before
    assert list(before) == ["zone", "windows", "changes"]
    signed = signing.sign(draft, "sales", by=cast.dora, at=SIGNED_AT)
    assert (signed.state, signed.content_hash) == ("signed", content.content_hash(signed))


def test_hours_of_a_draft_are_not_signed(cast: Cast) -> None:
    calendar = free(cast)
    factories.drafted(calendar, by=cast.luis)
    assert weekly_hours.is_signed(calendar) is False
    calendars.change(
        calendar, name="Libre", time_zone=factories.ZONE, windows=SHORT, by=cast.root, at=SIGNED_AT
    )
    assert work_calendars.windows_of(Calendar.objects.get(pk=calendar.pk)) == SHORT


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
