"""Keyset paging: every row once, in order, also where dates are equal."""

from datetime import date, timedelta
from typing import NamedTuple

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.lib import paging
from crm.lib.paging import (
    BadParameter,
    Branches,
    Listing,
    Order,
    Size,
    by_day,
    newest_first,
    page_of_values,
)
from leads.models import Lead, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows() -> list[int]:
    """Ids of five leads, newest first; three of them of one day."""
    days = [1, 2, 2, 2, 3]
    person = Person.objects.create(name="Ana")
    made = [Lead.objects.create(person=person, first_seen_on=date(2026, 3, day)) for day in days]
    return [lead.pk for lead in reversed(made)]


def test_pages_hold_every_row_once_in_order(rows: list[int]) -> None:
    seen, after = [], ""
    for _page in range(3):
        page = newest_first(Lead.objects.all(), "first_seen_on", after=after, size=2)
        seen.append([lead.pk for lead in page.rows])
        after = page.next
    assert (seen, after) == ([rows[0:2], rows[2:4], rows[4:5]], "")


class Values(NamedTuple):
    pk: int
    first_seen_on: date


def test_pages_of_values_are_those_of_the_rows(rows: list[int]) -> None:
    listed = Branches(lambda: [Lead.objects.all()])
    after = ""
    for _page in range(3):
        whole = newest_first(Lead.objects.all(), "first_seen_on", after=after, size=2)
        page = page_of_values(listed, Values, by_day("first_seen_on"), after=after, size=2)
        shown = [(lead.pk, lead.first_seen_on) for lead in whole.rows]
        assert (page.rows, page.next) == (shown, whole.next)
        after = page.next
    assert after == ""


def test_full_last_page_has_no_next(rows: list[int]) -> None:
    assert newest_first(Lead.objects.all(), "first_seen_on", after="", size=5).next == ""


def test_row_added_meanwhile_does_not_shift_the_next_page(rows: list[int]) -> None:
    first = newest_first(Lead.objects.all(), "first_seen_on", after="", size=2)
    Lead.objects.create(person=Person.objects.get(), first_seen_on=date(2026, 3, 4))
    second = newest_first(Lead.objects.all(), "first_seen_on", after=first.next, size=2)
    assert [lead.pk for lead in second.rows] == rows[2:4]


def test_no_rows_give_an_empty_page() -> None:
    page = newest_first(Lead.objects.all(), "first_seen_on", after="", size=2)
    assert (page.rows, page.next) == ([], "")


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "2026-03-02",
        "2026-03-02.",
        ".5",
        "2026-13-01.5",
        "2026-03-02.x",
        "\x00.1",
        f"2026-03-02.{10**30}",
        "2026-03-02." + "9" * 5000,
    ],
)
def test_address_that_cannot_be_read_is_refused(after: str) -> None:
    with pytest.raises(BadParameter):
        newest_first(Lead.objects.all(), "first_seen_on", after=after, size=2)


def sized(size: int, after: str = "", *, is_counted: bool = False) -> tuple[Size, int]:
    """How long the list is said to be, and how many queries that took."""
    listing = Listing(Lead.objects.all, by_day("first_seen_on"))
    page = listing.page(after=after, size=size, is_counted=is_counted)
    with CaptureQueriesContext(connection) as captured:
        found = listing.size(page, after=after)
    return found, len(captured)


def test_list_of_one_page_is_counted_without_a_query(rows: list[int]) -> None:
    assert sized(5) == (Size(5), 0)


def test_list_of_some_pages_is_counted_from_each_of_them(rows: list[int]) -> None:
    last = newest_first(Lead.objects.all(), "first_seen_on", after="", size=4).next
    assert (sized(4), sized(4, last)) == ((Size(5), 1), (Size(5), 1))
    assert sized(4, is_counted=True) == (Size(5), 0)
    assert sized(4, last, is_counted=True) == (Size(5), 1)


def test_long_list_is_estimated_by_the_planner(rows: list[int]) -> None:
    person, first = Person.objects.get(), date(2026, 1, 1)
    Lead.objects.bulk_create(
        Lead(person=person, first_seen_on=first + timedelta(days=number % 50))
        for number in range(1836)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_lead")
    assert sized(50) == (Size(1840, is_about=True), 2)
    assert sized(50, is_counted=True) == (Size(1840, is_about=True), 1)
    listing = Listing(Lead.objects.all, by_day("first_seen_on"), is_long=True)
    page = listing.page(after="", size=50, is_counted=True)
    assert (page.beginning, listing.size(page, after="")) == (None, Size(1840, is_about=True))


@pytest.mark.parametrize("split", [1, 3])
def test_list_of_branches_that_are_read_to_their_ends_is_not_estimated(
    rows: list[int], split: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "COUNTED_UP_TO", 3)
    every = Lead.objects.all()
    branches = [every.filter(pk__in=rows[:split]), every.filter(pk__in=rows[split:])]
    listing = Listing(Lead.objects.all, BACK, branches=Branches(lambda: branches))
    size = Size(5) if split == 3 else Size(3, is_more=True)
    first = listing.page(after="", size=2, is_counted=True)
    second = listing.page(after=first.next, size=2)
    monkeypatch.setattr(paging, "_rounded", lambda _estimate: Size(3, is_more=True))
    assert listing.size(first, after="") == size
    assert listing.size(second, after=first.next) == size


@pytest.mark.parametrize(
    ("estimate", "size"),
    [
        (1001, Size(1000, is_about=True)),
        (98_765, Size(98_800, is_about=True)),
        (37, Size(1000, is_more=True)),
    ],
)
def test_estimate_has_three_digits_and_never_less_than_was_counted(
    estimate: int, size: Size
) -> None:
    assert paging._rounded(estimate) == size


# -- The order of a list, and the neighbours of a row


FORTH = Order("won_on", date.fromisoformat, nullable=True)


@pytest.fixture
def some_without_a_date() -> list[int]:
    """Ids of six leads by the date of a win, those without one last."""
    days = [2, 1, 1, 3, None, None]
    person = Person.objects.create(name="Ana")
    made = [
        Lead.objects.create(
            person=person, first_seen_on=date(2026, 3, 1), won_on=day and date(2026, 3, day)
        )
        for day in days
    ]
    return [made[number].pk for number in (1, 2, 0, 3, 4, 5)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6])
def test_rows_without_a_value_come_last_once_each(
    some_without_a_date: list[int], size: int
) -> None:
    listing = Listing(Lead.objects.all, FORTH)
    page = listing.page(after="", size=size)
    seen = list(page.rows)
    while page.next:
        page = listing.page(after=page.next, size=size)
        seen += page.rows
    assert seen == some_without_a_date


BACK = by_day("first_seen_on")


@pytest.mark.parametrize("size", [1, 2, 4, 6])
@pytest.mark.parametrize("order", [FORTH, BACK])
def test_branches_that_overlap_are_merged_to_the_same_pages(
    some_without_a_date: list[int], order: Order, size: int
) -> None:
    first, second, third = some_without_a_date[0::2]
    every = Lead.objects.all()
    branches = [every.filter(pk__in=[first, third]), every.exclude(pk__in=[first, second])]
    branches.append(every.filter(pk__in=[second, third]))
    whole = Listing(lambda: every, order)
    merged = Listing(lambda: every, order, branches=Branches(lambda: branches))
    after = ""
    for _page in range(6 // size + 1):
        page = merged.page(after=after, size=size)
        assert page == whole.page(after=after, size=size)
        assert merged.size(page, after="x") == Size(6)
        after = page.next


@pytest.mark.parametrize("order", [FORTH, BACK])
def test_neighbours_of_every_row_are_those_of_the_whole_list(
    some_without_a_date: list[int], order: Order
) -> None:
    listing = Listing(Lead.objects.all, order)
    rows = list(order.sort(listing.rows))
    neighbours = [listing.around(order.write(row)) for row in rows]
    assert neighbours == list(zip([None, *rows[:-1]], [*rows[1:], None], strict=True))


def test_neighbours_of_a_row_that_has_left_are_those_of_its_place(
    some_without_a_date: list[int],
) -> None:
    first, gone, third = some_without_a_date[:3]
    listing = Listing(lambda: Lead.objects.exclude(pk=gone), FORTH)
    before, behind = listing.around(FORTH.write(Lead.objects.get(pk=gone)))
    assert before is not None and behind is not None
    assert (before.pk, behind.pk) == (first, third)
