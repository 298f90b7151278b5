"""Mark the messages that could not be delivered before, by the reasons that were noted."""

from django.db import migrations

MARK = """
    UPDATE notifications_message SET is_dead = true
    WHERE dropped_at IS NOT NULL AND NOT is_dead AND (
        last_error LIKE 'not sent within three days%'
        OR last_error LIKE 'the mail server knows no such mailbox%'
        OR last_error LIKE 'the person has no e-mail address%'
        OR last_error LIKE 'the person''s e-mail address is not valid%'
    )
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_dead_letters")]

    operations = [migrations.RunSQL(MARK, migrations.RunSQL.noop)]
