"""Index the clocks of a person for the person's own record, in place of the index of the key.

Built and dropped concurrently: the table stays open for writing.
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

DROP = ["DROP INDEX CONCURRENTLY IF EXISTS sla_clock_accountable_id_2f370ac0"]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("sla", "0011_procedural_label"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            "clock",
            models.Index(
                fields=["accountable", "assigned_at"],
                include=[
                    "assigned_met",
                    "assigned_due_at",
                    "assigned_tried_at",
                    "stopped_at",
                    "in_outage",
                ],
                name="clock_of_person",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "clock",
                    "accountable",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            database_operations=[migrations.RunSQL(DROP, migrations.RunSQL.noop)],
        ),
    ]
