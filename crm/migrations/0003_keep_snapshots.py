"""Leave the snapshots when the demo is removed.

Processes remember which of them are stored, and they hold nothing about people.
"""

from django.db import migrations

START_FRESH = """
CREATE OR REPLACE FUNCTION relevo_start_fresh() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '10s' AS $$
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
        ('django_migrations', 'django_content_type', 'auth_permission', 'relevo_installation', 'sla_snapshot');
    EXECUTE 'TRUNCATE ' || doomed || ' RESTART IDENTITY';
    UPDATE public.relevo_installation SET is_demo = false, emptied_at = public.relevo_now();
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_search_paths")]

    operations = [migrations.RunSQL(START_FRESH, migrations.RunSQL.noop)]
