"""Index the parked clocks. Built concurrently: the table stays open for writing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sla", "0006_indexes")]

    operations = [
        AddIndexConcurrently(
            "clock",
            models.Index(
                fields=["next_step_at"],
                condition=models.Q(("parked_until__isnull", False)),
                name="clock_parked",
            ),
        ),
    ]
