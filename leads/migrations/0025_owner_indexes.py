"""Find the owners of a team's leads and handoffs by index alone.

Built and dropped concurrently: the tables stay open for writing.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0024_import_sight")]

    operations = [
        AddIndexConcurrently(
            "lead",
            models.Index(
                fields=["owner", "marketing_team"],
                condition=models.Q(("owner__isnull", False)),
                name="lead_owner_brought",
            ),
        ),
        AddIndexConcurrently(
            "handoff", models.Index(fields=["team", "owner"], name="handoff_team_owner")
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "handoff",
                    "team",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handoffs",
                        to="accounts.team",
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS leads_handoff_team_id_60878584",
                    migrations.RunSQL.noop,
                )
            ],
        ),
    ]
