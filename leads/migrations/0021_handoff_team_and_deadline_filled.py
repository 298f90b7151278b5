"""Fill marketing team and accept deadline of the handoffs that exist, in batches."""

from django.db import migrations

BATCH = 5000
# The triggers write what is right. Only those that are pending have a deadline.
FILL = """
UPDATE leads_handoff SET marketing_team_id = NULL, accept_due_at = NULL
WHERE id > %s AND id <= %s AND (
    state = 'pending'
    OR EXISTS (SELECT 1 FROM leads_lead l WHERE l.id = lead_id AND l.marketing_team_id IS NOT NULL)
)
"""


def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM leads_handoff")
        (last,) = cursor.fetchone()
        for after in range(0, last, BATCH):
            cursor.execute(FILL, [after, after + BATCH])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0020_handoff_team_and_deadline")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
