"""Fetch rows of other tables within one query, and the values that an UPDATE wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, models
from django.db.models.functions import JSONObject
from django.db.models.sql import UpdateQuery

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


def update_returning(
    rows: models.QuerySet[Any], *columns: str, **values: Any
) -> list[tuple[Any, ...]]:
    """Update ``rows`` and return ``columns`` of each row as they were written, in one statement.

    JSON comes as text.
    """
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(values)
    sql, params = query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            f"{sql} RETURNING {', '.join(map(connection.ops.quote_name, columns))}", params
        )
        return cursor.fetchall()
