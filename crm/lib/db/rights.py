"""The rights of the product's database role, given after every migrate, and what must hold of them.

The role may read every table. What it may write is said here by table: history that it could
change would prove nothing. Every new table has its line in tests/lib/db/test_rights.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from crm.lib.db.append_only import TABLES

ROLE = "relevo_app"
# Of every function that a trigger calls or that runs as its owner. Without it PostgreSQL looks
# into the temporary tables of the session first, and a guard would read what its caller wrote.
SEARCH_PATH = "search_path=pg_catalog, public, pg_temp"

# What every session of the role begins with; set on the role, so that a DATABASE_URL with options
# of its own keeps it. A process that hangs holds its locks for 15 s; migrations run as the owner.
SETTINGS = {"idle_in_transaction_session_timeout": "15s"}

# Rows that the product adds and never changes.
ADDED = ("leads_criteriontruth", "sla_outage", "sla_snapshot")
# History that ends once: the columns that the product writes later.
ENDED = {
    "leads_nocontact": ("lifted_at", "lifted_by_id", "consent"),
    "leads_attempt": ("outcome", "reached", "note", "at", "recorded_at"),
    "leads_decision": ("undone_at", "released_at"),
    "leads_valuableaction": ("taken_back_at",),
    "sla_pause": ("ended_at", "ended_by_id", "end", "then_step_at"),
    "sla_validity": ("during",),
}
# Rows that change and are never deleted, with the columns that stay as they were inserted.
FIXED = {
    "leads_handoff": (
        "id",
        "lead_id",
        "cycle",
        "submitted_by_id",
        "submitted_at",
        "agreement_version_id",
        "persona_version_id",
    ),
}
# Rows that change and are never deleted. What may move the promise of a clock, a trigger says.
KEPT = (
    "accounts_invitation",
    "accounts_organisation",
    "accounts_team",
    "accounts_user",
    "api_key",
    "leads_company",
    "leads_dispute",
    "leads_importrun",
    "leads_lead",
    "leads_messagetemplate",
    "leads_parking",
    "leads_person",
    "leads_plannedstep",
    "leads_return",
    "notifications_letter",
    "notifications_message",
    "notifications_notice",
    "sla_agreement",
    "sla_agreementversion",
    "sla_clock",
    "sla_heartbeat",
)
# Only the owner of the tables writes to these; the product's role reads them.
OWNERS = ("auth_permission", "django_content_type", "django_migrations", "relevo_installation")

# Extensions, and what an operator put beside our tables, have other owners: not ours to grant.
OURS = "(SELECT relowner FROM pg_class WHERE oid = 'public.django_migrations'::regclass)"
FUNCTIONS = f"""
    SELECT p.oid::regprocedure::text, p.prorettype = 'trigger'::regtype, p.prosecdef,
        coalesce(p.proconfig, '{{}}'), has_function_privilege('public', p.oid, 'EXECUTE')
    FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = {OURS} AND NOT EXISTS
        (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    ORDER BY 1
"""
TABLE_NAMES = f"""
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p') AND relowner = {OURS} ORDER BY 1
"""
# What the role may do beside reading, by itself or as PUBLIC: with whole rows, and with columns.
HELD = f"""
    SELECT relname,
        array(SELECT p FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER',
            'REFERENCES']) p WHERE has_table_privilege(%(role)s, c.oid, p) ORDER BY p),
        array(SELECT attname::text FROM pg_attribute a
            WHERE a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                AND has_column_privilege(%(role)s, c.oid, attnum, 'UPDATE')
                AND NOT has_table_privilege(%(role)s, c.oid, 'UPDATE') ORDER BY 1)
    FROM pg_class c WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p') AND relowner = {OURS} ORDER BY 1
"""
DOORS = """
    SELECT 'create temporary tables'
    WHERE has_database_privilege(%(role)s, current_database(), 'TEMPORARY')
    UNION ALL SELECT 'create schemas'
    WHERE has_database_privilege(%(role)s, current_database(), 'CREATE')
    UNION ALL SELECT 'create in schema ' || nspname FROM pg_namespace
    WHERE nspname !~ '^pg_(toast_)?temp_' AND has_schema_privilege(%(role)s, oid, 'CREATE')
    UNION ALL SELECT 'act as ' || pg_get_userbyid(roleid) FROM pg_auth_members
    WHERE member = %(role)s::regrole
    UNION ALL SELECT 'do more than other roles' FROM pg_roles
    WHERE rolname = %(role)s
        AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
    UNION ALL SELECT 'set sequence ' || seqrelid::regclass FROM pg_sequence
    WHERE has_sequence_privilege(%(role)s, seqrelid, 'UPDATE')
    UNION SELECT 'get rights on whatever ' || pg_get_userbyid(defaclrole) || ' creates'
    FROM pg_default_acl, aclexplode(defaclacl) a WHERE a.grantee IN (0, %(role)s::regrole)
"""


# The settings of the role in all databases, as "name=value".
SET = """
    SELECT unnest(setconfig) FROM pg_db_role_setting
    WHERE setrole = %(role)s::regrole AND setdatabase = 0
"""


def rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"role": ROLE})
        return cursor.fetchall()


def has_role() -> bool:
    """Return whether the server has the product's role; one without it has a single role."""
    return bool(rows("SELECT 1 FROM pg_roles WHERE rolname = %(role)s"))


def columns_of(table: str) -> set[str]:
    """Return the names of the columns of ``table``, also of those of an earlier version."""
    with connection.cursor() as cursor:
        return {
            column.name for column in connection.introspection.get_table_description(cursor, table)
        }


def writes(table: str) -> tuple[set[str], tuple[str, ...]]:
    """Return what the product's role may do with ``table`` beside reading it.

    The privileges on the whole table, and the columns that it may update where it may not update
    all of them.
    """
    if table in OWNERS:
        return set(), ()
    if table in TABLES or table in ADDED:
        return {"INSERT"}, ()
    if table in ENDED:
        # An earlier version of the table, in the midst of an upgrade, may lack some of them.
        held = columns_of(table)
        return {"INSERT"}, tuple(name for name in ENDED[table] if name in held)
    if table in FIXED:
        return {"INSERT"}, tuple(sorted(columns_of(table) - set(FIXED[table])))
    if table in KEPT:
        return {"INSERT", "UPDATE"}, ()
    return {"INSERT", "UPDATE", "DELETE"}, ()


def grant() -> None:
    """Give the role ``relevo_app`` the rights that the product needs, and no more.

    It runs after every migrate and may run again. It does nothing on a server without that role,
    where the triggers still hold.
    """
    if not has_role():
        return
    statements = [
        f"REVOKE TEMPORARY ON DATABASE {_database()} FROM PUBLIC, {ROLE}",
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {ROLE}",
        f"GRANT USAGE ON SCHEMA public TO {ROLE}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {ROLE}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {ROLE}",
    ]
    for (table,) in rows(TABLE_NAMES):
        statements += _grants_on(table)
    for signature, is_trigger, _definer, _config, _public in rows(FUNCTIONS):
        statements.append(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC, {ROLE}")
        # A trigger needs no right to call its function.
        if not is_trigger:
            statements.append(f"GRANT EXECUTE ON FUNCTION {signature} TO {ROLE}")
    statements += _settings()
    # At once: the product may run meanwhile.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(";\n".join(statements))


def _settings() -> list[str]:
    """Return the statements that give the role its settings, if it lacks one.

    A role may change its own settings, and the owner of the tables may act as the role.
    """
    missing = list(_missing_settings())
    if not missing:
        return []
    changes = [f"ALTER ROLE {ROLE} SET {name} = '{SETTINGS[name]}'" for name in missing]
    return [f"SET LOCAL ROLE {ROLE}", *changes, "RESET ROLE"]


def _missing_settings() -> Iterator[str]:
    held = {setting for (setting,) in rows(SET)}
    for name, value in SETTINGS.items():
        if f"{name}={value}" not in held:
            yield name


def _database() -> str:
    return connection.ops.quote_name(str(connection.settings_dict["NAME"]))


def _grants_on(table: str) -> list[str]:
    """Return the statements that give exactly the rights on ``table``, whatever was given before.

    An earlier version gave more: REVOKE takes the rights on columns back as well.
    """
    name = connection.ops.quote_name(table)
    privileges, columns = writes(table)
    granted = ["SELECT", *sorted(privileges)]
    if columns:
        quoted = ", ".join(map(connection.ops.quote_name, columns))
        granted.append(f"UPDATE ({quoted})")
    return [
        f"REVOKE ALL ON {name} FROM PUBLIC, {ROLE}",
        f"GRANT {', '.join(granted)} ON {name} TO {ROLE}",
    ]


def wrong() -> Iterator[str]:
    """Yield one line for each function or right that is not as the product deploys it."""
    for signature, is_trigger, runs_as_owner, config, _public in rows(FUNCTIONS):
        if (is_trigger or runs_as_owner) and SEARCH_PATH not in config:
            yield f"function {signature} has no SET {SEARCH_PATH}"
    if not has_role():
        return
    for signature, _is_trigger, _definer, _config, is_public in rows(FUNCTIONS):
        if is_public:
            yield f"every role may call function {signature}"
    for name in _missing_settings():
        yield f"sessions of {ROLE} begin without {name} = {SETTINGS[name]}"
    for (door,) in rows(DOORS):
        yield f"{ROLE} may {door}"
    for table, privileges, columns in rows(HELD):
        expected, ended = writes(table)
        if (set(privileges), set(columns)) != (expected, set(ended)):
            held = ", ".join([*privileges, *columns]) or "nothing"
            yield f"{ROLE} may write to {table}: {held}"
