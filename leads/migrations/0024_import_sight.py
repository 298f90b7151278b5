"""Note of an import whether it knows the leads of its team alone, as one of the command line."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0023_sight_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="importrun",
            name="sees_team_only",
            # db_default: during an upgrade the previous version inserts rows without this column.
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
