"""Add when the act of a clock was first tried without success."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sla', '0009_terms_with_a_default'),
    ]

    operations = [
        migrations.AddField(
            model_name='clock',
            name='assigned_tried_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='clock',
            name='tried_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='stint',
            name='tried_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
