"""Add the expected amount and close date of opportunities."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0010_import_answers'),
    ]

    operations = [
        migrations.AddField(
            model_name='handoff',
            name='expected_amount',
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True),
        ),
        migrations.AddField(
            model_name='handoff',
            name='expected_close_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(('expected_amount__isnull', True), ('expected_amount__gt', 0), _connector='OR'), name='handoff_expected_positive'),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(('opportunity_at__isnull', False), models.Q(('expected_amount__isnull', True), ('expected_close_on__isnull', True)), _connector='OR'), name='handoff_expected_has_opportunity'),
        ),
    ]
