"""Keep in both languages why a lead of an act on many was skipped."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0015_external_id_per_team'),
    ]

    operations = [
        migrations.AddField(
            model_name='bulkitem',
            name='reasons',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.RemoveField(
            model_name='bulkitem',
            name='reason',
        ),
    ]
