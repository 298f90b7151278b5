"""Give each message the lane of its kind, so that urgent mails are sent first.

The previous version writes no lane: what it queues counts as the act of a person.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0006_dead_letters_index")]

    operations = [
        migrations.AddField(
            "message",
            "lane",
            models.PositiveSmallIntegerField(
                choices=[(0, "Personal"), (1, "Act"), (2, "Ladder")], db_default=1, default=1
            ),
        ),
    ]
