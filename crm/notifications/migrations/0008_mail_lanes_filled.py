"""Move the mails that wait to the lane of their kind; no other row needs one."""

from django.db import migrations

FILL = """
    UPDATE notifications_message SET lane = CASE
        WHEN kind IN ('invitation', 'password_reset', 'second_factor', 'api_key_created') THEN 0
        ELSE 2 END
    WHERE channel = 'email' AND next_try_at IS NOT NULL AND kind IN (
        'invitation', 'password_reset', 'second_factor', 'api_key_created', 'handoff.warning',
        'handoff.breached', 'handoff.escalated_lead', 'handoff.escalated_director',
        'handoff.requeued', 'handoff.resumed'
    )
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0007_mail_lanes")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
