"""Add acts on many leads, each with what became of its leads."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import crm.lib.clock


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0007_read_stored_phones'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BulkAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('hand_off', 'Hand off'), ('assign', 'Assign'), ('archive', 'Archive')], max_length=10)),
                ('options', models.JSONField(default=dict)),
                ('total', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='BulkItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('result', models.CharField(blank=True, choices=[('done', 'Done'), ('skipped', 'Skipped')], max_length=8)),
                ('reason', models.TextField(blank=True)),
                ('act', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='leads.bulkact')),
                ('lead', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.lead')),
            ],
        ),
        migrations.AddIndex(
            model_name='bulkact',
            index=models.Index(condition=models.Q(('finished_at__isnull', True), ('started_at__isnull', False)), fields=['id'], name='bulk_work'),
        ),
        migrations.AddConstraint(
            model_name='bulkact',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['hand_off', 'assign', 'archive'])), name='bulk_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='bulkact',
            constraint=models.CheckConstraint(condition=models.Q(('finished_at__isnull', True), ('started_at__isnull', False), _connector='OR'), name='bulk_finished_was_started'),
        ),
        migrations.AddIndex(
            model_name='bulkitem',
            index=models.Index(fields=['act', 'result', 'id'], name='bulk_item_result'),
        ),
        migrations.AddConstraint(
            model_name='bulkitem',
            constraint=models.UniqueConstraint(fields=('act', 'lead'), name='bulk_item_once'),
        ),
        migrations.AddConstraint(
            model_name='bulkitem',
            constraint=models.CheckConstraint(condition=models.Q(('result', ''), ('result__in', ['done', 'skipped']), _connector='OR'), name='bulk_result_known'),
        ),
    ]
