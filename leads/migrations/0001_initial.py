import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import crm.lib.bilingual
import crm.lib.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("crm", "0001_ground"),
        ("accounts", "0001_initial"),
        ("personas", "0002_guards"),
        ("sla", "0002_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Company",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("name", models.CharField(max_length=200)),
                ("name_key", models.CharField(db_index=True, max_length=200)),
                ("domain", models.CharField(blank=True, max_length=120)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("industry", models.CharField(blank=True, max_length=80)),
                ("employees", models.PositiveIntegerField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="CustomField",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("code", models.SlugField(max_length=60, unique=True)),
                ("name", crm.lib.bilingual.BilingualField()),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("yes_no", "Yes No"),
                            ("date", "Date"),
                            ("choice", "Choice"),
                        ],
                        max_length=8,
                    ),
                ),
                ("choices", models.JSONField(blank=True, default=list)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "code"],
            },
        ),
        migrations.CreateModel(
            name="OutcomeReason",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("code", models.SlugField(max_length=60, unique=True)),
                (
                    "kind",
                    models.CharField(choices=[("lost", "Lost"), ("disqualified", "Disqualified")], max_length=14),
                ),
                ("name", crm.lib.bilingual.BilingualField()),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("name", models.CharField(blank=True, max_length=160)),
                ("email", models.EmailField(blank=True, db_index=True, max_length=254)),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("job_title", models.CharField(blank=True, max_length=120)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("language", models.CharField(blank=True, max_length=2)),
            ],
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("code", models.SlugField(max_length=60, unique=True)),
                ("name", crm.lib.bilingual.BilingualField()),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "code"],
            },
        ),
        migrations.CreateModel(
            name="ValuableActionKind",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("code", models.SlugField(max_length=60, unique=True)),
                ("name", crm.lib.bilingual.BilingualField()),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "code"],
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("captured", "Captured"),
                            ("mql", "MQL"),
                            ("handed_off", "Handed off"),
                            ("accepted", "Accepted"),
                            ("contacted", "Contacted"),
                            ("sql", "SQL"),
                            ("opportunity", "Opportunity"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("returned", "Returned"),
                            ("disqualified", "Disqualified"),
                        ],
                        default="captured",
                        max_length=14,
                    ),
                ),
                ("first_seen_on", models.DateField()),
                ("mql_on", models.DateField(blank=True, null=True)),
                ("handed_off_on", models.DateField(blank=True, null=True)),
                ("accepted_on", models.DateField(blank=True, null=True)),
                ("contacted_on", models.DateField(blank=True, null=True)),
                ("sql_on", models.DateField(blank=True, null=True)),
                ("opportunity_on", models.DateField(blank=True, null=True)),
                ("won_on", models.DateField(blank=True, null=True)),
                ("lost_on", models.DateField(blank=True, null=True)),
                ("won_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("attributes", models.JSONField(blank=True, default=dict)),
                ("search_text", models.TextField(blank=True)),
                ("external_system", models.CharField(blank=True, max_length=40)),
                ("external_id", models.CharField(blank=True, max_length=120)),
                ("is_imported", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="leads.company",
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
                (
                    "marketing_team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="accounts.team",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "persona_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="personas.personaversion",
                    ),
                ),
                (
                    "qualified_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "won_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="leads", to="leads.person"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="leads.source",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Handoff",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("cycle", models.PositiveSmallIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("accepted", "Accepted"),
                            ("contacted", "Contacted"),
                            ("sql", "SQL"),
                            ("opportunity", "Opportunity"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                            ("disqualified", "Disqualified"),
                        ],
                        default="pending",
                        max_length=14,
                    ),
                ),
                ("submitted_at", models.DateTimeField()),
                ("policy", models.JSONField()),
                ("note", models.TextField(blank=True)),
                ("proves_sql", models.BooleanField(default=False)),
                ("requeued_at", models.DateTimeField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("contacted_at", models.DateTimeField(blank=True, null=True)),
                ("sql_at", models.DateTimeField(blank=True, null=True)),
                ("opportunity_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("amount", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                (
                    "agreement_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handoffs",
                        to="sla.agreementversion",
                    ),
                ),
                (
                    "clock",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.clock",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handoffs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "persona_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handoffs",
                        to="personas.personaversion",
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handoffs",
                        to="accounts.team",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="handoffs", to="leads.lead"
                    ),
                ),
                (
                    "outcome_reason",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.outcomereason",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Package",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("payload", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "handoff",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="package",
                        to="leads.handoff",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FirstTouch",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("seen_on", models.DateField()),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                ("medium", models.CharField(blank=True, max_length=120)),
                ("campaign", models.CharField(blank=True, max_length=120)),
                ("landing_page", models.CharField(blank=True, max_length=500)),
                ("payload", models.JSONField(blank=True, default=dict)),
                (
                    "lead",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="first_touch",
                        to="leads.lead",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.source",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ValuableAction",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("occurred_on", models.DateField()),
                ("occurred_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.TextField(blank=True)),
                ("recorded_at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="valuable_actions",
                        to="leads.lead",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "kind",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.valuableactionkind",
                    ),
                ),
            ],
            options={
                "ordering": ["-occurred_on", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "kind",
                    models.CharField(choices=[("accept", "Accepted"), ("reject", "Rejected")], max_length=8),
                ),
                ("at", models.DateTimeField()),
                ("comment", models.TextField(blank=True)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reason",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.rejectionreason",
                    ),
                ),
                (
                    "handoff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="leads.handoff",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["by", "-at"], name="decision_by_person")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("released_at__isnull", True), ("undone_at__isnull", True)),
                        fields=("handoff",),
                        name="handoff_one_decision",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "accept"), ("reason__isnull", False), _connector="OR"),
                        name="rejection_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("phone", "Phone"),
                            ("whatsapp", "WhatsApp"),
                            ("email", "E-mail"),
                            ("meeting", "Meeting"),
                            ("other", "Other"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reached", models.BooleanField()),
                ("note", models.TextField(blank=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "handoff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="leads.handoff",
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["phone", "whatsapp", "email", "meeting", "other"])),
                        name="attempt_channel_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("payload", models.JSONField(blank=True, default=dict)),
                ("code", models.CharField(max_length=60)),
                (
                    "verdict",
                    models.CharField(
                        choices=[("met", "Met"), ("not_met", "Not met"), ("unknown", "Unknown")], max_length=8
                    ),
                ),
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
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="leads.lead"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["lead", "code", "-id"], name="evidence_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("verdict__in", ["met", "not_met", "unknown"])),
                        name="evidence_verdict_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("payload", models.JSONField(blank=True, default=dict)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("captured", "Lead logged"),
                            ("updated", "Data changed"),
                            ("valuable_action", "Valuable action"),
                            ("evidence", "Evidence added"),
                            ("qualified", "Qualified as MQL"),
                            ("handed_off", "Handed off to sales"),
                            ("accepted", "Accepted"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                            ("undone", "Decision undone"),
                            ("attempt", "Contact attempted"),
                            ("contacted", "Contacted"),
                            ("sql", "Qualified as SQL"),
                            ("opportunity", "Opportunity opened"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("disqualified", "Disqualified"),
                            ("escalated", "Escalated"),
                            ("requeued", "Back in the queue"),
                            ("imported", "Imported"),
                        ],
                        max_length=20,
                    ),
                ),
                ("from_state", models.CharField(blank=True, max_length=14)),
                ("to_state", models.CharField(blank=True, max_length=14)),
                ("occurred_on", models.DateField()),
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
                    "handoff",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="leads.handoff",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="leads.lead"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["lead", "id"], name="event_lead"),
                    models.Index(fields=["handoff", "kind"], name="event_handoff"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "captured",
                                    "updated",
                                    "valuable_action",
                                    "evidence",
                                    "qualified",
                                    "handed_off",
                                    "accepted",
                                    "rejected",
                                    "withdrawn",
                                    "undone",
                                    "attempt",
                                    "contacted",
                                    "sql",
                                    "opportunity",
                                    "won",
                                    "lost",
                                    "disqualified",
                                    "escalated",
                                    "requeued",
                                    "imported",
                                ],
                            )
                        ),
                        name="event_kind_known",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["team", "submitted_at"],
                name="handoff_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(fields=["owner", "state"], name="handoff_owner"),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(fields=["submitted_at"], name="handoff_submitted"),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("pending", "accepted", "contacted", "sql", "opportunity"))),
                fields=("lead",),
                name="handoff_one_open_per_lead",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.UniqueConstraint(fields=("lead", "cycle"), name="handoff_cycle_once"),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "pending",
                            "accepted",
                            "contacted",
                            "sql",
                            "opportunity",
                            "won",
                            "lost",
                            "rejected",
                            "withdrawn",
                            "disqualified",
                        ],
                    )
                ),
                name="handoff_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("owner__isnull", False),
                        (
                            "state__in",
                            ("accepted", "contacted", "sql", "opportunity", "won", "lost", "disqualified"),
                        ),
                    ),
                    models.Q(
                        models.Q(
                            (
                                "state__in",
                                (
                                    "accepted",
                                    "contacted",
                                    "sql",
                                    "opportunity",
                                    "won",
                                    "lost",
                                    "disqualified",
                                ),
                            ),
                            _negated=True,
                        ),
                        ("owner__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="handoff_owned_has_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", True),
                        ("state__in", ("pending", "accepted", "contacted", "sql", "opportunity")),
                    ),
                    models.Q(
                        models.Q(
                            ("state__in", ("pending", "accepted", "contacted", "sql", "opportunity")),
                            _negated=True,
                        ),
                        ("closed_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="handoff_closed_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("state", "won"), _negated=True), ("amount__gt", 0), _connector="OR"),
                name="handoff_won_has_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["lost", "disqualified"]), _negated=True),
                    ("outcome_reason__isnull", False),
                    _connector="OR",
                ),
                name="handoff_ended_has_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["-first_seen_on", "-id"], name="lead_newest"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["stage", "-first_seen_on", "-id"], name="lead_stage_newest"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["marketing_team", "-first_seen_on", "-id"], name="lead_team_newest"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["owner", "stage"], name="lead_owner_stage"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search_text"], name="lead_search", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=("external_system", "external_id"),
                name="lead_external_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "stage__in",
                        [
                            "captured",
                            "mql",
                            "handed_off",
                            "accepted",
                            "contacted",
                            "sql",
                            "opportunity",
                            "won",
                            "lost",
                            "returned",
                            "disqualified",
                        ],
                    )
                ),
                name="lead_stage_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("won_amount__isnull", True), ("won_amount__gt", 0), _connector="OR"),
                name="lead_amount_positive",
            ),
        ),
    ]
