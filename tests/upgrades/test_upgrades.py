"""Databases of earlier versions upgrade with their data and end with the schema of a new one."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg2.extensions import make_dsn

from crm import invariants
from crm.lib import clock
from crm.management.commands.migrate import refuse_half_upgraded
from leads.follow_up import next_steps
from sla.models import Snapshot
from tests.upgrades.dumps import LARGEST, kept, moment, pg_dump

NEWEST = kept()[-1:]  # all of them: make soak
# What versions up to November 2026 gave their role, and PostgreSQL gives everybody: dumps hold no
# rights.
GIVEN_BEFORE = """
    GRANT CONNECT, TEMPORARY ON DATABASE {database} TO relevo_app;
    GRANT USAGE ON SCHEMA public TO relevo_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO relevo_app;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO relevo_app;
"""
# Each right on database, schema, tables, columns, sequences and functions, but the owner's.
RIGHTS = """
    SELECT 'database', '', a.grantee::regrole::text, a.privilege_type
    FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) a
    WHERE datname = current_database() AND a.privilege_type <> 'CONNECT' AND a.grantee <> datdba
    UNION ALL
    SELECT 'schema', nspname, a.grantee::regrole::text, a.privilege_type
    FROM pg_namespace, aclexplode(nspacl) a WHERE nspname = 'public' AND a.grantee <> nspowner
    UNION ALL
    SELECT 'table', relname, a.grantee::regrole::text, a.privilege_type
    FROM pg_class, aclexplode(relacl) a
    WHERE relnamespace = 'public'::regnamespace AND a.grantee <> relowner
    UNION ALL
    SELECT 'column', relname || '.' || attname, a.grantee::regrole::text, a.privilege_type
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid, aclexplode(attacl) a
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text, a.grantee::regrole::text, a.privilege_type
    FROM pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
    WHERE pronamespace = 'public'::regnamespace AND a.grantee <> proowner
    ORDER BY 1, 2, 3, 4
"""
# A migration opens the returns of leads that were sent back before, and adds reasons to choose.
FILLED = {"leads_return", "leads_outcomereason"}
MADE_BY_MIGRATE = {ContentType, Permission, Snapshot}


def names(paths: list[Path]) -> list[str]:
    return [path.name.removesuffix(".sql.gz") for path in paths]


def use(database: str) -> None:
    """Connect Django anew, to another database of the same server."""
    connection.close()
    connection.settings_dict["NAME"] = database
    ContentType.objects.clear_cache()


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def stop_time(body: str) -> None:
    run(
        f"CREATE OR REPLACE FUNCTION relevo_now() RETURNS timestamptz "
        f"LANGUAGE sql AS $now${body}$now$"
    )


@contextlib.contextmanager
def loaded(text: str) -> Iterator[None]:
    """Load the dump ``text`` into a database of its own and connect Django to it while it lasts."""
    usual = connection.settings_dict["NAME"]
    scratch = f"{usual}_loaded"
    run(f"DROP DATABASE IF EXISTS {scratch} WITH (FORCE)")
    run(f"CREATE DATABASE {scratch} TEMPLATE template0")
    try:
        use(scratch)
        run(text)
        use(scratch)  # the dump leaves its session without a search path
        yield
    finally:
        use(usual)
        # Not WITH (FORCE), which refuses to end a worker of autovacuum; this ends it and waits.
        run(f"DROP DATABASE {scratch}")


def schema() -> str:
    connection.ensure_connection()
    address = make_dsn(**connection.connection.get_dsn_parameters())
    return pg_dump(address, "--schema-only", password=connection.settings_dict["PASSWORD"])


def reloaded(made: str) -> str:
    """Return the schema ``made`` after loading it: PostgreSQL rewrites some casts then."""
    with loaded(made):
        return schema()


def all_rights() -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(RIGHTS)
        return cursor.fetchall()


def counted(tables: list[str]) -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
    return found


def read() -> dict[str, int]:
    """Read every row through today's models and return how many each table has."""
    models = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model not in MADE_BY_MIGRATE
    ]
    return {model._meta.db_table: len(list(model._base_manager.all())) for model in models}


def upgrade(dump: Path, new: str) -> None:
    """Upgrade ``dump``: no row is lost, no promise is broken, the schema is ``new``, and the
    product's role may do what it may in a new database.
    """
    rights = all_rights()
    text = gzip.decompress(dump.read_bytes()).decode()
    with loaded(text):
        stop_time(f"SELECT '{moment(dump)}'::timestamptz")
        run(GIVEN_BEFORE.format(database=connection.settings_dict["NAME"]))
        before = counted(connection.introspection.table_names())
        call_command("migrate", verbosity=0)
        after = read()
        # The first sweeps of the new version do the rest.
        while next_steps.fill(at=clock.now()):
            pass
        broken = list(invariants.violated(at=clock.now(), moved_time=True))
        stop_time(clock.RELEVO_NOW_BODY)
        upgraded = schema()
        rights_after = all_rights()
    assert rights_after == rights
    for table, count in after.items():
        had = before.get(table, 0)
        assert count == had or (table in FILLED and count > had), table
    assert after["leads_lead"] > 30
    assert broken == []
    assert reloaded(upgraded) == new


@pytest.fixture
def new_schema(transactional_db: None) -> str:
    """The schema of the test database, which the migrations of today made from nothing."""
    return reloaded(schema())


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("dump", NEWEST, ids=names(NEWEST))
def test_new_dumps_upgrade(dump: Path, new_schema: str) -> None:
    upgrade(dump, new_schema)


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("dump", kept(), ids=names(kept()))
def test_all_dumps_upgrade(dump: Path, new_schema: str) -> None:
    upgrade(dump, new_schema)


@pytest.mark.parametrize("dump", kept(), ids=names(kept()))
def test_dump_is_small(dump: Path) -> None:
    assert dump.stat().st_size <= LARGEST


@pytest.mark.django_db
def test_database_with_some_of_the_replaced_migrations_is_refused() -> None:
    run(
        "DELETE FROM django_migrations WHERE app = 'sla' AND name IN "
        "('0008_clocks_that_run', '0009_agreed_pauses')"
    )
    with pytest.raises(
        CommandError, match=r"'sla' still lacks 0008_clocks_that_run, 0009_agreed_pauses.* 147612c"
    ):
        call_command("migrate", verbosity=0)


@pytest.mark.django_db
def test_database_without_any_migration_of_an_app_is_not_refused() -> None:
    run("DELETE FROM django_migrations WHERE app = 'api'")
    refuse_half_upgraded()
