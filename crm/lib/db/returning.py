"""Fetch rows of other tables within one query, and the values that an UPDATE wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, models
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


class Update(NamedTuple):
    """An UPDATE to run by itself, or together with other writes (crm.lib.db.inserts)."""

    sql: str
    parameters: list[Any]

    def run(self) -> list[tuple[Any, ...]]:
        """Return the columns that it asks for of each row that it changed."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.parameters)
            return cursor.fetchall()


def update_returning(
    model: type[models.Model], where: Mapping[str, Any], *columns: str | Computed, **values: Any
) -> list[tuple[Any, ...]]:
    """Run the UPDATE of :func:`update`; return ``columns`` of each row as they were written.

    JSON comes as text.
    """
    return update(model, where, *columns, **values).run()


def update(
    model: type[models.Model], where: Mapping[str, Any], *columns: str | Computed, **values: Any
) -> Update:
    """Return what writes ``values`` to the rows of ``model`` that have those of ``where``.

    Names are fields of the model; a computed column has no parameters. In ``where``, None is NULL
    and a list any of its members.

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
    return Update(sql, parameters)


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
def _update(
    model: type[models.Model],
    where: tuple[tuple[str, str], ...],
    values: tuple[tuple[str, str], ...],
    columns: tuple[str | Computed, ...],
) -> str:
    """Return the SQL; each name has its comparison, or what is written to it."""
    table = connection.ops.quote_name(model._meta.db_table)
    changes = ", ".join(f"{_column(model, name)} = {value}" for name, value in values)
    asked = " AND ".join(f"{_column(model, name)} {comparison}" for name, comparison in where)
    returned = ", ".join(_returned(model, column) for column in columns)
    return f"UPDATE {table} SET {changes} WHERE {asked} RETURNING {returned}"


def _returned(model: type[models.Model], column: str | Computed) -> str:
    return column.sql if isinstance(column, Computed) else _column(model, column)
