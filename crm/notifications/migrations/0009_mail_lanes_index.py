"""Index the mails that wait by their lane. Built concurrently: the table stays open for writing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("notifications", "0008_mail_lanes_filled")]

    operations = [
        AddIndexConcurrently(
            "message",
            models.Index(
                condition=models.Q(("channel", "email"), ("next_try_at__isnull", False)),
                fields=["lane", "next_try_at", "id"],
                name="message_mail_lanes",
            ),
        ),
    ]
