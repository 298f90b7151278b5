import datetime

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

import crm.lib.bilingual
import crm.lib.clock
import crm.lib.db.ranges
from crm.lib.appendonly import protect


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_region_and_live_updates"),
        ("sla", "0006_calendars"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("then_step_at", models.DateTimeField()),
                ("note", models.TextField(blank=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "end",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("elapsed", "Its time was up"),
                            ("by_hand", "Ended early"),
                            ("done", "What was promised was done"),
                            ("taken", "The lead moved on"),
                            ("corrected", "A correction left no room for it"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
            options={
                "ordering": ["started_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="PauseReason",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=60, unique=True)),
                ("name", crm.lib.bilingual.BilingualField()),
                ("longest_minutes", models.PositiveIntegerField()),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Stint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("payload", models.JSONField(blank=True, default=dict)),
                ("assigned_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("was_late", models.BooleanField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="clock",
            name="assigned_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="assigned_due_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="assigned_met",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="counted_from",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="paused_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="soon_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="spent",
            field=models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0)),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paused_until__isnull", False), ("state", "paused")),
                    models.Q(models.Q(("state", "paused"), _negated=True), ("paused_until__isnull", True)),
                    _connector="OR",
                ),
                name="clock_paused_has_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "paused"), _negated=True),
                    ("metric__in", ("first_contact", "sql_decision")),
                    _connector="OR",
                ),
                name="clock_paused_may_wait",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "paused"), _negated=True),
                    ("due_at__gt", models.F("paused_until")),
                    _connector="OR",
                ),
                name="clock_pause_ends_before_deadline",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(("soon_at__isnull", True), ("soon_at__lte", models.F("due_at")), _connector="OR"),
                name="clock_soon_before_deadline",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("assigned_at__isnull", True), ("assigned_due_at__isnull", True)),
                    models.Q(("accountable__isnull", False), ("assigned_due_at__gte", models.F("assigned_at"))),
                    _connector="OR",
                ),
                name="clock_assigned_has_person",
            ),
        ),
        migrations.AddField(
            model_name="pause",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="pause",
            name="clock",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="pauses", to="sla.clock"),
        ),
        migrations.AddField(
            model_name="pause",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="pausereason",
            constraint=models.CheckConstraint(
                condition=models.Q(("longest_minutes__gt", 0)), name="pause_reason_has_time"
            ),
        ),
        migrations.AddField(
            model_name="pause",
            name="reason",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sla.pausereason"
            ),
        ),
        migrations.AddField(
            model_name="stint",
            name="actor",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="stint",
            name="clock",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="stints", to="sla.clock"),
        ),
        migrations.AddField(
            model_name="stint",
            name="on_behalf_of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="stint",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("clock", "="),
                    (
                        crm.lib.db.ranges.MomentRange(
                            "started_at", django.db.models.functions.comparison.Coalesce("ended_at", "until")
                        ),
                        "&&",
                    ),
                ],
                name="pause_no_overlap",
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("clock",), name="pause_one_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gt", models.F("started_at"))), name="pause_has_length"
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end", ""), ("ended_at__isnull", True)),
                    models.Q(
                        ("end__in", ["elapsed", "by_hand", "done", "taken", "corrected"]),
                        ("ended_at__gte", models.F("started_at")),
                        ("ended_at__lte", models.F("until")),
                    ),
                    _connector="OR",
                ),
                name="pause_end_possible",
            ),
        ),
        migrations.AddConstraint(
            model_name="stint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("at__gt", models.F("due_at")), ("was_late", True)),
                    models.Q(("at__lte", models.F("due_at")), ("was_late", False)),
                    _connector="OR",
                ),
                name="stint_is_judged_by_its_end",
            ),
        ),
        protect("sla_stint"),
    ]
