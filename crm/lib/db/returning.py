"""Rows of other tables carried along by one query, and what an UPDATE wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models.functions import JSONObject
from django.db.models.sql import UpdateQuery

M = TypeVar("M", bound=models.Model)


def as_json(model: type[models.Model], prefix: str = "") -> JSONObject:
    """All columns of ``model`` as one JSON value, for a subquery; ``prefix`` leads to it
    ("team__").
    """
    return JSONObject(
        **{field.attname: prefix + field.attname for field in model._meta.concrete_fields}
    )


def from_json(model: type[M], data: Mapping[str, Any]) -> M:
    """The row that :func:`as_json` carried, as if it had been fetched."""
    fields = [field for field in model._meta.concrete_fields if field.attname in data]
    values = [
        getattr(field, "target_field", field).to_python(data[field.attname]) for field in fields
    ]
    return model.from_db("default", [field.attname for field in fields], values)


def update_returning(
    rows: models.QuerySet[Any], *columns: str, **values: Any
) -> list[tuple[Any, ...]]:
    """``rows.update(**values)`` that answers with ``columns`` of each row as they were written (one
    statement).

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
