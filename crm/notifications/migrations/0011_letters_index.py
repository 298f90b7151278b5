"""Index the messages by letter, and those that wait by recipient and kind; check the constraint.

Built concurrently: the table stays open for writing.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("notifications", "0010_letters")]

    operations = [
        AddIndexConcurrently(
            "message",
            models.Index(
                condition=Q(("channel", "email"), ("next_try_at__isnull", False)),
                fields=["recipient", "kind", "created_at"],
                name="message_mail_kinds",
            ),
        ),
        AddIndexConcurrently(
            "message",
            models.Index(
                condition=Q(("letter__isnull", False)), fields=["letter"], name="message_of_letter"
            ),
        ),
        ValidateConstraint("message", "message_tied_is_not_waiting"),
    ]
