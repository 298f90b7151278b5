"""Empty the tables after a test that commits: rows are deleted only where there are any.

Django truncates every table instead, and sends post_migrate, which writes content types and
rights anew: 150 ms for each test, of which these take 10. A plugin
(`-p tests.harness.quick_flush`).
"""

from __future__ import annotations

from django.db import connection, transaction

# Written by migrations, or by Django after them, and by no test.
KEPT = ("django_migrations", "django_content_type", "auth_permission")
TABLES = """
SELECT quote_ident(relname) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> ALL(%s)
"""


def delete_rows() -> None:
    """Delete all rows that a test committed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TABLES, [list(KEPT)])
        tables = [name for (name,) in cursor.fetchall()]
        looks = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables]
        cursor.execute(" UNION ALL ".join(looks))
        filled = [name for (name,) in cursor.fetchall()]
        # Without triggers: history is append-only, and rows point at each other.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in filled:
            cursor.execute(f"DELETE FROM {name}")


def pytest_configure() -> None:
    from django.test.testcases import TransactionTestCase

    from tests.harness.remembered import may_switch_triggers_off

    flush = TransactionTestCase._fixture_teardown

    def teardown(case: TransactionTestCase) -> None:
        if may_switch_triggers_off():
            delete_rows()
        else:
            flush(case)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
