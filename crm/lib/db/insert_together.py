"""Insert new rows of several tables that refer to each other, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, ForeignKey, Model

# The foreign keys of a row that point at other new rows, each with the place of that row.
References = tuple[tuple[str, int], ...]


def insert_together(*rows: Model) -> None:
    """Insert unsaved ``rows`` and set their keys, as save() of each in turn does.

    A row may refer to those before it. Rows of one table get their keys in no certain order. Every
    column has to be set: a default of the database is not read back.
    """
    # Not the proxy of the connection, which looks it up for each of many values.
    connection = connections[DEFAULT_DB_ALIAS]
    references = tuple(_references(row, rows) for row in rows)
    sql, fields = _statement(tuple(type(row) for row in rows), references)
    values: list[Any] = []
    for row, own in zip(rows, fields, strict=True):
        for field in own:
            values.append(field.get_db_prep_save(getattr(row, field.attname), connection))
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        keys = cursor.fetchone()
    for row, key, of_row in zip(rows, keys, references, strict=True):
        row.pk = key
        row._state.adding = False
        row._state.db = DEFAULT_DB_ALIAS
        for name, place in of_row:
            setattr(row, name, rows[place])


def _references(row: Model, rows: Sequence[Model]) -> References:
    references: list[tuple[str, int]] = []
    for field in row._meta.concrete_fields:
        if not isinstance(field, ForeignKey) or not field.is_cached(row):
            continue
        target = field.get_cached_value(row)
        for place, each in enumerate(rows):
            if each is target:
                references.append((field.name, place))
    return tuple(references)


# Kept in the process: the same few combinations come again and again.
@lru_cache(maxsize=64)
def _statement(
    models: tuple[type[Model], ...], references: tuple[References, ...]
) -> tuple[str, list[list[Field[Any, Any]]]]:
    """Return the SQL, and for each row the fields whose values it takes.

    It has one INSERT for each row, which hands its key on to the later ones.
    """
    # Names come from the models themselves; values travel as parameters.
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    fields: list[list[Field[Any, Any]]] = []
    inserts: list[str] = []
    for number, (model, of_row) in enumerate(zip(models, references, strict=True)):
        places = dict(of_row)
        columns = [field for field in model._meta.concrete_fields if not field.primary_key]
        own = [field for field in columns if field.name not in places]
        fields.append(own)
        names = [quote(str(field.column)) for field in own]
        values = ["%s" for _field in own]
        for field in columns:
            if field.name in places:
                names.append(quote(str(field.column)))
                values.append(f"(SELECT id FROM row_{places[field.name]})")
        table = quote(model._meta.db_table)
        inserts.append(
            f"row_{number} AS (INSERT INTO {table} ({', '.join(names)})"
            f" VALUES ({', '.join(values)}) RETURNING id)"
        )
    keys = [f"(SELECT id FROM row_{number})" for number in range(len(models))]
    return f"WITH {', '.join(inserts)} SELECT {', '.join(keys)}", fields
