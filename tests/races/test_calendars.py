"""Calendars at the same time: two of one name, two for one team."""

from __future__ import annotations

import pytest

from sla.calendars import calendars
from sla.models import Calendar
from tests.factories import OFFICE, SIGNED_AT, ZONE, Cast
from tests.races.parallel import together

pytestmark = pytest.mark.django_db(transaction=True)


def outcomes(*acts: object) -> list[str]:
    return sorted(type(found).__name__ for found in together(*acts))


def test_one_of_two_calendars_gets_the_name(cast: Cast) -> None:
    def create() -> Calendar:
        return calendars.create("Norte", ZONE, OFFICE, by=cast.root, at=SIGNED_AT)

    assert outcomes(create, create) == ["Calendar", "NameTaken"]


def test_one_of_two_calendars_becomes_the_teams(cast: Cast) -> None:
    acts = [
        lambda name=name: calendars.create(
            name, ZONE, OFFICE, team=cast.sales, by=cast.root, at=SIGNED_AT
        )
        for name in ("Uno", "Dos")
    ]
    assert outcomes(*acts) == ["Calendar", "TeamHasCalendar"]


def test_two_calendars_are_not_renamed_alike(cast: Cast) -> None:
    both = [
        calendars.create(name, ZONE, OFFICE, by=cast.root, at=SIGNED_AT) for name in ("Uno", "Dos")
    ]
    words = {"name": "Tres", "time_zone": ZONE, "windows": OFFICE, "by": cast.root, "at": SIGNED_AT}
    assert outcomes(*(lambda each=each: calendars.change(each, **words) for each in both)) == [
        "Calendar",
        "NameTaken",
    ]
