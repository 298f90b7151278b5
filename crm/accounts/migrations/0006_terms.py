"""The words that an installation says in Spanish. Empty: as people in its country do."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_region_and_live_updates")]
    operations = [
        migrations.AddField(
            model_name="organisation",
            name="terms",
            field=models.JSONField(blank=True, default=dict, db_default=models.Value({}, models.JSONField())),
        ),
    ]
