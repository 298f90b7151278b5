"""Add the counts of guesses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_first_steps")]

    operations = [
        migrations.CreateModel(
            name="Tries",
            fields=[
                (
                    "key",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                ("count", models.PositiveIntegerField(default=0)),
                ("open_at", models.DateTimeField()),
                ("forgotten_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
