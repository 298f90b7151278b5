"""Add terms with a default of the product, and clocks that run by one instead of a commitment."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sla', '0008_clock_keeps_its_promise'),
    ]

    operations = [
        migrations.AddField(
            model_name='agreementversion',
            name='dispute_days',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='agreementversion',
            name='review_months',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='clock',
            name='commitment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='clocks', to='sla.commitment'),
        ),
        migrations.AlterField(
            model_name='clock',
            name='metric',
            field=models.CharField(choices=[('accept', 'Time to accept or reject'), ('first_contact', 'Time to first contact'), ('sql_decision', 'Time to the SQL decision'), ('return_answer', 'Time to answer a return'), ('mql_volume', 'MQLs in a period'), ('acceptance_rate', 'Acceptance rate'), ('package_complete', 'Completeness of packages'), ('attempts', 'Attempts to reach the lead'), ('feedback', 'Feedback on every outcome'), ('dispute', 'Time to decide a dispute')], max_length=20),
        ),
    ]
