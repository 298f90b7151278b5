"""Insert rows of one or of several tables, and change others, in one statement; its SQL is kept.

Building the SQL of an INSERT from models takes longer than PostgreSQL takes to run it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import NOT_PROVIDED, Field, ForeignKey, Model

from crm.lib.db.returning import Computed, Update

# As text: outside of type checkers Django's fields take no parameters.
Columns: TypeAlias = "list[Field[Any, Any]]"


class Many:
    """Any number of rows of one table, as plain data: five times faster than from models.

    ``rows`` map columns to plain values; dates and moments are ISO texts. All rows name the same
    columns. ``same`` holds the values of columns that are equal in every row. Any other column gets
    the default of its field. ``ignore_conflicts``: leave out the rows that a unique constraint
    refuses.
    """

    def __init__(
        self,
        model: type[Model],
        rows: Sequence[Mapping[str, Any]],
        *,
        ignore_conflicts: bool = False,
        **same: Any,
    ) -> None:
        self.model = model
        self.rows = rows
        self.ignore_conflicts = ignore_conflicts
        self.same = same


def insert(*rows: Model | Many | Update) -> None:
    """Insert unsaved models as save() of each in turn does, and plain rows, in one statement.

    An UPDATE of other rows may go with them: it sees none of the new ones.

    The models get their keys. One may refer to those before it; rows of one table get their keys in
    no certain order. Every column of a model has to be set: a default of the database is not read
    back, but what its triggers write into the columns that ``written_by_triggers`` of the model
    names. Raises TypeError for a column of plain rows that is not known.
    """
    given = [row for row in rows if not isinstance(row, Many) or row.rows]
    if not given:
        return
    # Not the proxy of the connection, which looks it up for each of many values.
    database = connections[DEFAULT_DB_ALIAS]
    shapes = tuple(_shape(row, given) for row in given)
    statement = _statement(shapes)
    values: list[Any] = []
    for row, columns in zip(given, statement.columns, strict=True):
        if isinstance(row, Update):
            values += row.parameters
        elif isinstance(row, Many):
            values += [_value(column, row.same) for column in columns]
            # One text, however many rows: PostgreSQL gives each column its type.
            values.append(json.dumps(list(row.rows)))
        else:
            for column in columns:
                values.append(column.get_db_prep_save(getattr(row, column.attname), database))
    with database.cursor() as cursor:
        cursor.execute(statement.sql, values)
        returned = iter(cursor.fetchone())
    for row, shape in zip(given, shapes, strict=True):
        if isinstance(row, Model) and isinstance(shape, One):
            for name in _returned(shape.model):
                setattr(row, name, next(returned))
            _mark_saved(row, shape, given)


def take_ids(model: type[Model], count: int) -> list[int]:
    """Take ``count`` ids of ``model`` from its sequence, for rows to be inserted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        # Taken before the insert, so that rows of several tables can refer to each other.
        return [pk for (pk,) in cursor.fetchall()]


def next_id(model: type[Model]) -> Computed:
    """Return the id of a row that is inserted later, for the statement that takes it."""
    return Computed(f"nextval('{model._meta.db_table}_id_seq')")


def take_next_ids(*models: type[Model]) -> list[int]:
    """Take one id of each of ``models``, for rows that refer to each other."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(next_id(model).sql for model in models)}")
        return list(cursor.fetchone())


# -- What decides the SQL


class One(NamedTuple):
    """A model. ``references``: its foreign keys to other new rows, each with that row's place."""

    model: type[Model]
    has_key: bool
    references: tuple[tuple[str, int], ...]


class Change(NamedTuple):
    """An UPDATE, by its SQL."""

    sql: str


class Plain(NamedTuple):
    """Plain rows, by the names of their columns."""

    model: type[Model]
    varied: tuple[str, ...]
    same: tuple[str, ...]
    ignore_conflicts: bool


Shape: TypeAlias = One | Plain | Change


def _shape(row: Model | Many | Update, rows: Sequence[Model | Many | Update]) -> Shape:
    if isinstance(row, Update):
        return Change(row.sql)
    if isinstance(row, Many):
        return Plain(row.model, tuple(row.rows[0]), tuple(row.same), row.ignore_conflicts)
    references: list[tuple[str, int]] = []
    for field in _foreign_keys(type(row)):
        if not field.is_cached(row):
            continue
        target = field.get_cached_value(row)
        if target is None:
            continue
        if target.pk is None:
            references.append((field.name, _place_of(target, rows)))
        elif getattr(row, field.attname) is None:
            # As save() does: the other row has got its key since it was set here.
            setattr(row, field.name, target)
    return One(type(row), row.pk is not None, tuple(references))


def _place_of(target: Model, rows: Sequence[Model | Many | Update]) -> int:
    for place, row in enumerate(rows):
        if row is target:
            return place
    raise ValueError(f"{target!r} is not saved, and not inserted with the row that refers to it")


@lru_cache(maxsize=256)
def _foreign_keys(model: type[Model]) -> list[ForeignKey[Any, Any]]:
    return [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]


def _returned(model: type[Model]) -> tuple[str, ...]:
    """Return the columns that an INSERT of the model returns: its key, and what triggers write."""
    return ("id", *getattr(model, "written_by_triggers", ()))


def _mark_saved(row: Model, shape: One, rows: Sequence[Model | Many | Update]) -> None:
    row._state.adding = False
    row._state.db = DEFAULT_DB_ALIAS
    for name, place in shape.references:
        setattr(row, name, rows[place])


# -- The SQL


class Statement(NamedTuple):
    """``columns``: the fields whose values each of the rows takes, in order."""

    sql: str
    columns: list[Columns]


# Kept in the process: the same few combinations come again and again.
@lru_cache(maxsize=256)
def _statement(shapes: tuple[Shape, ...]) -> Statement:
    """Return one write for each shape; that of a model hands its key on to the later ones.

    Names come from the models themselves; values travel as parameters.
    """
    inserts: list[str] = []
    columns: list[Columns] = []
    returned: list[str] = []
    for number, shape in enumerate(shapes):
        if isinstance(shape, One):
            sql, of_row = _insert_one(shape)
            of_model = _returned(shape.model)
            returned += [f"(SELECT {name} FROM row_{number})" for name in of_model]
        elif isinstance(shape, Change):
            sql, of_row = shape.sql, []
        else:
            sql, of_row = _insert_many(shape)
        inserts.append(f"row_{number} AS ({sql})")
        columns.append(of_row)
    return Statement(f"WITH {', '.join(inserts)} SELECT {', '.join(returned)}", columns)


def _insert_one(shape: One) -> tuple[str, Columns]:
    places = dict(shape.references)
    columns: Columns = []
    names: list[str] = []
    values: list[str] = []
    for field in shape.model._meta.concrete_fields:
        if field.primary_key and not shape.has_key:
            continue
        names.append(_quoted(field.column))
        if field.name in places:
            values.append(f"(SELECT id FROM row_{places[field.name]})")
        else:
            values.append("%s")
            columns.append(field)
    table = _quoted(shape.model._meta.db_table)
    listed = f"({', '.join(names)}) VALUES ({', '.join(values)})"
    returned = ", ".join(_returned(shape.model))
    return f"INSERT INTO {table} {listed} RETURNING {returned}", columns


def _insert_many(shape: Plain) -> tuple[str, Columns]:
    fields: dict[str, Field[Any, Any]] = {
        str(field.column): field for field in shape.model._meta.concrete_fields
    }
    unknown = {*shape.varied, *shape.same} - set(fields)
    if unknown:
        raise TypeError(f"{shape.model.__name__} has no column {min(unknown)}")
    fixed = [
        column
        for column, field in fields.items()
        if column not in shape.varied and (column in shape.same or not _fills_itself(field))
    ]
    type_of = {column: field.db_type(connection) for column, field in fields.items()}
    names = ", ".join(_quoted(column) for column in [*shape.varied, *fixed])
    types = ", ".join(f"{_quoted(column)} {type_of[column]}" for column in shape.varied)
    selected = [_quoted(column) for column in shape.varied]
    selected += [f"%s::{type_of[column]}" for column in fixed]
    unless = " ON CONFLICT DO NOTHING" if shape.ignore_conflicts else ""
    sql = (
        f"INSERT INTO {_quoted(shape.model._meta.db_table)} ({names})"
        f" SELECT {', '.join(selected)}"
        f" FROM jsonb_to_recordset(%s::jsonb) AS rows ({types}){unless}"
    )
    return sql, [fields[column] for column in fixed]


def _quoted(name: object) -> str:
    return connection.ops.quote_name(str(name))


def _fills_itself(field: Field[Any, Any]) -> bool:
    """Return whether the column has a sequence or a default of the database."""
    return field.primary_key or field.db_default is not NOT_PROVIDED


def _value(field: Field[Any, Any], same: Mapping[str, Any]) -> Any:
    """Return the value of a column in every row, as the database driver takes it."""
    column = str(field.column)
    if column in same:
        value = same[column]
    else:
        value = field.get_default()
        if value is not None and not isinstance(value, str | int | bool | dict):
            value = field.get_prep_value(value)
    if isinstance(value, dict):
        return json.dumps(value)
    return value
