"""Keyset paging: a page begins after the last row of the page before.

So a deep page costs no more than the first one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, reduce
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from crm.lib.db.kept_sql import KeptSql
from crm.lib.errors import DomainError
from crm.lib.input.numbers import whole


class BadParameter(DomainError):
    """A parameter of the address cannot be read."""

    status = 400
    code = "bad_parameter"


# Rows of one branch of a list; the length of a list with a longer one is estimated.
COUNTED_UP_TO = 1000


@dataclass(frozen=True)
class Size:
    """The length of a list: ``n`` rows, about ``n``, or more than ``n``."""

    n: int
    is_about: bool = False
    is_more: bool = False


@dataclass(frozen=True)
class Page:
    """One page. ``next`` is the parameter ``after`` of the next page, empty at the end.

    ``beginning``: the rows by which the list is counted; None if the query of the page has not
    read them.
    """

    rows: Sequence[Any]
    next: str
    beginning: Beginning | None = None


# -- The order of a list


def instant(text: str) -> datetime:
    """Return an aware datetime in UTC. Raise ValueError for a text without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


@dataclass(frozen=True)
class Order:
    """By a column or annotation and then by the id, both in one direction.

    ``read`` makes a value of ``field`` out of its ISO text. ``nullable``: rows without a value
    come last; such an order ascends.
    """

    field: str
    read: Callable[[str], Any] = instant
    descending: bool = False
    nullable: bool = False

    def sort(self, rows: QuerySet[Any], *, backwards: bool = False) -> QuerySet[Any]:
        """Return ``rows`` in this order, or in the opposite one."""
        if self.descending != backwards:
            nulls_first = self.nullable or None  # False is not allowed
            return rows.order_by(F(self.field).desc(nulls_first=nulls_first), "-pk")
        nulls_last = self.nullable or None
        return rows.order_by(F(self.field).asc(nulls_last=nulls_last), "pk")

    def after(self, place: Place, *, backwards: bool = False) -> Q:
        """Return the condition of all rows that come after ``place``, or before it."""
        value, pk = place
        sign = "gt"
        if self.descending != backwards:
            sign = "lt"
        later_id = Q(**{f"pk__{sign}": pk})
        without_value = Q(**{f"{self.field}__isnull": True})
        if value is None:
            if backwards:
                return ~without_value | later_id
            return without_value & later_id
        beyond = Q(**{f"{self.field}__{sign}": value})
        # The first condition alone lets an index begin at the right place.
        from_here = Q(**{f"{self.field}__{sign}e": value}) & (beyond | later_id)
        if self.nullable and not backwards:
            return from_here | without_value
        return from_here

    def merge(self, places: Iterable[Place]) -> list[Place]:
        """Return ``places``, some of which may be repeated, once each and in this order."""
        # In the order of the branches, each of which is sorted: there is little left to sort.
        once = dict.fromkeys(places)
        if self.nullable:
            return sorted(once, key=lambda place: (place[0] is None, *place))
        return sorted(once, reverse=self.descending)

    def write(self, row: Any) -> str:
        """Return the place of ``row`` as the parameter ``after`` of an address."""
        return self.write_place((reduce(getattr, self.field.split("__"), row), row.pk))

    def write_place(self, place: Place) -> str:
        """Return ``place`` as the parameter ``after`` of an address."""
        value, pk = place
        text = ""
        if value is not None:
            text = value.isoformat()
        return f"{text}.{pk}"

    def place(self, after: str) -> Place:
        """Return the place that an address names. Raise BadParameter."""
        text, _dot, number = after.rpartition(".")
        pk = whole(number)
        try:
            if pk is None:
                raise ValueError(number)
            if not text and self.nullable:
                return None, pk
            return self.read(text), pk
        except (ValueError, OverflowError):
            raise BadParameter(
                _("This page address is not complete. Start again from the list.")
            ) from None


Place = tuple[Any, int]  # value and id of a row, which need not be in the list any more


class Beginning(NamedTuple):
    """The first rows of a list. ``is_whole``: there are no others."""

    places: list[Place]
    is_whole: bool


Read = Callable[..., Sequence[QuerySet[Any]]]


class Branches:
    """The rows of a list, as a queryset for each reason why the reader sees them.

    A row may be in several of them. ``read(*shape, **values)`` returns them; its SQL can be kept
    (crm.lib.db.kept_sql).
    """

    def __init__(self, read: Read, *shape: Hashable | type, **values: Any) -> None:
        self.read = read
        self.shape = shape
        self.values = values

    def __call__(self) -> Sequence[QuerySet[Any]]:
        return self.read(*self.shape, **self.values)


@dataclass(frozen=True)
class Listing:
    """A list: its rows, which ``read`` returns, and their order.

    ``lead_id`` is the attribute of a row that holds the id of its lead. ``branches``, where given,
    are together the same rows, some of them in several: PostgreSQL can walk each branch by an
    index of its own, but not an OR of conditions on several tables. ``is_long``: counting even a
    thousand rows takes long, so that the planner's estimate is enough where it is much larger.
    """

    read: Callable[[], QuerySet[Any]]
    order: Order
    lead_id: str = "pk"
    branches: Branches | None = None
    is_long: bool = False

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """The rows as one query, made when it is asked for: pages read the branches."""
        return self.read()

    def page(self, *, after: str, size: int, is_counted: bool = False) -> Page:
        """Return the ids of the page that follows the row that ``after`` names, in one query.

        Empty is the first page, which also counts the list if it ``is_counted``. Raise BadParameter
        where ``after`` cannot be read.
        """
        # One row more than is shown: it only proves that there is a next page.
        count = size + 1
        place = None
        if after:
            place = self.order.place(after)
        elif is_counted and not self.is_long:
            # The ids of a thousand rows cost less than a second walk along the list.
            count = COUNTED_UP_TO + 1
        first = self._first(count, place)
        following = ""
        if len(first.places) > size:
            following = self.order.write_place(first.places[size - 1])
        counted = first if count > COUNTED_UP_TO else None
        return Page([pk for _value, pk in first.places[:size]], following, counted)

    def _first(self, count: int, place: Place | None = None) -> Beginning:
        """Return the first ``count`` rows of each branch, or those behind ``place``."""
        if self.branches is None:
            rows: Sequence[Any] = list(_first_places([self.rows], self.order, count, place))
        else:
            value, pk = place or (None, None)
            of_list = (self.branches.read, self.branches.shape, self.order, count)
            rows = FIRST_PLACES.rows(*of_list, value=value, pk=pk, **self.branches.values)
        sizes = Counter(map(OF_BRANCH, rows))
        places = self.order.merge(map(OF_PLACE, rows))
        return Beginning(places, is_whole=all(size < count for size in sizes.values()))

    def size(self, page: Page, *, after: str) -> Size:
        """Return the length of the list that ``page``, the one behind ``after``, is a part of.

        It is exact where no branch has more than COUNTED_UP_TO rows, else the planner's estimate.
        It costs no query where the page has counted the list or is all of it, else at most two of a
        bounded cost.
        """
        if not (after or page.next):
            return Size(len(page.rows))
        if self.is_long and self._estimate > 2 * COUNTED_UP_TO:
            return _rounded(self._estimate)
        # In the order of the pages, so that counting stops where the list would.
        beginning = page.beginning or self._first(COUNTED_UP_TO + 1)
        if beginning.is_whole:
            return Size(len(beginning.places))
        return _rounded(self._estimate)

    @cached_property
    def _estimate(self) -> int:
        """How many rows the planner expects; those of several branches count in each."""
        if self.branches is not None:
            of_list = (self.branches.read, self.branches.shape)
            return EVERY_PLACE.estimate(*of_list, **self.branches.values)
        plan = json.loads(_every_place([self.rows]).explain(format="json"))
        return int(plan[0]["Plan"]["Plan Rows"])

    def around(self, after: str) -> tuple[Any | None, Any | None]:
        """Return the row before and the row behind the place ``after``, in two queries.

        The row of that place itself may have left the list. Raise BadParameter.
        """
        place = self.order.place(after)
        following = self.rows.filter(self.order.after(place))
        preceding = self.rows.filter(self.order.after(place, backwards=True))
        before = self.order.sort(preceding, backwards=True).first()
        return before, self.order.sort(following).first()


def _first_places(
    branches: Sequence[QuerySet[Any]], order: Order, count: int, place: Place | None
) -> QuerySet[Any]:
    """Return the first ``count`` places of each of ``branches``, with its number, in one query."""
    if place is not None:
        beyond = order.after(place)
        branches = [branch.filter(beyond) for branch in branches]
    numbered = [branch.annotate(branch=Value(n)) for n, branch in enumerate(branches)]
    columns = (order.field, "pk", "branch")
    return _union([order.sort(branch).values_list(*columns)[:count] for branch in numbered])


OF_PLACE = itemgetter(0, 1)
OF_BRANCH = itemgetter(2)


def _every_place(branches: Sequence[QuerySet[Any]]) -> QuerySet[Any]:
    return _union([branch.order_by().values_list("pk") for branch in branches])


def _union(parts: Sequence[QuerySet[Any]]) -> QuerySet[Any]:
    """Return the rows of ``parts`` in one query; one that is in several comes several times."""
    if len(parts) == 1:
        return parts[0]
    return parts[0].union(*parts[1:], all=True)


# -- The same with kept SQL


def _first_of_list(
    read: Read, shape: Any, order: Order, count: int, *, value: Any, pk: int | None, **values: Any
) -> QuerySet[Any]:
    place = None if pk is None else (value, pk)
    return _first_places(read(*shape, **values), order, count, place)


def _every_of_list(read: Read, shape: Any, **values: Any) -> QuerySet[Any]:
    return _every_place(read(*shape, **values))


FIRST_PLACES = KeptSql(_first_of_list)
EVERY_PLACE = KeptSql(_every_of_list)


def page(rows: QuerySet[Any], order: Order, *, after: str, size: int) -> Page:
    """Return one page of ``rows`` in ``order``.

    ``after`` names the last row of the page before, as in "2026-03-02.1234"; empty is the first
    page. Raise BadParameter where it cannot be read.
    """
    if after:
        rows = rows.filter(order.after(order.place(after)))
    # One row more than is shown: it only proves that there is a next page.
    fetched = list(order.sort(rows)[: size + 1])
    shown = fetched[:size]
    following = ""
    if len(fetched) > size:
        following = order.write(shown[-1])
    return Page(shown, following)


def page_of_values(
    listed: Branches, row: type[Any], order: Order, *, after: str, size: int
) -> Page:
    """Return the same page of a list of one branch, whose SQL is kept.

    ``row`` is a class of named tuples, whose fields are the columns.
    """
    value, pk = order.place(after) if after else (None, None)
    of_list = (listed.read, listed.shape, row._fields, order, size + 1)
    found = FIRST_ROWS.rows(*of_list, value=value, pk=pk, **listed.values)
    fetched = [row(*columns) for columns in found]
    following = ""
    if len(fetched) > size:
        following = order.write(fetched[size - 1])
    return Page(fetched[:size], following)


def _first_rows(
    read: Read,
    shape: Any,
    columns: tuple[str, ...],
    order: Order,
    count: int,
    *,
    value: Any,
    pk: int | None,
    **values: Any,
) -> QuerySet[Any]:
    [rows] = read(*shape, **values)
    if pk is not None:
        rows = rows.filter(order.after((value, pk)))
    return order.sort(rows).values_list(*columns)[:count]


FIRST_ROWS = KeptSql(_first_rows)


def newest_first(rows: QuerySet[Any], field: str, *, after: str, size: int) -> Page:
    """Return one page of ``rows`` by the date ``field`` and the id, both descending."""
    return page(rows, by_day(field), after=after, size=size)


def by_day(field: str) -> Order:
    """Return the order by the date ``field``, the newest first."""
    return Order(field, date.fromisoformat, descending=True)


# -- The length of a list


def _rounded(estimate: int) -> Size:
    """Return an estimate with three digits; one below the counted rows only says "more"."""
    if estimate <= COUNTED_UP_TO:
        return Size(COUNTED_UP_TO, is_more=True)
    unit = 10 ** (len(str(estimate)) - 3)
    return Size(round(estimate / unit) * unit, is_about=True)
