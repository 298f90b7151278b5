"""Add the table of snapshots: texts under their hash, written once.

``sla_snapshot_of`` keeps one for a JSON value. The previous version needs it, whose rows hold
whole texts; it goes together with these columns (crm.management.old_columns).
"""

import django.db.models.functions.comparison
from django.db import migrations, models

APPEND_ONLY = """
CREATE TRIGGER sla_snapshot_append_only BEFORE UPDATE OR DELETE ON sla_snapshot
    FOR EACH ROW EXECUTE FUNCTION relevo_append_only();
"""
KEEP = """
CREATE FUNCTION sla_snapshot_of(value jsonb) RETURNS bytea LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kept bytea := sha256(convert_to(value::text, 'UTF8'));
BEGIN
    IF value IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.sla_snapshot (hash, body) VALUES (kept, value::text) ON CONFLICT DO NOTHING;
    RETURN kept;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0002_search_paths")]

    operations = [
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("hash", models.BinaryField(primary_key=True, serialize=False)),
                ("body", models.TextField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            hash=models.Func(
                                models.Func(
                                    models.F("body"), models.Value("UTF8"), function="convert_to"
                                ),
                                function="sha256",
                                output_field=models.BinaryField(),
                            )
                        ),
                        name="snapshot_hash_is_of_body",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            body=django.db.models.functions.comparison.Cast(
                                django.db.models.functions.comparison.Cast(
                                    "body", models.JSONField()
                                ),
                                models.TextField(),
                            )
                        ),
                        name="snapshot_is_canonical",
                    ),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER sla_snapshot_append_only ON sla_snapshot;"),
        migrations.RunSQL(KEEP, "DROP FUNCTION sla_snapshot_of(jsonb);"),
    ]
