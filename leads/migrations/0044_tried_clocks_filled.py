"""Note the first try on the contact clocks that exist, in batches of their own transactions."""

from django.db import migrations

BATCH = 5000
NOTE = """
UPDATE sla_clock AS clock SET tried_at = tries.first_at, assigned_tried_at = tries.own_at
FROM (
    SELECT ran.id, min(attempt.at) AS first_at,
        min(attempt.at) FILTER (WHERE attempt.at >= ran.assigned_at) AS own_at
    FROM sla_clock AS ran
    JOIN leads_attempt AS attempt ON attempt.handoff_id = ran.subject_id
        AND attempt.at >= ran.started_at AND attempt.at <= coalesce(ran.stopped_at, 'infinity')
    WHERE ran.id > %(after)s AND ran.id <= %(upto)s AND ran.tried_at IS NULL
        AND ran.subject_type = 'handoff' AND ran.metric = 'first_contact'
        AND NOT attempt.reached AND attempt.outcome <> 'begun'
    GROUP BY ran.id
) AS tries
WHERE clock.id = tries.id
"""


def note(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM sla_clock")
        (last,) = cursor.fetchone()
        for after in range(0, last, BATCH):
            cursor.execute(NOTE, {"after": after, "upto": after + BATCH})


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0043_no_contact"), ("sla", "0010_tried_clocks")]

    operations = [migrations.RunPython(note, migrations.RunPython.noop)]
