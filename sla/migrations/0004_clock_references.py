"""Let clocks refer to their calendar and ladder, each of which is stored once.

Both versions of the product may run: a trigger fills the reference from the old column and the old
column from the reference.
"""

import django.db.models.deletion
from django.db import migrations, models

REFERENCES = """
ALTER TABLE sla_clock
    ADD COLUMN calendar_ref_id bytea CONSTRAINT sla_clock_calendar_ref_fk
        REFERENCES sla_snapshot (hash) DEFERRABLE INITIALLY DEFERRED,
    ADD COLUMN ladder_ref_id bytea CONSTRAINT sla_clock_ladder_ref_fk
        REFERENCES sla_snapshot (hash) DEFERRABLE INITIALLY DEFERRED,
    ALTER COLUMN calendar DROP NOT NULL,
    ALTER COLUMN ladder DROP NOT NULL;
"""
BOTH = """
CREATE FUNCTION sla_clock_old_columns() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.calendar_ref_id IS NULL
       OR (TG_OP = 'UPDATE' AND NEW.calendar_ref_id = OLD.calendar_ref_id
           AND NEW.calendar IS DISTINCT FROM OLD.calendar) THEN
        NEW.calendar_ref_id := public.sla_snapshot_of(NEW.calendar);
    ELSIF TG_OP = 'INSERT' OR NEW.calendar_ref_id <> OLD.calendar_ref_id THEN
        NEW.calendar := (SELECT body FROM public.sla_snapshot WHERE hash = NEW.calendar_ref_id);
    END IF;
    IF NEW.ladder_ref_id IS NULL
       OR (TG_OP = 'UPDATE' AND NEW.ladder_ref_id = OLD.ladder_ref_id
           AND NEW.ladder IS DISTINCT FROM OLD.ladder) THEN
        NEW.ladder_ref_id := public.sla_snapshot_of(NEW.ladder);
    ELSIF TG_OP = 'INSERT' OR NEW.ladder_ref_id <> OLD.ladder_ref_id THEN
        NEW.ladder := (SELECT body FROM public.sla_snapshot WHERE hash = NEW.ladder_ref_id);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sla_clock_old_columns
    BEFORE INSERT OR UPDATE OF calendar, ladder, calendar_ref_id, ladder_ref_id ON sla_clock
    FOR EACH ROW EXECUTE FUNCTION sla_clock_old_columns();
"""


def reference() -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="sla.snapshot",
    )


class Migration(migrations.Migration):
    dependencies = [("sla", "0003_snapshot")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField("clock", "calendar"),
                migrations.RemoveField("clock", "ladder"),
                migrations.AddField("clock", "calendar_ref", reference(), preserve_default=False),
                migrations.AddField("clock", "ladder_ref", reference(), preserve_default=False),
            ],
            database_operations=[
                migrations.RunSQL(REFERENCES, migrations.RunSQL.noop),
                migrations.RunSQL(BOTH, "DROP FUNCTION sla_clock_old_columns() CASCADE;"),
            ],
        ),
    ]
