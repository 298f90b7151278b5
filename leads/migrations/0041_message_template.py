"""Add templates of messages to leads."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_leave_delegate'),
        ('leads', '0040_decisions_not_taken'),
    ]

    operations = [
        migrations.CreateModel(
            name='MessageTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('whatsapp', 'WhatsApp'), ('email', 'E-mail')], max_length=10)),
                ('language', models.CharField(choices=[('es', 'Español'), ('en', 'English')], max_length=2)),
                ('name', models.CharField(max_length=80)),
                ('subject', models.CharField(blank=True, max_length=200)),
                ('body', models.TextField()),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team')),
            ],
            options={
                'ordering': ['team', 'channel', 'language', 'name', 'id'],
                'constraints': [models.UniqueConstraint(models.F('team'), models.F('channel'), models.F('language'), django.db.models.functions.text.Lower('name'), condition=models.Q(('archived_at__isnull', True)), name='message_template_name_once'), models.CheckConstraint(condition=models.Q(('channel__in', ('whatsapp', 'email'))), name='message_template_is_written'), models.CheckConstraint(condition=models.Q(('subject', ''), ('channel', 'email'), _connector='OR'), name='message_template_subject_of_mail')],
            },
        ),
    ]
