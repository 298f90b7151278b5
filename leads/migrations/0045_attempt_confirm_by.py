"""Add until when something has to confirm a contact that is known by word alone."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("leads", "0044_tried_clocks_filled")]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="confirm_by",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
