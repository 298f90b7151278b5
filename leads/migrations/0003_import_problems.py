"""Store why a row was rejected as message and values, so that each reader has it in their language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_import_notes")]

    operations = [
        # db_default: the previous version inserts rows without this column during an upgrade.
        migrations.AddField(
            model_name="importreject",
            name="problems",
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AlterField(
            model_name="importreject",
            name="problem",
            field=models.TextField(blank=True),
        ),
    ]
