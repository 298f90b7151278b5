"""Columns that only an earlier version reads; they go when none of its processes is connected.

`migrate` does this after the migrations, because a rolling upgrade runs it while that version is
still at work. Triggers keep both forms equal until then.
"""

from __future__ import annotations

from django.db import connection, transaction

OLD_COLUMNS = {"leads_handoff": ("policy",), "sla_clock": ("calendar", "ladder")}
DROP = """
DROP FUNCTION IF EXISTS leads_handoff_old_columns() CASCADE;
DROP FUNCTION IF EXISTS sla_clock_old_columns() CASCADE;
DROP FUNCTION IF EXISTS sla_snapshot_of(jsonb);
ALTER TABLE leads_handoff DROP COLUMN IF EXISTS policy;
ALTER TABLE sla_clock DROP COLUMN IF EXISTS calendar, DROP COLUMN IF EXISTS ladder;
"""
EXISTING = """
SELECT count(*) FROM information_schema.columns
WHERE table_schema = 'public' AND (table_name, column_name) IN %s
"""
# The sessions of this version are "relevo", a space and a number; psql and unknown ones count as
# old, because waiting harms nothing.
OLD_SESSIONS = r"""
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
    AND pid <> pg_backend_pid() AND application_name NOT LIKE 'relevo _%%'
"""


def drop() -> int:
    """Drop the old columns, or return how many sessions of an earlier version may need them."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EXISTING, [_names()])
        if cursor.fetchone() == (0,):
            return 0
        cursor.execute(OLD_SESSIONS, [])
        (sessions,) = cursor.fetchone()
        if not sessions:
            cursor.execute(DROP)
    return sessions


def _names() -> tuple[tuple[str, str], ...]:
    return tuple((table, name) for table, names in OLD_COLUMNS.items() for name in names)
