"""Index attempts by what is to be confirmed, and by when they were recorded."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY cannot run in a transaction.
    atomic = False
    dependencies = [("leads", "0045_attempt_confirm_by")]

    operations = [
        AddIndexConcurrently(
            model_name="attempt",
            index=models.Index(
                fields=["confirm_by"],
                condition=models.Q(("confirm_by__isnull", False)),
                name="attempt_to_confirm",
            ),
        ),
        AddIndexConcurrently(
            model_name="attempt",
            index=models.Index(fields=["recorded_at"], name="attempt_recorded"),
        ),
    ]
