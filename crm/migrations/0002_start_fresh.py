"""Starting fresh from the demo: the owner's mark on the installation, and the one function that may empty tables.

The product's role can read the mark and call the function, and can write neither: what the owner did not mark as a
demo when the database was still empty (crm.setup.fresh.mark) can never be emptied.
"""

from django.db import migrations

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
    dependencies = [("crm", "0001_ground")]
    operations = [
        migrations.RunSQL(MARK, "DROP TABLE relevo_installation;"),
        migrations.RunSQL(START_FRESH, "DROP FUNCTION relevo_start_fresh();"),
    ]
