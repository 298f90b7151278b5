"""Calendars: hours that change on a date, several windows on a date that differs, archived ones."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_region_and_live_updates"),
        ("sla", "0005_closed_text"),
    ]

    operations = [
        migrations.AddField(
            model_name="calendar",
            name="archived_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="holiday",
            name="more_hours",
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name="openwindow",
            name="starts_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="calendar",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="calendars",
                to="accounts.team",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendar",
            constraint=models.UniqueConstraint(
                condition=models.Q(("archived_at__isnull", True)), fields=("team",), name="calendar_one_of_team"
            ),
        ),
        migrations.AddConstraint(
            model_name="holiday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("opens__isnull", False), ("more_hours", models.Value([], models.JSONField())), _connector="OR"
                ),
                name="holiday_first_hours_first",
            ),
        ),
    ]
