"""Add letters, to which mails are tied before the first try.

The previous version goes on with the mails that wait: it passes over those that are tied, because
these wait no more, and this version ties what a try of the previous one has left.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

ONE_OF_THREE = (
    Q(next_try_at__isnull=False, sent_at__isnull=True, dropped_at__isnull=True)
    | Q(next_try_at__isnull=True, sent_at__isnull=False, dropped_at__isnull=True)
    | Q(next_try_at__isnull=True, sent_at__isnull=True, dropped_at__isnull=False)
)


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0009_mail_lanes_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Letter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("kind", models.CharField(max_length=60)),
                (
                    "lane",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "Personal"), (1, "Act"), (2, "Ladder")]
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                ("next_try_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("dropped_at", models.DateTimeField(blank=True, null=True)),
                ("is_dead", models.BooleanField(default=False)),
                ("retry_since", models.DateTimeField()),
                ("last_error", models.TextField(blank=True)),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="letters",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=Q(("next_try_at__isnull", False)),
                        fields=["lane", "next_try_at", "id"],
                        name="letter_lanes",
                    ),
                    models.Index(
                        condition=Q(("is_dead", True)), fields=["dropped_at"], name="letter_dead"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=ONE_OF_THREE, name="letter_waits_or_was_sent_or_dropped"
                    )
                ],
            },
        ),
        migrations.AddField(
            "message",
            "letter",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="notifications.letter",
            ),
        ),
        AddConstraintNotValid(
            "message",
            models.CheckConstraint(
                condition=Q(("letter__isnull", True), ("next_try_at__isnull", True), _connector="OR"),
                name="message_tied_is_not_waiting",
            ),
        ),
    ]
