"""Add what reps say of the criteria of a package after its end."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0041_message_template'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CriterionTruth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=60)),
                ('answer', models.CharField(choices=[('yes', 'Yes'), ('no', 'No'), ('unknown', 'Do not know')], max_length=8)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('handoff', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='truths', to='leads.handoff')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['handoff', 'code', '-id'], name='truth_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('answer__in', ['yes', 'no', 'unknown'])), name='truth_answer_known')],
            },
        ),
    ]
