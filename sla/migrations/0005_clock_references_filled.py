"""Fill the references of the clocks that exist, in batches of their own transactions."""

from django.db import migrations

BATCH = 5000
KEEP = """
INSERT INTO sla_snapshot (hash, body)
SELECT DISTINCT sha256(convert_to(value::text, 'UTF8')), value::text
FROM sla_clock CROSS JOIN LATERAL (VALUES (calendar), (ladder)) AS texts (value)
WHERE id > %(after)s AND id <= %(upto)s AND calendar_ref_id IS NULL
ON CONFLICT DO NOTHING
"""
REFER = """
UPDATE sla_clock SET calendar_ref_id = sha256(convert_to(calendar::text, 'UTF8')),
                     ladder_ref_id = sha256(convert_to(ladder::text, 'UTF8'))
WHERE id > %(after)s AND id <= %(upto)s AND calendar_ref_id IS NULL
"""
# VALIDATE reads the table while others write; SET NOT NULL then needs no look at the rows. Each
# statement commits by itself, so that the lock of the first ends before the second.
REQUIRED = [
    """ALTER TABLE sla_clock ADD CONSTRAINT sla_clock_has_references
       CHECK (calendar_ref_id IS NOT NULL AND ladder_ref_id IS NOT NULL) NOT VALID""",
    """ALTER TABLE sla_clock VALIDATE CONSTRAINT sla_clock_has_references""",
    """ALTER TABLE sla_clock ALTER COLUMN calendar_ref_id SET NOT NULL,
                         ALTER COLUMN ladder_ref_id SET NOT NULL""",
    """ALTER TABLE sla_clock DROP CONSTRAINT sla_clock_has_references""",
]


def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM sla_clock")
        (last,) = cursor.fetchone()
        for after in range(0, last, BATCH):
            batch = {"after": after, "upto": after + BATCH}
            cursor.execute(KEEP, batch)
            cursor.execute(REFER, batch)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sla", "0004_clock_references")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL(REQUIRED, migrations.RunSQL.noop),
    ]
