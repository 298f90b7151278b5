"""Let handoffs refer to their policy, which is stored once.

Both versions of the product may run: a trigger fills the reference from the old column and the old
column from the reference.
"""

import django.db.models.deletion
from django.db import migrations, models

REFERENCE = """
ALTER TABLE leads_handoff
    ADD COLUMN policy_ref_id bytea CONSTRAINT leads_handoff_policy_ref_fk
        REFERENCES sla_snapshot (hash) DEFERRABLE INITIALLY DEFERRED,
    ALTER COLUMN policy DROP NOT NULL;
"""
BOTH = """
CREATE FUNCTION leads_handoff_old_columns() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.policy_ref_id IS NULL
       OR (TG_OP = 'UPDATE' AND NEW.policy_ref_id = OLD.policy_ref_id
           AND NEW.policy IS DISTINCT FROM OLD.policy) THEN
        NEW.policy_ref_id := public.sla_snapshot_of(NEW.policy);
    ELSIF TG_OP = 'INSERT' OR NEW.policy_ref_id <> OLD.policy_ref_id THEN
        NEW.policy := (SELECT body FROM public.sla_snapshot WHERE hash = NEW.policy_ref_id);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leads_handoff_old_columns BEFORE INSERT OR UPDATE OF policy, policy_ref_id
    ON leads_handoff FOR EACH ROW EXECUTE FUNCTION leads_handoff_old_columns();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0017_search_paths"),
        ("sla", "0005_clock_references_filled"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField("handoff", "policy"),
                migrations.AddField(
                    "handoff",
                    "policy_ref",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.snapshot",
                    ),
                    preserve_default=False,
                ),
            ],
            database_operations=[
                migrations.RunSQL(REFERENCE, migrations.RunSQL.noop),
                migrations.RunSQL(BOTH, "DROP FUNCTION leads_handoff_old_columns() CASCADE;"),
            ],
        ),
    ]
