"""Queries whose SQL is built once in a process, and then run with the values of each request.

Django builds the SQL of a queryset anew every time, which often takes longer than PostgreSQL takes
to run it. Here a queryset is built once for each shape, from stand-ins: numbers and moments that no
row has. Each request puts its own values where the stand-ins are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from itertools import count
from typing import Any, Protocol, TypeGuard, cast

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import BigIntegerField, BooleanField, F, Func, Q, QuerySet, Value
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

# Stand-ins: numbers from the first one down, days of years that no date of ours has, and texts that
# begin with a character that no text of ours has.
FIRST_NUMBER = -(2**62)
TEXT = "\x1a"
LAST_YEAR = 999
# A list has about ten shapes for each combination of a reader's teams. An organisation with more
# shapes pays only for building them again.
MOST_SHAPES = 500
NOT_KEPT = "not kept"


class Whole(Protocol):
    """What has several values in the SQL: a person with teams, a search with words."""

    @property
    def sql_shape(self) -> Hashable:
        """All about it that decides how the SQL reads."""

    @property
    def sql_values(self) -> Sequence[Any]:
        """The values that it may have in the SQL."""

    def standing_in(self, values: Sequence[Any]) -> Whole:
        """Return one of the same shape with ``values`` instead of ``sql_values``."""


class Among(Func):
    """The condition that a column has one of ``ids``: one value in the SQL, however many ids.

    "IN" would have a value for each id, and so a shape for each number of ids.
    """

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("

    def __init__(self, column: str, ids: Sequence[int]) -> None:
        array = Value(list(ids), output_field=ArrayField(BigIntegerField()))
        super().__init__(F(column), array, output_field=BooleanField())


def counted(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the query of how many ``rows`` there are: ``count()`` that can be a part of another.

    The number is the one row with the one column "n".
    """
    count_all = Func(function="COUNT", template="%(function)s(*)", output_field=BigIntegerField())
    return rows.order_by().annotate(n=count_all).values_list("n")


def number_where(condition: Q) -> Func:
    """Return the column of how many rows meet ``condition``. Unlike Count it groups nothing."""
    template = "COUNT(*) FILTER (WHERE %(expressions)s)"
    return Func(condition, template=template, output_field=BigIntegerField())


class ObjectMaker:
    """Makes objects of rows, with the joined ones, as a queryset does."""

    def __init__(self, compiler: SQLCompiler) -> None:
        info = compiler.klass_info
        assert info is not None, "values_list() has rows and no objects"
        columns = info["select_fields"]
        self.model = info["model"]
        self.first, self.end = columns[0], columns[-1] + 1
        selected = compiler.select[self.first : self.end]
        self.names = [column[0].target.attname for column in selected]
        # The stubs are those of a later Django, whose function has another argument.
        self.joined = get_related_populators(  # type: ignore[call-arg]
            info, compiler.select, DEFAULT_DB_ALIAS
        )

    def __call__(self, row: Sequence[Any]) -> Any:
        made = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.first : self.end])
        for each in self.joined:
            each.populate(row, made)
        return made


@dataclass(frozen=True)
class Statement:
    """``places``: which parameter of the SQL is which value of a request.

    ``to_object`` makes an object of a row; None for the query of ``values_list``.
    """

    sql: str
    parameters: tuple[Any, ...]
    places: tuple[tuple[int, int], ...]
    converters: tuple[tuple[int, list[Callable[..., Any]], Any], ...]
    to_object: ObjectMaker | None

    def with_values(self, values: Sequence[Any]) -> list[Any]:
        """Return the parameters for ``values``."""
        parameters = list(self.parameters)
        for place, number in self.places:
            parameters[place] = values[number]
        return parameters

    def run(self, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows for ``values``, as ``values_list`` does."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.with_values(values))
            rows = cursor.fetchall()
        if not self.converters:
            return rows
        return [self._converted(row) for row in rows]

    def _converted(self, row: Sequence[Any]) -> tuple[Any, ...]:
        values = list(row)
        for place, functions, expression in self.converters:
            for function in functions:
                values[place] = function(values[place], expression, connection)
        return tuple(values)

    def estimate(self, values: Sequence[Any]) -> int:
        """Return how many rows the planner expects."""
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {self.sql}", self.with_values(values))
            plan = cursor.fetchone()[0]
        if isinstance(plan, str):
            plan = json.loads(plan)
        return int(plan[0]["Plan"]["Plan Rows"])


class KeptSql:
    """The querysets that ``build(*shape, **values)`` returns, with SQL kept.

    ``shape`` holds what decides the SQL; ``values`` are ids, lists of ids (for Among), dates,
    moments, texts, wholes or None, or mappings of such values. ``build`` may only pass them on: SQL
    with a value that was computed from another one cannot be kept and is an error. Members of enums
    belong to the shape. No row is among no ids.
    """

    def __init__(self, build: Callable[..., QuerySet[Any]]) -> None:
        self.build = build
        self.kept: dict[Hashable, Statement | None] = {}

    def rows(self, *shape: Hashable, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows, in one query; without a query where no row can match.

        ``build`` ends in ``values_list``.
        """
        statement = self.statement(shape, values)
        if statement is None or [] in values.values():
            return []
        return statement.run(given(values))

    def objects(self, *shape: Hashable, **values: Any) -> list[Any]:
        """Return the objects, with what ``select_related`` joins, in one query.

        Unlike :meth:`rows` also where a list is empty: the list may be one condition of two.
        """
        statement = self.statement(shape, values)
        if statement is None:
            return []
        assert statement.to_object is not None
        return [statement.to_object(row) for row in statement.run(given(values))]

    def first(self, *shape: Hashable, **values: Any) -> Any | None:
        """Return the first of :meth:`objects`, or None."""
        return next(iter(self.objects(*shape, **values)), None)

    def estimate(self, *shape: Hashable, **values: Any) -> int:
        """Return how many rows the planner expects, in one query."""
        statement = self.statement(shape, values)
        if statement is None:
            return 0
        return statement.estimate(given(values))

    def statement(self, shape: Hashable, values: Mapping[str, Any]) -> Statement | None:
        """Return the statement of one shape; None where no row can match."""
        key = (shape, _shape_of(values))
        # Read once: another thread may empty ``kept`` at any moment.
        found = self.kept.get(key, NOT_KEPT)
        if found != NOT_KEPT:
            return cast("Statement | None", found)
        built = _built(self.build, shape, values)
        if len(self.kept) >= MOST_SHAPES:
            self.kept.clear()
        self.kept[key] = built
        return built


def given(values: Mapping[str, Any]) -> list[Any]:
    """Return the values of a request in the order of their stand-ins."""
    in_order: list[Any] = []
    for value in values.values():
        if isinstance(value, Mapping):
            in_order += given(value)
        elif _is_whole(value):
            in_order += value.sql_values
        elif value is not None and not isinstance(value, Enum):
            in_order.append(value)
    return in_order


def _is_whole(value: Any) -> TypeGuard[Whole]:
    return hasattr(value, "standing_in")


def _shape_of(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple((name, _shape_of(each)) for name, each in value.items())
    if _is_whole(value):
        return value.sql_shape
    if isinstance(value, Enum):
        return value
    return type(value)


def _built(
    build: Callable[..., QuerySet[Any]], shape: Any, values: Mapping[str, Any]
) -> Statement | None:
    numbers = count()
    stand_ins = _stand_in(values, numbers)
    rows = build(*shape, **stand_ins)
    compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return None
    expressions = [column[0] for column in compiler.select[: compiler.col_count]]
    converters = compiler.get_converters(expressions)
    found = {_mark(each): number for number, each in enumerate(given(stand_ins))}
    return Statement(
        sql,
        tuple(parameters),
        tuple(_places(parameters, found)),
        tuple((place, *converter) for place, converter in converters.items()),
        # values_list() names its columns instead.
        ObjectMaker(compiler) if rows.query.default_cols else None,
    )


def _stand_in(value: Any, numbers: Iterator[int]) -> Any:
    """Return a value of the same kind that no row has, another one each time."""
    if value is None or isinstance(value, Enum):
        return value
    if isinstance(value, Mapping):
        return {name: _stand_in(each, numbers) for name, each in value.items()}
    if _is_whole(value):
        return value.standing_in([_stand_in(each, numbers) for each in value.sql_values])
    number = next(numbers)
    if isinstance(value, datetime):
        return datetime(1 + number, 1, 1, tzinfo=UTC)
    if isinstance(value, date):
        return date(1 + number, 1, 1)
    if isinstance(value, int):
        return FIRST_NUMBER - number
    if isinstance(value, list):
        return [FIRST_NUMBER - number]
    if isinstance(value, str):
        return f"{TEXT}{number}"
    raise TypeError(f"{type(value).__name__} is no value of kept SQL")


def _mark(value: Any) -> Hashable:
    """Return what tells a stand-in from every other parameter; None for others."""
    if isinstance(value, list) and len(value) == 1:
        return ("list", _mark(value[0]))
    if isinstance(value, int) and value <= FIRST_NUMBER:
        return value
    if isinstance(value, date) and value.year <= LAST_YEAR:
        return value
    if isinstance(value, str) and TEXT in value:
        return value
    return None


def _places(parameters: Sequence[Any], found: Mapping[Hashable, int]) -> Iterator[tuple[int, int]]:
    for place, parameter in enumerate(parameters):
        mark = _mark(parameter)
        if mark in found:
            yield place, found[mark]
        elif mark is not None and mark != ("list", None):
            raise ValueError(f"{parameter!r} was computed from a value: its SQL cannot be kept")
