"""Index the inbox by the moment of its notices: pages and day headings follow it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_squashed_2026_11")]

    operations = [
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["recipient", "-created_at", "-id"], name="notice_by_day"),
        ),
        migrations.RemoveIndex(model_name="notice", name="notice_inbox"),
    ]
