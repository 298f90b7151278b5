import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import crm.lib.bilingual
import crm.lib.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("crm", "0001_ground"),
        ("accounts", "0001_initial"),
        ("personas", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("beat_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Agreement",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("name", models.CharField(max_length=120)),
                ("teams", models.ManyToManyField(blank=True, related_name="agreements", to="accounts.team")),
            ],
        ),
        migrations.CreateModel(
            name="Calendar",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                ("time_zone", models.CharField(max_length=60)),
                (
                    "team",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendar",
                        to="accounts.team",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AgreementVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("signed", "Signed"),
                            ("in_force", "In force"),
                            ("superseded", "Superseded"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("mql_definition", crm.lib.bilingual.BilingualField()),
                ("sql_definition", crm.lib.bilingual.BilingualField()),
                ("package_fields", models.JSONField(default=list)),
                ("sql_blocks", models.JSONField(default=list)),
                ("content_hash", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("in_force_from", models.DateTimeField(blank=True, null=True)),
                ("superseded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="sla.agreement",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("personas", models.ManyToManyField(blank=True, related_name="+", to="personas.persona")),
                (
                    "calendar",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sla.calendar"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Commitment",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "side",
                    models.CharField(choices=[("marketing", "Marketing"), ("sales", "Sales")], max_length=12),
                ),
                (
                    "metric",
                    models.CharField(
                        choices=[
                            ("accept", "Time to accept or reject"),
                            ("first_contact", "Time to first contact"),
                            ("sql_decision", "Time to the SQL decision"),
                            ("return_answer", "Time to answer a return"),
                            ("mql_volume", "MQLs in a period"),
                            ("acceptance_rate", "Acceptance rate"),
                            ("package_complete", "Completeness of packages"),
                        ],
                        max_length=20,
                    ),
                ),
                ("target", models.DecimalField(decimal_places=4, max_digits=12)),
                ("window_minutes", models.PositiveIntegerField(blank=True, null=True)),
                ("conditions", models.JSONField(blank=True, default=dict)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="commitments",
                        to="sla.agreementversion",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Clock",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("subject_type", models.CharField(max_length=40)),
                ("subject_id", models.BigIntegerField()),
                (
                    "metric",
                    models.CharField(
                        choices=[
                            ("accept", "Time to accept or reject"),
                            ("first_contact", "Time to first contact"),
                            ("sql_decision", "Time to the SQL decision"),
                            ("return_answer", "Time to answer a return"),
                            ("mql_volume", "MQLs in a period"),
                            ("acceptance_rate", "Acceptance rate"),
                            ("package_complete", "Completeness of packages"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("met", "Met"),
                            ("breached", "Breached"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("limit_seconds", models.PositiveIntegerField()),
                ("calendar", models.JSONField()),
                ("ladder", models.JSONField(default=list)),
                ("level", models.PositiveSmallIntegerField(default=0)),
                ("next_step_at", models.DateTimeField(blank=True, null=True)),
                ("breached_at", models.DateTimeField(blank=True, null=True)),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                ("used_seconds", models.PositiveIntegerField(blank=True, null=True)),
                ("in_outage", models.BooleanField(default=False)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("parked_until", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.TextField(blank=True)),
                (
                    "accountable",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.team"
                    ),
                ),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clocks",
                        to="sla.commitment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Firing",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("payload", models.JSONField(blank=True, default=dict)),
                ("level", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("warn", "Warn"),
                            ("breach", "Breach"),
                            ("tell_lead", "Tell the team lead"),
                            ("requeue", "Back to the queue"),
                            ("tell_director", "Tell the director"),
                        ],
                        max_length=16,
                    ),
                ),
                ("planned_at", models.DateTimeField()),
                ("outcome", models.CharField(default="done", max_length=16)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="firings", to="sla.clock"
                    ),
                ),
                (
                    "on_behalf_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Holiday",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("on", models.DateField()),
                ("name", models.CharField(max_length=120)),
                ("opens", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("closes", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="holidays",
                        to="sla.calendar",
                    ),
                ),
            ],
            options={
                "ordering": ["on"],
            },
        ),
        migrations.CreateModel(
            name="LadderStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("level", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("warn", "Warn"),
                            ("breach", "Breach"),
                            ("tell_lead", "Tell the team lead"),
                            ("requeue", "Back to the queue"),
                            ("tell_director", "Tell the director"),
                        ],
                        max_length=16,
                    ),
                ),
                ("offset_minutes", models.IntegerField()),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="sla.commitment"
                    ),
                ),
            ],
            options={
                "ordering": ["level"],
            },
        ),
        migrations.CreateModel(
            name="OpenWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("weekday", models.PositiveSmallIntegerField()),
                ("opens", models.PositiveSmallIntegerField()),
                ("closes", models.PositiveSmallIntegerField()),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="windows", to="sla.calendar"
                    ),
                ),
            ],
            options={
                "ordering": ["weekday", "opens"],
            },
        ),
        migrations.CreateModel(
            name="Outage",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ended_at__gt", models.F("started_at"))), name="outage_has_length"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RejectionReason",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("code", models.SlugField(max_length=60, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("procedural", "Procedural: misrouted"),
                            ("clerical", "Clerical: incomplete"),
                            ("definitional", "Definitional: does not meet the agreed definition"),
                        ],
                        max_length=12,
                    ),
                ),
                ("name", crm.lib.bilingual.BilingualField()),
                ("needs_comment", models.BooleanField(default=False)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["procedural", "clerical", "definitional"])),
                        name="rejection_class_known",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="agreementversion",
            name="rejection_reasons",
            field=models.ManyToManyField(blank=True, related_name="+", to="sla.rejectionreason"),
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("payload", models.JSONField(blank=True, default=dict)),
                (
                    "side",
                    models.CharField(choices=[("marketing", "Marketing"), ("sales", "Sales")], max_length=12),
                ),
                ("content_hash", models.CharField(max_length=64)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "on_behalf_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="sla.agreementversion",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "metric__in",
                        [
                            "accept",
                            "first_contact",
                            "sql_decision",
                            "return_answer",
                            "mql_volume",
                            "acceptance_rate",
                            "package_complete",
                        ],
                    )
                ),
                name="commitment_metric_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(("side__in", ["marketing", "sales"])), name="commitment_side_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(("window_minutes__isnull", True), ("window_minutes__gt", 0), _connector="OR"),
                name="window_gt_0",
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                condition=models.Q(("next_step_at__isnull", False)),
                fields=["next_step_at"],
                name="clock_to_sweep",
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(fields=["subject_type", "subject_id"], name="clock_subject"),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(fields=["metric", "started_at"], name="clock_metric_started"),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stopped_at__isnull", True)),
                fields=("subject_type", "subject_id", "metric"),
                name="clock_one_running",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["running", "paused", "met", "breached", "cancelled"])),
                name="clock_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(("stopped_at__isnull", True), ("next_step_at__isnull", True), _connector="OR"),
                name="clock_stopped_has_no_step",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("stopped_at__isnull", False),
                    models.Q(("state__in", ["met", "cancelled"]), _negated=True),
                    _connector="OR",
                ),
                name="clock_over_is_stopped",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "met"), _negated=True),
                    ("stopped_at__lte", models.F("due_at")),
                    _connector="OR",
                ),
                name="clock_met_in_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "breached"), _negated=True),
                    ("breached_at__isnull", False),
                    _connector="OR",
                ),
                name="clock_breach_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="firing",
            constraint=models.UniqueConstraint(fields=("clock", "level"), name="firing_once"),
        ),
        migrations.AddConstraint(
            model_name="firing",
            constraint=models.CheckConstraint(
                condition=models.Q(("at__gte", models.F("planned_at"))), name="firing_never_early"
            ),
        ),
        migrations.AddConstraint(
            model_name="holiday",
            constraint=models.UniqueConstraint(fields=("calendar", "on"), name="holiday_once"),
        ),
        migrations.AddConstraint(
            model_name="holiday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closes__isnull", True), ("opens__isnull", True)),
                    models.Q(
                        ("closes__gt", models.F("opens")),
                        ("opens__lt", 1440),
                        (
                            "closes__lte",
                            django.db.models.expressions.CombinedExpression(models.F("opens"), "+", models.Value(1440)),
                        ),
                    ),
                    _connector="OR",
                ),
                name="holiday_hours_possible",
            ),
        ),
        migrations.AddConstraint(
            model_name="ladderstep",
            constraint=models.UniqueConstraint(fields=("commitment", "level"), name="ladder_level_once"),
        ),
        migrations.AddConstraint(
            model_name="ladderstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["warn", "breach", "tell_lead", "requeue", "tell_director"])),
                name="ladder_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ladderstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "warn"), ("offset_minutes__lt", 0)),
                    models.Q(("kind", "breach"), ("offset_minutes", 0)),
                    models.Q(models.Q(("kind__in", ["warn", "breach"]), _negated=True), ("offset_minutes__gte", 0)),
                    _connector="OR",
                ),
                name="ladder_offset_possible",
            ),
        ),
        migrations.AddConstraint(
            model_name="openwindow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("opens__lt", 1440),
                    ("weekday__lte", 6),
                    ("closes__gt", models.F("opens")),
                    (
                        "closes__lte",
                        django.db.models.expressions.CombinedExpression(models.F("opens"), "+", models.Value(1440)),
                    ),
                ),
                name="window_hours_possible",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.UniqueConstraint(fields=("agreement", "number"), name="agreement_version_number"),
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "in_force")),
                fields=("agreement",),
                name="agreement_one_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "signed", "in_force", "superseded"])),
                name="agreement_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "draft"), models.Q(("content_hash", ""), _negated=True), _connector="OR"),
                name="agreement_signed_has_hash",
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.UniqueConstraint(fields=("version", "side"), name="signature_once_per_side"),
        ),
    ]
