"""SQL that is kept reads as if it were built anew for each request, for every kind of value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q, QuerySet, Value
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import Membership, Team, User
from crm.lib import paging
from crm.lib.db.kept_sql import Among, KeptSql, counted, given
from leads.desks import director
from leads.follow_up import own_leads
from leads.handoffs.queue import counters, tabs
from leads.lists import filters, handoffs, leads
from leads.models import Lead, Source
from leads.records import search
from sla.states import ClockStatus
from tests import factories

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = {"at": NOW, "since": NOW - timedelta(hours=5)}
UNTIL = {"at": NOW, "until": NOW + timedelta(hours=12)}


def sources(*columns: str, **values: Any) -> QuerySet[Any]:
    return Source.objects.filter(**values).values_list(*columns)


def among(*, ids: list[int]) -> QuerySet[Any]:
    return Source.objects.filter(Among("pk", ids)).order_by("pk").values_list("pk", "code", "name")


def since(*, day: date | None, at: datetime) -> QuerySet[Any]:
    rows = Lead.objects.filter(Q(created_at__lt=at) | Q(archived_at=at)).annotate(at=Value(at))
    if day is not None:
        rows = rows.filter(first_seen_on__gte=day)
    return rows.values_list("pk", "at")


def person(*teams: tuple[int, str, bool], is_director: bool = False) -> User:
    user = User(pk=7, is_director=is_director)
    user.memberships_now = [
        Membership(user=user, team=Team(pk=pk, side=side), is_lead=is_lead)
        for pk, side, is_lead in teams
    ]
    return user


READERS = {
    "director": person(is_director=True),
    "rep": person((3, "sales", False)),
    "lead of a team": person((3, "sales", True), (4, "sales", False)),
    "of both sides": person((3, "marketing", False), (5, "sales", True)),
}
PLACE = {"value": NOW, "pk": 12}
QUEUE = [(tabs.queue_in_sight, (tab,), TODAY, tabs.order_of(tab)) for tab in tabs.TABS]
LISTS: list[Any] = [
    (leads._in_sight, (), {}, leads.NEWEST_FIRST),
    *((handoffs._mine, (tab,), UNTIL, own_leads.BY_PLACE) for tab in own_leads.TABS),
    *QUEUE,
]


# A list with filters: what is wanted of it, by filter.
WANTED: list[dict[str, Any]] = [
    {"q": search.Terms.of("grupo andino"), "stage": "won"},
    {"q": search.Terms.of("a b"), "team": 3, "until": NOW.date()},
    {"q": search.Terms(("55",), ("5512345678", "12345678"))},
    {"q": search.Terms(signs=("%",)), "country": "MX"},
    {"owner": 7, "source": None, "persona": "leader", "clock": ClockStatus.LATE},
    {"source": "web", "clock": ClockStatus.OK, "since": NOW.date(), "imported": 4},
]


def assert_kept(kept: KeptSql, *shape: Any, **values: Any) -> None:
    statement = kept.statement(shape, values)
    sql, parameters = kept.build(*shape, **values).query.sql_with_params()
    assert statement is not None
    assert (statement.sql, statement.with_values(given(values))) == (sql, list(parameters))


@pytest.mark.django_db
def test_kept_sql_is_that_of_the_query() -> None:
    assert_kept(KeptSql(sources), "code", "name", pk=12, code="web")
    for day in (date(2026, 1, 31), None):
        assert_kept(KeptSql(since), day=day, at=NOW)
    for ids in ([3, 1, 2], []):
        assert_kept(KeptSql(among), ids=ids)


@pytest.mark.django_db
@pytest.mark.parametrize("reader", READERS)
def test_kept_sql_of_a_list_is_that_of_its_reader(reader: str) -> None:
    user = READERS[reader]
    for read, shape, values, order in LISTS:
        place = PLACE | {"value": NOW.date()} if order is leads.NEWEST_FIRST else PLACE
        for at in (place, {"value": None, "pk": None}):
            of_list = (read, shape, order, 51)
            assert_kept(paging.FIRST_PLACES, *of_list, **at, user=user, **values)
        assert_kept(paging.EVERY_PLACE, read, shape, user=user, **values)
    assert_kept(counters.TAB_SIZES, user=user, **TODAY)
    assert_kept(own_leads.FIRST, 51, user=user, **UNTIL)
    for absent in ((), (3, 8)):
        assert_kept(director.COUNT_OF_CASES, absent, user=user)


@pytest.mark.django_db
@pytest.mark.parametrize("reader", READERS)
def test_kept_sql_of_a_filtered_list_is_that_of_its_reader(reader: str) -> None:
    user = READERS[reader]
    place = PLACE | {"value": NOW.date()}
    for number, wanted in enumerate(WANTED):
        shape = (leads.LeadFilter, bool(number % 2), leads._in_sight, ())
        values = {"user": user, "at": NOW, "of_list": {"user": user}, "wanted": wanted}
        of_list = (filters._narrowed, shape, leads.NEWEST_FIRST, 51)
        assert_kept(paging.FIRST_PLACES, *of_list, **place, **values)
    wanted = {"q": search.Terms.of("grupo andino"), "team": 3}
    for read, shape, values, _order in QUEUE:
        shape = (handoffs.QueueFilter, False, read, shape)
        values = {"user": user, "at": NOW, "of_list": {"user": user, **values}, "wanted": wanted}
        assert_kept(paging.EVERY_PLACE, filters._narrowed, shape, **values)


@pytest.mark.django_db
def test_rows_are_those_of_the_query() -> None:
    factories.cast()
    ids = list(Source.objects.values_list("pk", flat=True))
    kept = KeptSql(among)
    assert kept.rows(ids=ids) == list(among(ids=ids))
    assert kept.rows(ids=ids[:1]) == list(among(ids=ids[:1]))
    assert KeptSql(lambda: counted(Source.objects.all())).rows() == [(len(ids),)]
    assert isinstance(kept.rows(ids=ids)[0][2], dict)


@pytest.mark.django_db
def test_what_no_row_can_match_is_not_asked() -> None:
    kept = KeptSql(lambda *, user: Lead.objects.in_sight(user)[0].values_list("pk"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert (kept.rows(user=person()), kept.estimate(user=person())) == ([], 0)
        assert KeptSql(among).rows(ids=[]) == []
    assert len(queries) == 0


def test_value_that_the_query_computes_is_refused() -> None:
    def late(*, at: datetime) -> QuerySet[Any]:
        return Lead.objects.filter(created_at__lt=at + timedelta(days=1)).values_list("pk")

    with pytest.raises(ValueError, match="computed from a value"):
        KeptSql(late).rows(at=NOW)


def test_part_of_a_text_is_refused() -> None:
    with pytest.raises(ValueError, match="computed from a value"):
        KeptSql(lambda *, code: sources("pk", code__startswith=code)).rows(code="web")


def test_value_without_a_stand_in_is_refused() -> None:
    with pytest.raises(TypeError, match="float is no value of kept SQL"):
        KeptSql(sources).rows("pk", position=1.5)


def people(*, ids: list[int]) -> QuerySet[Any]:
    rows = Membership.objects.filter(Among("user_id", ids)).select_related("user", "team")
    return rows.only("is_lead", "user__name", "team").order_by("pk")


@pytest.mark.django_db
def test_objects_are_those_of_the_query_with_what_it_joins() -> None:
    cast = factories.cast()
    ids = [cast.bea.pk, cast.dora.pk]
    kept = KeptSql(people)
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            found = kept.objects(ids=ids)
            shown = [(row.is_lead, row.user.name, row.team.name) for row in found]
        assert len(queries) == 1
        expected = list(people(ids=ids))
        assert shown == [(row.is_lead, row.user.name, row.team.name) for row in expected]
        deferred = [row.user.get_deferred_fields() for row in found]
        assert deferred == [row.user.get_deferred_fields() for row in expected]
    assert kept.first(ids=ids) == expected[0]
    assert kept.first(ids=[0]) is None


@pytest.mark.django_db
def test_objects_carry_converted_values_and_none_for_a_missing_row() -> None:
    lead = factories.lead(factories.cast(), company={"name": ""})
    kept = KeptSql(lambda pk: Lead.objects.filter(pk=pk).select_related("company", "owner"))
    found = kept.first(pk=lead.pk)
    assert (found, found.attributes, found.company, found.owner) == (lead, {}, None, None)


class EmptiedAfterEachLook(dict[Any, Any]):
    """What is kept, while other threads ask for more shapes than are kept."""

    def __contains__(self, key: object) -> bool:
        found = super().__contains__(key)
        self.clear()
        return found


@pytest.mark.django_db
def test_statement_is_found_while_other_threads_empty_what_is_kept() -> None:
    kept = KeptSql(sources)
    kept.kept = EmptiedAfterEachLook()
    first = kept.statement(("pk",), {"code": "web"})
    assert kept.statement(("pk",), {"code": "mail"}) == first
