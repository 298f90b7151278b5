"""Add notes on the rows of an import, and by which field a rejected row is which lead."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0001_squashed_2026_11'),
    ]

    operations = [
        migrations.AddField(
            model_name='importreject',
            name='matched_field',
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
        migrations.AddField(
            model_name='importreject',
            name='matched_lead',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='leads.lead'),
        ),
        migrations.CreateModel(
            name='ImportNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('field', models.CharField(max_length=120)),
                ('code', models.CharField(max_length=40)),
                ('values', models.JSONField(default=dict)),
                ('lead', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='leads.lead')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='leads.importrun')),
            ],
            options={
                'indexes': [models.Index(fields=['run', 'number'], name='import_note_of_run')],
            },
        ),
    ]
