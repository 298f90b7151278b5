"""Page of the weekly hours of a calendar from a date on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from sla.calendars import weekly_hours, work_calendars
from sla.models import Calendar
from tests.conftest import Moment
from tests.factories import SIGNED_AT, Cast
from tests.pages import post_form
from tests.sla.views.conftest import NEW_YEAR, SHORT, address, shown, stored, text_of


def test_admin_sets_moves_and_removes_hours_from_a_date_on(admin: Client, free: Calendar) -> None:
    path = address("calendar_week", free)
    post_form(admin, path, {"since": "2027-01-01", "day-0": "10-14"})
    assert work_calendars.changes_of(stored(free)) == {NEW_YEAR: [(0, 600, 840)]}
    post_form(admin, f"{path}?from=2027-01-01", {"since": "2027-02-01", "day-0": "10-14"})
    assert work_calendars.changes_of(stored(free)) == {date(2027, 2, 1): [(0, 600, 840)]}
    post_form(admin, f"{path}?from=2027-02-01", {"remove": "1"})
    assert work_calendars.changes_of(stored(free)) == {}


def test_hours_from_a_date_on_cannot_come_over_signed_ones(
    cast: Cast, admin: Client, moment: Moment
) -> None:
    path = address("calendar_week", cast.calendar)
    page = admin.get(path)
    assert "no se pueden cambiar" in text_of(page)
    typed = shown(page) | {"since": "2027-01-01", "day-0": "10-14"}
    assert admin.post(path, typed).status_code == 422
    assert work_calendars.changes_of(stored(cast.calendar)) == {}


def test_later_hours_saved_meanwhile_are_not_overwritten(admin: Client, free: Calendar) -> None:
    weekly_hours.set_week(free, NEW_YEAR, SHORT, by=None, at=SIGNED_AT)
    path = f"{reverse('calendar_week', args=[free.pk])}?from={NEW_YEAR}"
    mine = shown(admin.get(path)) | {"since": str(NEW_YEAR), "day-4": ""}
    weekly_hours.set_week(
        free, NEW_YEAR, [(day, 540, 840) for day in range(5)], was=NEW_YEAR, by=None, at=SIGNED_AT
    )
    answer = admin.post(path, mine)
    assert (answer.status_code, len(answer.context["form"].errors)) == (409, 5)
    assert work_calendars.changes_of(stored(free))[NEW_YEAR][0] == (0, 540, 840)


def set_others(calendar: Calendar) -> None:
    weekly_hours.set_week(calendar, NEW_YEAR, [(0, 540, 840)], was=NEW_YEAR, by=None, at=SIGNED_AT)


def move_them(calendar: Calendar) -> None:
    later = date(2027, 2, 1)
    weekly_hours.set_week(calendar, later, SHORT, was=NEW_YEAR, by=None, at=SIGNED_AT)


def remove_them(cast: Cast) -> Callable[[Calendar], None]:
    return lambda calendar: weekly_hours.remove_week(calendar, NEW_YEAR, by=cast.root, at=SIGNED_AT)


# What another admin does while the page of hours is open, and the answer to each button: a removal
# of what is removed already is done.
@pytest.mark.parametrize(
    ("meanwhile", "save", "remove"),
    [(set_others, 409, 409), (move_them, 409, 302), ("remove", 409, 302)],
)
@pytest.mark.parametrize("button", ["save", "remove"])
def test_hours_that_the_page_did_not_show_are_neither_replaced_nor_removed(
    cast: Cast,
    admin: Client,
    free: Calendar,
    meanwhile: Callable[[Calendar], None] | str,
    save: int,
    remove: int,
    button: str,
) -> None:
    weekly_hours.set_week(free, NEW_YEAR, SHORT, by=None, at=SIGNED_AT)
    path = f"{reverse('calendar_week', args=[free.pk])}?from={NEW_YEAR}"
    mine = shown(admin.get(path)) | {"day-0": "10:00-14:00"}
    act = remove_them(cast) if isinstance(meanwhile, str) else meanwhile
    act(free)
    before = work_calendars.changes_of(stored(free))
    pressed = {"remove": "1"} if button == "remove" else {}
    answer = admin.post(path, mine | pressed)
    assert answer.status_code == (remove if pressed else save)
    assert work_calendars.changes_of(stored(free)) == before
    if answer.status_code == 409:
        form = answer.context["form"]
        assert (form["day-0"].value(), bool(form.errors)) == ("10:00-14:00", True)
        # Who has seen both may go on.
        again = mine | pressed | {"was": form.now}
        assert admin.post(path, again).status_code == 302
