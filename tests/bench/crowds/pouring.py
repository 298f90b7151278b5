"""Rows of the crowd out of the planned lives of its leads, and SQL for what they say."""

from __future__ import annotations

from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED

from tests import factories
from tests.bench.crowds.plan import CORES, FORMS, PLACES


def pour(model: type[models.Model], where: str = "true", **values: str) -> None:
    """Insert a row of ``model`` for each planned lead with ``where``.

    ``values``: SQL over the plan, by attribute; what is not named gets the field's own default.
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}
    assert values.keys() <= fields.keys(), values.keys() - fields.keys()
    columns, expressions, parameters = [], [], []
    for name, field in fields.items():
        wanted = not (field.null or field.primary_key or field.db_default is not NOT_PROVIDED)
        if name in values:
            expressions.append(values[name].replace("%", "%%"))
        elif wanted:
            expressions.append("%s")
            parameters.append(field.get_db_prep_save(field.get_default(), connection))
        if name in values or wanted:
            columns.append(connection.ops.quote_name(field.column))
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(expressions)} FROM "
            f"plan WHERE {where}",
            parameters,
        )


def pick(words: str, by: str) -> str:
    """SQL for one of the ``words``, chosen by a number."""
    found = words.split()
    return (
        "(ARRAY["
        + ", ".join(f"'{word}'" for word in found)
        + f"])[mod({by}, {len(found)})::int + 1]"
    )


def firm(number: str) -> str:
    """SQL for the name of the company with this number, without its legal form.

    The number of a company is at most 324,000: so many names are different.
    """
    forms, cores, places = (len(words.split()) for words in (FORMS, CORES, PLACES))
    parts = (
        pick(FORMS, number),
        pick(CORES, f"{number} / {forms}"),
        pick(PLACES, f"{number} / {forms * cores}"),
    )
    name, round = " || ' ' || ".join(parts), f"{number} / {forms * cores * places}"
    more = pick(CORES, f"{round} - 1")
    return f"{name} || CASE WHEN {round} > 0 THEN ' y ' || {more} ELSE '' END"


def on(moment: str) -> str:
    """The organisation's date of a moment."""
    return f"({moment} AT TIME ZONE '{factories.ZONE}')::date"
