"""Add what an import did to the facts of companies: for the report, and for the undo."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0008_bulk_acts'),
    ]

    operations = [
        migrations.CreateModel(
            name='ImportChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fact', models.CharField(max_length=20)),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('filled', 'Filled'), ('kept', 'Kept'), ('taken_back', 'Taken back'), ('left', 'Left')], max_length=12)),
                ('old', models.JSONField(null=True)),
                ('new', models.JSONField(null=True)),
                ('row', models.PositiveIntegerField()),
                ('changed_at', models.DateTimeField(null=True)),
                ('taken_back_at', models.DateTimeField(null=True)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.company')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='leads.importrun')),
            ],
            options={
                'indexes': [models.Index(fields=['run', 'state', 'company'], name='import_change_work')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'kept'), _negated=True), fields=('run', 'company', 'fact'), name='import_change_once'), models.UniqueConstraint(condition=models.Q(('state', 'kept')), fields=('run', 'company', 'fact', 'new'), name='import_kept_once'), models.CheckConstraint(condition=models.Q(('state__in', ['planned', 'filled', 'kept', 'taken_back', 'left'])), name='import_change_state_known')],
            },
        ),
    ]
