"""Who stands in for people who are away: the delegate, the leads of the team, the directors."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts import leaves
from crm.accounts.models import User
from tests import factories
from tests.factories import Cast, when

TEN = when("2026-03-02 10:00")
MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)


def leave(person: User, delegate: User | None = None) -> None:
    leaves.take(person, MONDAY, FRIDAY, by=person, at=TEN, delegate=delegate)


def acting(*named: User, team: int | None = None) -> list[str]:
    line = leaves.cover(named, at=TEN).line(named, team_id=team)
    return [person.name for people, _more in line.addressed() for person in people]


@pytest.mark.parametrize(
    ("absent", "delegates", "expected"),
    [
        ([], {}, ["bea"]),
        (["bea"], {}, ["dora"]),
        (["bea"], {"bea": "cruz"}, ["cruz"]),
        (["bea", "cruz"], {"bea": "cruz", "cruz": "bea"}, ["dora"]),
        (["bea", "dora"], {}, ["elsa"]),
        (["bea", "dora"], {"bea": "cruz"}, ["cruz"]),
        (["bea", "cruz", "dora", "elsa"], {"bea": "cruz"}, ["elsa"]),
    ],
)
def test_line_goes_on_to_the_next_who_is_there(
    cast: Cast, absent: list[str], delegates: dict[str, str], expected: list[str]
) -> None:
    for name in absent:
        delegate = delegates.get(name)
        leave(getattr(cast, name), getattr(cast, delegate) if delegate else None)
    names = [getattr(cast, name).name for name in expected]
    assert acting(cast.bea, team=cast.sales.pk) == names


def test_delegate_who_left_is_passed_over(cast: Cast) -> None:
    leave(cast.bea, cast.cruz)
    User.objects.filter(pk=cast.cruz.pk).update(is_active=False)
    assert acting(cast.bea) == [cast.dora.name]


def test_delegate_who_left_the_team_is_passed_over(cast: Cast) -> None:
    leave(cast.bea, cast.cruz)
    cast.cruz.memberships.all().delete()
    assert acting(cast.bea) == [cast.dora.name]


def test_delegate_stands_in_only_for_the_common_team(cast: Cast) -> None:
    both = factories.person("Gil", cast.sales, cast.other_sales)
    hugo = factories.person("Hugo", leads=[cast.other_sales])
    leave(both, cast.cruz)
    assert acting(both, team=cast.sales.pk) == [cast.cruz.name]
    assert acting(both, team=cast.other_sales.pk) == [hugo.name]


def test_person_of_another_side_has_their_own_line(cast: Cast) -> None:
    leave(cast.ana)
    assert acting(cast.ana, cast.bea, team=cast.sales.pk) == [cast.bea.name, cast.luis.name]


def test_stand_in_who_is_named_anyhow_is_told_once(cast: Cast) -> None:
    leave(cast.bea, cast.cruz)
    assert acting(cast.bea, cast.cruz) == [cast.cruz.name]


def test_batch_takes_as_many_queries_as_one(cast: Cast) -> None:
    many = [factories.person(f"Rep{number}", cast.sales) for number in range(12)]
    for person in many:
        leave(person, cast.cruz)
    counts = []
    for named in (many[:1], many):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            leaves.cover(named, at=TEN)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 7


@pytest.mark.parametrize("name", ["ana", "bea", "extra"])
def test_delegate_is_an_active_colleague(cast: Cast, name: str) -> None:
    with pytest.raises(leaves.BadLeave) as caught:
        leave(cast.bea, getattr(cast, name))
    assert list(caught.value.fields) == ["delegate"]
