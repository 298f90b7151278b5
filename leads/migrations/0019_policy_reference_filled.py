"""Fill the reference of the handoffs that exist, in batches of their own transactions."""

from django.db import migrations

BATCH = 5000
KEEP = """
INSERT INTO sla_snapshot (hash, body)
SELECT DISTINCT sha256(convert_to(policy::text, 'UTF8')), policy::text
FROM leads_handoff WHERE id > %(after)s AND id <= %(upto)s AND policy_ref_id IS NULL
ON CONFLICT DO NOTHING
"""
REFER = """
UPDATE leads_handoff SET policy_ref_id = sha256(convert_to(policy::text, 'UTF8'))
WHERE id > %(after)s AND id <= %(upto)s AND policy_ref_id IS NULL
"""
# VALIDATE reads the table while others write; SET NOT NULL then needs no look at the rows. Each
# statement commits by itself, so that the lock of the first ends before the second.
REQUIRED = [
    """ALTER TABLE leads_handoff ADD CONSTRAINT leads_handoff_has_policy
       CHECK (policy_ref_id IS NOT NULL) NOT VALID""",
    """ALTER TABLE leads_handoff VALIDATE CONSTRAINT leads_handoff_has_policy""",
    """ALTER TABLE leads_handoff ALTER COLUMN policy_ref_id SET NOT NULL""",
    """ALTER TABLE leads_handoff DROP CONSTRAINT leads_handoff_has_policy""",
]


def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM leads_handoff")
        (last,) = cursor.fetchone()
        for after in range(0, last, BATCH):
            batch = {"after": after, "upto": after + BATCH}
            cursor.execute(KEEP, batch)
            cursor.execute(REFER, batch)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0018_policy_reference")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL(REQUIRED, migrations.RunSQL.noop),
    ]
