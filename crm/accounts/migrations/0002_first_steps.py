"""Add what is noted of a person's first steps; the older version writes rows without it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_squashed_2026_11")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="first_steps",
            field=models.JSONField(
                blank=True, db_default=models.Value({}, models.JSONField()), default=dict
            ),
        ),
    ]
