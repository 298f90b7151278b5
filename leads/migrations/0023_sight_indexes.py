"""Let indexes alone tell which leads a rep sees by handoffs.

Built and dropped concurrently: the table stays open for writing.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0022_indexes")]

    operations = [
        AddIndexConcurrently(
            "handoff",
            models.Index(fields=["owner", "state"], include=["lead"], name="handoff_of_owner"),
        ),
        AddIndexConcurrently(
            "handoff",
            models.Index(
                fields=["lead"], condition=models.Q(("cycle__gt", 1)), name="handoff_again"
            ),
        ),
        RemoveIndexConcurrently("handoff", "handoff_owner"),
    ]
