"""Fetch rows of other tables within one query, and the values that an UPDATE wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, models
from django.db.models.expressions import DatabaseDefault
from django.db.models.functions import JSONObject

M = TypeVar("M", bound=models.Model)


def as_json(model: type[models.Model], prefix: str = "") -> JSONObject:
    """Return all columns of ``model`` as one JSON expression, for a subquery.

    ``prefix`` is the path to the model, as in "team__".
    """
    names = [field.attname for field in model._meta.concrete_fields]
    return JSONObject(**{name: prefix + name for name in names})


def from_json(model: type[M], data: Mapping[str, Any]) -> M:
    """Return the row that :func:`as_json` carried, as if it had been fetched."""
    names = []
    values = []
    for field in model._meta.concrete_fields:
        if field.attname in data:
            # A foreign key holds the value of the column that it points to.
            column = getattr(field, "target_field", field)
            names.append(field.attname)
            values.append(column.to_python(data[field.attname]))
    return model.from_db(DEFAULT_DB_ALIAS, names, values)


def from_paths(model: type[M], paths: Sequence[str], values: Sequence[Any]) -> M:
    """Return the row that a query read by ``paths``, and the related rows, as if fetched.

    A path is the attribute of a column of the row ("lead_id") or of a related row ("lead__stage",
    "lead__id"). Other columns are deferred.
    """
    own: dict[str, Any] = {}
    related: dict[str, dict[str, Any]] = {}
    for path, value in zip(paths, values, strict=True):
        name, _, rest = path.partition("__")
        if rest:
            related.setdefault(name, {})[rest] = value
        else:
            own[name] = value
    names = [field.attname for field in model._meta.concrete_fields if field.attname in own]
    row = model.from_db(DEFAULT_DB_ALIAS, names, [own[name] for name in names])
    for name, columns in related.items():
        other: Any = model._meta.get_field(name).related_model
        # An outer join without a match has no id.
        if columns["id"] is not None:
            setattr(row, name, from_paths(other, tuple(columns), tuple(columns.values())))
    return row


def constraint_of(error: IntegrityError) -> str:
    """Return the name of the constraint, or of the trigger, that refused a row; "" if unknown."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


class Computed(NamedTuple):
    """A value that the database computes. ``sql`` is written in the code, never made of input."""

    sql: str
    parameters: tuple[Any, ...] = ()


def insert(row: M, **computed: Computed) -> M:
    """Insert the unsaved ``row`` as save() does, and return it.

    ``computed`` is written to the columns of these fields, and read back as all columns that the
    database fills. The SQL is kept: building it took three times as long as running it.
    """
    model = type(row)
    written: dict[str, Any] = {}
    read_back = list(computed)
    for field in model._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.name in computed:
            continue
        # A default of the database stands in the row as an expression.
        if isinstance(value, DatabaseDefault) or (field.primary_key and value is None):
            read_back.append(field.name)
        else:
            written[field.name] = value
    places = tuple((name, _placeholder(value)) for name, value in {**written, **computed}.items())
    parameters = [_prepared(model, name, value) for name, value in written.items()]
    for each in computed.values():
        parameters += each.parameters
    with connection.cursor() as cursor:
        cursor.execute(_insert(model, places, tuple(read_back)), parameters)
        found = cursor.fetchone() if read_back else ()
    for name, value in zip(read_back, found, strict=True):
        setattr(row, _field(model, name).attname, value)
    row._state.adding = False
    row._state.db = DEFAULT_DB_ALIAS
    return row


def update_returning(
    model: type[models.Model], where: Mapping[str, Any], *columns: str, **values: Any
) -> list[tuple[Any, ...]]:
    """Write ``values`` to the rows of ``model`` that have those of ``where``, in one statement.

    Return ``columns`` of each row as they were written; JSON comes as text. Names are fields of the
    model. In ``where``, None is NULL and a list any of its members.

    The SQL is kept, because steps take it often: building it from a queryset took 0.5 ms.
    """
    asked = tuple((name, _comparison(value)) for name, value in where.items())
    written = tuple((name, _placeholder(value)) for name, value in values.items())
    sql = _update(model, asked, written, columns)
    parameters: list[Any] = []
    for name, value in values.items():
        if isinstance(value, Computed):
            parameters += value.parameters
        else:
            parameters.append(_prepared(model, name, value))
    for name, value in where.items():
        if isinstance(value, list):
            parameters.append([_prepared(model, name, each) for each in value])
        elif value is not None:
            parameters.append(_prepared(model, name, value))
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _comparison(value: Any) -> str:
    if value is None:
        return "IS NULL"
    if isinstance(value, list):
        return "= ANY(%s)"
    return "= %s"


def _placeholder(value: Any) -> str:
    return value.sql if isinstance(value, Computed) else "%s"


def _prepared(model: type[models.Model], name: str, value: Any) -> Any:
    """Return ``value`` of a field as the driver takes it; a row stands for its key."""
    if isinstance(value, models.Model):
        value = value.pk
    return _field(model, name).get_db_prep_save(value, connection)


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _column(model: type[models.Model], name: str) -> str:
    return connection.ops.quote_name(_field(model, name).column)


@lru_cache(maxsize=256)
def _insert(
    model: type[models.Model], values: tuple[tuple[str, str], ...], columns: tuple[str, ...]
) -> str:
    """Return the SQL; each name of ``values`` has what is written to it."""
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(_column(model, name) for name, _value in values)
    sql = f"INSERT INTO {table} ({names}) VALUES ({', '.join(value for _name, value in values)})"
    if not columns:
        return sql
    return f"{sql} RETURNING {', '.join(_column(model, name) for name in columns)}"


@lru_cache(maxsize=256)
def _update(
    model: type[models.Model],
    where: tuple[tuple[str, str], ...],
    values: tuple[tuple[str, str], ...],
    columns: tuple[str, ...],
) -> str:
    """Return the SQL; each name has its comparison, or what is written to it."""
    table = connection.ops.quote_name(model._meta.db_table)
    changes = ", ".join(f"{_column(model, name)} = {value}" for name, value in values)
    asked = " AND ".join(f"{_column(model, name)} {comparison}" for name, comparison in where)
    returned = ", ".join(_column(model, name) for name in columns)
    return f"UPDATE {table} SET {changes} WHERE {asked} RETURNING {returned}"
