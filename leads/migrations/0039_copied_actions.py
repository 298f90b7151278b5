"""Let the valuable actions of a duplicate be copied to the other lead, and be taken back."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0038_misrouted_and_duplicate'),
    ]

    operations = [
        migrations.AddField(
            model_name='valuableaction',
            name='copied_from',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.valuableaction'),
        ),
        migrations.AddField(
            model_name='valuableaction',
            name='taken_back_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
