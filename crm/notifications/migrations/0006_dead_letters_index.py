"""Index the dead letters. Built concurrently: the table stays open for writing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("notifications", "0005_dead_letters_marked")]

    operations = [
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["dropped_at"],
                condition=models.Q(("is_dead", True)),
                name="message_dead",
            ),
        ),
    ]
