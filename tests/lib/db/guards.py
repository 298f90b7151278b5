"""Guards of the database taken away until the test ends, to have what they do not let happen."""

from __future__ import annotations

from django.db import connection


def lift(table: str, trigger: str) -> None:
    with connection.cursor() as cursor:
        # PostgreSQL changes no table while checks of its rows wait for the end.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
