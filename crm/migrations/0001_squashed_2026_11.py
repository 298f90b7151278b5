"""What every other table stands on: extensions, the one clock, append-only triggers, the cache table, starting fresh.

Only the owner of the tables marks an installation as a demo, by `migrate` while the database is empty. The product's
role can read that mark and call relevo_start_fresh(), and can write neither: what is not marked is never emptied.
"""

from django.db import migrations

EXTENSIONS = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS unaccent;
"""
CLOCK = """
CREATE FUNCTION relevo_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$SELECT clock_timestamp()$$;
"""
# unaccent() itself is only STABLE; with the dictionary named it can stand in an index.
FOLD = """
CREATE FUNCTION relevo_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT public.unaccent('public.unaccent'::regdictionary, lower(value)) $$;
"""

APPEND_ONLY = """
CREATE FUNCTION relevo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION relevo_append_only_payload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.payload = '{}'::jsonb AND to_jsonb(NEW) - 'payload' = to_jsonb(OLD) - 'payload' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""

CACHE = """
CREATE TABLE relevo_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
);
CREATE INDEX relevo_cache_expires ON relevo_cache (expires);
"""

MARK = """
CREATE TABLE relevo_installation (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    is_demo boolean NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT relevo_now(),
    emptied_at timestamptz,
    CONSTRAINT emptied_is_no_demo CHECK (emptied_at IS NULL OR NOT is_demo)
);
"""

START_FRESH = """
CREATE FUNCTION relevo_start_fresh() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '10s' AS $$
DECLARE
    doomed text;
BEGIN
    PERFORM 1 FROM public.relevo_installation WHERE is_demo FOR UPDATE;
    IF NOT FOUND OR NOT EXISTS (SELECT 1 FROM public.accounts_organisation WHERE is_demo) THEN
        RAISE EXCEPTION 'this installation is no demo: nothing was removed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SET CONSTRAINTS ALL IMMEDIATE;
    SELECT string_agg(format('public.%I', tablename), ', ' ORDER BY tablename) INTO doomed FROM pg_catalog.pg_tables
    WHERE schemaname = 'public' AND tablename NOT IN
        ('django_migrations', 'django_content_type', 'auth_permission', 'relevo_installation');
    EXECUTE 'TRUNCATE ' || doomed || ' RESTART IDENTITY';
    UPDATE public.relevo_installation SET is_demo = false, emptied_at = public.relevo_now();
END $$;
"""


class Migration(migrations.Migration):
    initial = True
    replaces = [("crm", "0001_ground"), ("crm", "0002_start_fresh")]
    dependencies = []
    operations = [
        migrations.RunSQL(EXTENSIONS, migrations.RunSQL.noop),
        migrations.RunSQL(CLOCK, "DROP FUNCTION relevo_now();"),
        migrations.RunSQL(FOLD, "DROP FUNCTION relevo_fold(text);"),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP FUNCTION relevo_append_only(); DROP FUNCTION relevo_append_only_payload();",
        ),
        migrations.RunSQL(CACHE, "DROP TABLE relevo_cache;"),
        migrations.RunSQL(MARK, "DROP TABLE relevo_installation;"),
        migrations.RunSQL(START_FRESH, "DROP FUNCTION relevo_start_fresh();"),
    ]
