"""Read a rep's own leads, and those of a team's queue, from the index alone.

Built and dropped concurrently: the tables stay open for writing. The old indexes serve until the
new ones are there.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0026_decisions_only_end")]

    operations = [
        migrations.RenameIndex("lead", "lead_owner_before", "lead_owner_newest"),
        AddIndexConcurrently(
            "lead",
            models.Index(
                fields=["owner", "-first_seen_on", "-id"],
                condition=Q(owner__isnull=False, archived_at__isnull=True),
                name="lead_owner_newest",
            ),
        ),
        RemoveIndexConcurrently("lead", "lead_owner_before"),
        migrations.RenameIndex("handoff", "handoff_team_before", "handoff_pending_of_team"),
        AddIndexConcurrently(
            "handoff",
            models.Index(
                fields=["team", "accept_due_at", "id"],
                include=["requeued_at", "lead"],
                condition=Q(state="pending"),
                name="handoff_pending_of_team",
            ),
        ),
        RemoveIndexConcurrently("handoff", "handoff_team_before"),
    ]
