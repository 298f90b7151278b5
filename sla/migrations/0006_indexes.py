"""Index open clocks by deadline, and drop an index of firings that another covers.

Built and dropped concurrently: the tables stay open for writing.
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

DROP = ["DROP INDEX CONCURRENTLY IF EXISTS sla_firing_clock_id_d38105a9"]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('sla', '0005_clock_references_filled'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='clock',
            index=models.Index(condition=models.Q(('stopped_at__isnull', True)), fields=['due_at'], name='clock_open_due'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='firing',
                    name='clock',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='firings', to='sla.clock'),
                ),
            ],
            database_operations=[migrations.RunSQL(DROP, migrations.RunSQL.noop)],
        ),
    ]
