"""What most tests begin with is made once in a process; for the next test its rows are inserted
again as they were.

Made through the product's own functions it takes a hundred statements, of which three thousand
tests would each pay the time. The rows are what those functions wrote, to the last column; only the
ids are never given anew.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import connection, transaction

OTHERS = ("auth_permission", "django_content_type")  # of Django, in every database


SEQUENCES = """
SELECT sequence, table_name, column_name FROM (
    -- PostgreSQL may ask the function before the condition of a WHERE, and it refuses tables of
    -- other schemas.
    SELECT table_name, column_name, CASE WHEN table_schema = 'public'
        THEN pg_get_serial_sequence(table_name, column_name) END AS sequence
    FROM information_schema.columns
) AS columns
WHERE sequence IS NOT NULL
"""


def restart_sequences() -> None:
    """Let every id go on after the last one that is there; a rollback undoes this, too."""
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCES)
        for sequence, table, column in cursor.fetchall():
            cursor.execute(f"SELECT coalesce(max({column}), 0) + 1 FROM {table}")
            cursor.execute(f"ALTER SEQUENCE {sequence} RESTART WITH {cursor.fetchone()[0]}")


@cache
def may_switch_triggers_off() -> bool:
    """Return whether rows may be written without triggers, which judged them when they were made.

    The tests' own server gives that right (tests.services); another one perhaps does not.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        return cursor.fetchone() == (True,)


class Remembered:
    """``make`` writes rows into an empty database and answers with its objects; so does a call of
    this, faster.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make
        self.objects = b""
        self.statements = ""

    def __call__(self) -> Any:
        if not may_switch_triggers_off() or self._has_rows():
            return self.make()
        if self.objects:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(self.statements)
            return pickle.loads(self.objects)
        made = self.make()
        self.objects, self.statements = pickle.dumps(made), self._written()
        return made

    def _has_rows(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM accounts_organisation), EXISTS (SELECT 1 FROM "
                "accounts_user)"
            )
            return True in cursor.fetchone()

    def _written(self) -> str:
        """Statements that write what is in the database now, and let no id be given twice."""
        parts = ["SET LOCAL session_replication_role = replica"]
        tables = set(connection.introspection.django_table_names(only_existing=True)) - {*OTHERS}
        with connection.cursor() as cursor:
            for table in sorted(tables):
                name = connection.ops.quote_name(table)
                cursor.execute(f"SELECT json_agg(t)::text, count(*) FROM {name} t")
                rows, count = cursor.fetchone()
                if count:
                    insert = (
                        f"INSERT INTO {name}"
                        f" SELECT * FROM json_populate_recordset(NULL::{name}, %s)"
                    )
                    parts.append(cursor.mogrify(insert, [rows]).decode())
            cursor.execute(SEQUENCES)
            for sequence, table, column in cursor.fetchall():
                cursor.execute(f"SELECT max({column}) FROM {table}")
                last = cursor.fetchone()[0]
                if last is not None:
                    parts.append(
                        f"SELECT setval('{sequence}', {last}) FROM {sequence}"
                        f" WHERE last_value < {last}"
                    )
        parts.append("SET LOCAL session_replication_role = origin")
        return ";\n".join(parts)
