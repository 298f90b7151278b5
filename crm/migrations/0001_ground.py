"""What every other table stands on: extensions, the one clock, append-only triggers, the cache table."""

from django.db import migrations

from crm.lib.clock import RELEVO_NOW_BODY

CLOCK = f"CREATE OR REPLACE FUNCTION relevo_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $${RELEVO_NOW_BODY}$$;"

# unaccent() itself is only STABLE; with the dictionary named it can stand in an index.
FOLD = """
CREATE OR REPLACE FUNCTION relevo_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT public.unaccent('public.unaccent'::regdictionary, lower(value)) $$;
"""

APPEND_ONLY = """
CREATE OR REPLACE FUNCTION relevo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE FUNCTION relevo_append_only_payload() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TABLE IF NOT EXISTS relevo_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS relevo_cache_expires ON relevo_cache (expires);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            "CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE EXTENSION IF NOT EXISTS btree_gist;"
            "CREATE EXTENSION IF NOT EXISTS unaccent;",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(CLOCK, "DROP FUNCTION relevo_now();"),
        migrations.RunSQL(FOLD, "DROP FUNCTION relevo_fold(text);"),
        migrations.RunSQL(
            APPEND_ONLY, "DROP FUNCTION relevo_append_only(); DROP FUNCTION relevo_append_only_payload();"
        ),
        migrations.RunSQL(CACHE, "DROP TABLE relevo_cache;"),
    ]
