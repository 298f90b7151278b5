"""Store what the cells of a file say about how to read them, and what the person answered."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):
    dependencies = [("leads", "0009_import_changes")]

    operations = [
        migrations.AddField(
            "importrun",
            "facts",
            models.JSONField(default=list, db_default=Value([], models.JSONField())),
        ),
        migrations.AddField(
            "importrun",
            "answers",
            models.JSONField(default=dict, db_default=Value({}, models.JSONField())),
        ),
    ]
