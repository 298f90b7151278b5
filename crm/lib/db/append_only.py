"""Tables whose rows are written once: events, audit entries, firings, packages and others.

The product's database role may only read and insert them. A trigger refuses every change by any
role, except that the personal data in ``payload`` may be emptied (erasure for privacy).
"""

from __future__ import annotations

from django.db import connection

TABLES: list[str] = [
    "audit_entry",
    "leads_event",
    "leads_evidence",
    "leads_firsttouch",
    "leads_package",
    "sla_comment",
    "sla_firing",
    "sla_signature",
    "sla_stint",
]
# Only the owner of the tables writes to these; the product's role reads them.
OWNERS = ("django_migrations", "relevo_installation")
START_FRESH = "relevo_start_fresh()"


def grant() -> None:
    """Give the role ``relevo_app`` the rights that the product needs, and no more.

    It runs after every migrate and may run again. It does nothing on a server without that role,
    where the triggers still hold.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'relevo_app'")
        if not cursor.fetchone()[0]:
            return
        cursor.execute(
            "GRANT USAGE ON SCHEMA public TO relevo_app;"
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO relevo_app;"
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO relevo_app;"
        )
        existing = set(connection.introspection.table_names(cursor))
        for table in (*TABLES, *OWNERS):
            if table in existing:
                cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM relevo_app")
        for table in existing & set(OWNERS):
            cursor.execute(f"REVOKE INSERT ON {table} FROM relevo_app")
        cursor.execute("SELECT to_regprocedure(%s) IS NOT NULL", [START_FRESH])
        if cursor.fetchone()[0]:
            cursor.execute(f"REVOKE EXECUTE ON FUNCTION {START_FRESH} FROM PUBLIC")
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {START_FRESH} TO relevo_app")
