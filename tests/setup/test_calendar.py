"""Holidays and working hours in the set-up."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from crm.accounts.models import Organisation
from crm.lib import clock
from sla.calendars import calendars, special_days, work_calendars
from sla.models import AgreementVersion, Calendar
from tests.pages import post_form
from tests.setup.conftest import press_continue


def test_several_windows_a_day_and_over_midnight(founded: Client) -> None:
    post_form(
        founded,
        "/setup/hours/",
        {"preset": "own", "day-0": "9:00-14:00, 15-18.30", "day-5": "22:00 – 6:00"},
    )
    calendar = calendars.main()
    assert calendar is not None
    assert work_calendars.windows_of(calendar) == [(0, 540, 840), (0, 900, 1110), (5, 1320, 1800)]
    shown = founded.get("/setup/hours/").context["form"]
    assert [shown[f"day-{day}"].value() for day in (0, 1, 5)] == [
        "9:00-14:00, 15:00-18:30",
        "",
        "22:00-6:00",
    ]


def test_holidays_are_unticked_and_added(founded: Client) -> None:
    post_form(
        founded,
        "/setup/holidays/",
        {"keep": ["2026-12-25"], "on-0": "2026-06-15", "name-0": "Aniversario"},
    )
    calendar = calendars.main()
    assert calendar is not None
    assert [
        (on.isoformat(), name) for on, name, _hours in work_calendars.holidays_of(calendar)
    ] == [
        ("2026-06-15", "Aniversario"),
        ("2026-12-25", "Navidad"),
    ]
    ticked = founded.get("/setup/holidays/").context["form"]["keep"].value()
    assert ticked == ["2026-06-15", "2026-12-25"]


def test_new_hours_leave_the_signed_ones_and_open_the_agreement_again(ready: Client) -> None:
    signed = AgreementVersion.objects.get()
    press_continue(ready, "setup_hours")
    assert Calendar.objects.count() == 1
    post_form(ready, "/setup/hours/", {"preset": "always"})
    assert (Calendar.objects.count(), signed.calendar.windows.count()) == (2, 5)
    assert "agreement" not in Organisation.objects.get().setup_steps
    press_continue(ready, "setup_agreement")
    now = AgreementVersion.objects.get(state="in_force")
    assert (now.number, now.calendar.windows.count(), now.calendar.holidays.count()) == (2, 7, 38)


def test_new_holidays_come_into_the_signed_calendar(ready: Client) -> None:
    post_form(
        ready,
        "/setup/holidays/",
        {"keep": ["2026-12-25"], "on-0": "2026-06-15", "name-0": "Aniversario"},
    )
    signed = AgreementVersion.objects.get(state="in_force").calendar
    assert (Calendar.objects.count(), work_calendars.holidays_of(signed)) == (
        1,
        [(date(2026, 6, 15), "Aniversario", None), (date(2026, 12, 25), "Navidad", None)],
    )
    assert Organisation.objects.get().setup_steps["agreement"] == "done"


def test_a_date_with_other_hours_is_no_day_off(ready: Client) -> None:
    calendar = calendars.main()
    assert calendar is not None
    special_days.set_day(
        calendar, date(2026, 12, 24), "Nochebuena", [(540, 780)], by=None, at=clock.now()
    )
    assert "2026-12-24" not in [
        value
        for value, _label in ready.get("/setup/holidays/").context["form"]["keep"].field.choices
    ]
    response = post_form(
        ready,
        "/setup/holidays/",
        {"keep": ["2026-12-25"], "on-0": "2026-12-24", "name-0": "Cerrado"},
    )
    assert (response.status_code, response.context["form"].non_field_errors()) == (
        422,
        [str(special_days.DayTaken.message)],
    )
    assert calendar.holidays.get(on=date(2026, 12, 24)).name == "Nochebuena"


@pytest.mark.parametrize(
    ("step", "mine", "theirs", "named"),
    [
        (
            "hours",
            {"preset": "own", "day-0": "9:00-14:00"},
            {"preset": "own", "day-0": "9:00-14:00", "day-1": "8:00-12:00"},
            ["day-1"],
        ),
        ("holidays", {"keep": ["2026-12-25"]}, {"on-0": "2026-06-15"}, ["__all__"]),
    ],
)
def test_step_that_another_admin_saved_meanwhile_is_not_overwritten(
    founded: Client, step: str, mine: dict[str, str], theirs: dict[str, str], named: list[str]
) -> None:
    path = f"/setup/{step}/"
    shown = founded.get(path).context["shown"]
    assert founded.post(path, {**theirs, "shown": shown}).status_code == 302
    answer = founded.post(path, {**mine, "shown": shown})
    assert (answer.status_code, list(answer.context["form"].errors)) == (409, named)
    # What was typed stays, and who has seen both may go on.
    again = {**mine, "shown": answer.context["shown"]}
    assert founded.post(path, again).status_code == 302


@pytest.mark.parametrize(
    ("step", "typed", "named"),
    [
        ("hours", {"preset": "own", "day-5": "9:00-12:00"}, [f"day-{day}" for day in range(6)]),
        ("holidays", {"keep": ["2026-12-25"]}, ["__all__"]),
    ],
)
def test_step_that_does_not_say_what_its_page_showed_is_refused(
    founded: Client, step: str, typed: dict[str, object], named: list[str]
) -> None:
    answer = founded.post(f"/setup/{step}/", typed)
    form = answer.context["form"]
    assert (answer.status_code, list(form.errors)) == (409, named)
    assert ({name: form[name].value() for name in typed}, Calendar.objects.count()) == (typed, 0)
