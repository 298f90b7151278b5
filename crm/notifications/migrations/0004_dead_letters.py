"""Mark messages that could not be delivered, and note since when one is sent again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_names_out_of_messages")]

    operations = [
        migrations.AddField(
            "message", "is_dead", models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField("message", "retry_since", models.DateTimeField(blank=True, null=True)),
    ]
