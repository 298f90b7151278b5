"""Pouring very many rows: indexes are built, and keys are believed, after the last row.

test_crowd.py shows on a small crowd that its rows keep all that is not checked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Triggers of foreign keys and those that judge rows together, at the end of the transaction.
CHECKS = """
    SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'public'::regnamespace AND tgconstraint <> 0 AND tgenabled = %s
"""
# The others find the rows that statements and triggers look up.
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = 'public'::regnamespace AND NOT indisunique
        AND relname ~ '^(leads|sla_clock|notifications)'
"""


@contextmanager
def in_bulk() -> Iterator[None]:
    """Build the indexes after the block and check no constraint between rows in it.

    Only a superuser may.
    """
    with connection.cursor() as cursor:
        cursor.execute(CHECKS, ["O"])
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _name, definition in indexes:
            cursor.execute(definition)
        cursor.execute(CHECKS, ["D"])
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")
        cursor.execute("RESET maintenance_work_mem")
