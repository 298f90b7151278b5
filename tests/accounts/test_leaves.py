"""Leave: days away, by the person's own calendar."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from crm.accounts import leaves
from crm.accounts.models import Leave
from crm.audit.models import Entry
from tests import factories
from tests.factories import Cast, when

TEN = when("2026-03-02 10:00")
MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)


def take(cast: Cast, first: date, last: date) -> Leave:
    return leaves.take(cast.bea, first, last, by=cast.bea, at=TEN)


def test_both_days_are_in_the_leave(cast: Cast) -> None:
    take(cast, MONDAY, FRIDAY)
    days = (date(2026, 3, 1), MONDAY, FRIDAY, date(2026, 3, 7))
    assert [leaves.is_away(cast.bea, on) for on in days] == [False, True, True, False]


def test_day_is_that_of_the_persons_zone(cast: Cast) -> None:
    tokyo = factories.person("Gil", time_zone="Asia/Tokyo")
    leaves.take(tokyo, date(2026, 3, 3), date(2026, 3, 3), by=tokyo, at=TEN)
    moments = [when(f"2026-03-0{day} 10:00+09:00") for day in (2, 3, 4)]
    assert [bool(leaves.away([tokyo], at=at)) for at in moments] == [False, True, False]
    take(cast, date(2026, 3, 3), date(2026, 3, 3))
    assert list(leaves.away([tokyo, cast.bea], at=when("2026-03-02 23:00"))) == [tokyo.pk]


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (FRIDAY, MONDAY, "last_on"),
        (date(2026, 2, 1), date(2026, 3, 1), "last_on"),
        (MONDAY, date(2029, 1, 1), "last_on"),
        (date(2026, 3, 10), date(2026, 3, 20), "first_on"),
        (date(2026, 3, 20), date(2026, 3, 30), "first_on"),
    ],
)
def test_bad_days_name_the_field(cast: Cast, first: date, last: date, field: str) -> None:
    take(cast, date(2026, 3, 10), date(2026, 3, 20))
    with pytest.raises(leaves.BadLeave) as caught:
        take(cast, first, last)
    assert (list(caught.value.fields), Leave.objects.count()) == ([field], 1)


def test_leaves_may_follow_each_other(cast: Cast) -> None:
    take(cast, MONDAY, FRIDAY)
    take(cast, date(2026, 3, 7), date(2026, 3, 9))
    assert Entry.objects.filter(verb="leave_taken").count() == 2


def test_database_refuses_overlaps(cast: Cast) -> None:
    take(cast, MONDAY, FRIDAY)
    with pytest.raises(IntegrityError, match="leave_no_overlap"), transaction.atomic():
        Leave.objects.create(person=cast.bea, first_on=FRIDAY, last_on=FRIDAY)


def test_end_of_a_running_leave_is_yesterday(cast: Cast) -> None:
    leave = take(cast, date(2026, 2, 27), FRIDAY)
    leaves.end(leave, by=cast.root, at=TEN)
    assert (Leave.objects.get().last_on, leaves.is_away(cast.bea, MONDAY)) == (
        date(2026, 3, 1),
        False,
    )


@pytest.mark.parametrize("first", [MONDAY, FRIDAY])
def test_end_of_a_leave_that_has_no_day_behind_it_takes_it_out(cast: Cast, first: date) -> None:
    leaves.end(take(cast, first, FRIDAY), by=cast.root, at=TEN)
    assert (Leave.objects.count(), Entry.objects.get(verb="leave_ended").actor) == (0, cast.root)


def test_end_of_a_leave_that_is_over_changes_nothing(cast: Cast) -> None:
    leave = Leave.objects.create(
        person=cast.bea, first_on=date(2026, 1, 5), last_on=date(2026, 1, 9)
    )
    leaves.end(leave, by=cast.root, at=TEN)
    assert (Leave.objects.get().last_on, Entry.objects.filter(verb="leave_ended").count()) == (
        date(2026, 1, 9),
        0,
    )
