"""Read marketing's desk by index: the leads that are with a team, and those that woke lately.

Built concurrently: the tables stay open for writing.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0030_reasons_of_marketing")]

    operations = [
        AddIndexConcurrently(
            "lead",
            models.Index(
                fields=["marketing_team", "-first_seen_on", "-id"],
                condition=models.Q(
                    ("archived_at__isnull", True), ("stage__in", ("captured", "mql", "returned"))
                ),
                name="lead_with_marketing",
            ),
        ),
        AddIndexConcurrently(
            "parking",
            models.Index(
                fields=["ended_at"],
                condition=models.Q(("state", "woken")),
                name="parking_woken",
            ),
        ),
    ]
