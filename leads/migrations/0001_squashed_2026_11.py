"""Leads, handoffs, their history, imports, and their guards.

Squashed from all migrations up to November 2026: a database that they made has this schema exactly.
"""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import crm.lib.bilingual
import crm.lib.clock

APPEND_ONLY = """
CREATE TRIGGER leads_event_append_only BEFORE UPDATE OR DELETE ON leads_event
    FOR EACH ROW EXECUTE FUNCTION relevo_append_only_payload();
CREATE TRIGGER leads_evidence_append_only BEFORE UPDATE OR DELETE ON leads_evidence
    FOR EACH ROW EXECUTE FUNCTION relevo_append_only_payload();
CREATE TRIGGER leads_firsttouch_append_only BEFORE UPDATE OR DELETE ON leads_firsttouch
    FOR EACH ROW EXECUTE FUNCTION relevo_append_only_payload();
CREATE TRIGGER leads_package_append_only BEFORE UPDATE OR DELETE ON leads_package
    FOR EACH ROW EXECUTE FUNCTION relevo_append_only_payload();
"""
NOT_APPEND_ONLY = """
DROP TRIGGER leads_event_append_only ON leads_event;
DROP TRIGGER leads_evidence_append_only ON leads_evidence;
DROP TRIGGER leads_firsttouch_append_only ON leads_firsttouch;
DROP TRIGGER leads_package_append_only ON leads_package;
"""
HANDOFF_STATE_MOVES = """
        CREATE FUNCTION leads_handoff_state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.state IS DISTINCT FROM OLD.state
               AND (OLD.state, NEW.state) NOT IN (('accepted', 'contacted'), ('accepted', 'pending'), ('accepted', 'sql'), ('contacted', 'disqualified'), ('contacted', 'sql'), ('opportunity', 'lost'), ('opportunity', 'won'), ('pending', 'accepted'), ('pending', 'rejected'), ('pending', 'withdrawn'), ('rejected', 'pending'), ('sql', 'disqualified'), ('sql', 'lost'), ('sql', 'opportunity')) THEN
                RAISE EXCEPTION 'leads_handoff.state: % -> % is not allowed', OLD.state, NEW.state
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER leads_handoff_state_moves BEFORE UPDATE OF state ON leads_handoff
            FOR EACH ROW EXECUTE FUNCTION leads_handoff_state_moves();
"""
# Refuses an open handoff to somebody who is not active. It reads the person's row under a share lock, so a
# deactivation and an acceptance at the same moment wait for each other, and the second one sees the first.
HANDOFF_OWNER_IS_ACTIVE = """
CREATE FUNCTION leads_handoff_owner_is_active() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.owner_id IS NOT NULL AND NEW.closed_at IS NULL
       AND (TG_OP = 'INSERT' OR NEW.owner_id IS DISTINCT FROM OLD.owner_id) THEN
        PERFORM 1 FROM accounts_user WHERE id = NEW.owner_id AND is_active FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'leads_handoff: person % is not active', NEW.owner_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'handoff_owner_is_active';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER handoff_owner_is_active BEFORE INSERT OR UPDATE OF owner_id ON leads_handoff
    FOR EACH ROW EXECUTE FUNCTION leads_handoff_owner_is_active();
"""
# No MQL and no handoff without a valuable action, whoever writes it. Checked when the transaction ends, because
# bulk writers insert leads before their actions. Imported dates are history that nobody judged here.
MQL_HAS_AN_ACTION = """
CREATE FUNCTION leads_mql_has_an_action() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint;
BEGIN
    IF TG_TABLE_NAME = 'leads_handoff' THEN wanted := NEW.lead_id; ELSE wanted := NEW.id; END IF;
    PERFORM 1 FROM leads_valuableaction WHERE lead_id = wanted LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'lead % did no valuable action, so it is no MQL', wanted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'mql_has_an_action';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER mql_has_an_action AFTER INSERT ON leads_lead
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW
    WHEN (((new.mql_on IS NOT NULL) AND (NOT new.is_imported)))
    EXECUTE FUNCTION leads_mql_has_an_action();
CREATE CONSTRAINT TRIGGER mql_has_an_action_on_change AFTER UPDATE OF mql_on, is_imported ON leads_lead
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW
    WHEN (((new.mql_on IS NOT NULL) AND (NOT new.is_imported) AND ((old.mql_on IS NULL) OR old.is_imported)))
    EXECUTE FUNCTION leads_mql_has_an_action();
CREATE CONSTRAINT TRIGGER handoff_has_an_action AFTER INSERT ON leads_handoff
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION leads_mql_has_an_action();
"""


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("leads", "0001_initial"),
        ("leads", "0002_guards"),
        ("leads", "0003_owner_is_active"),
        ("leads", "0004_reassigned_event"),
        ("leads", "0005_test_leads"),
        ("leads", "0006_import_in_the_browser"),
        ("leads", "0007_scores_and_overrides"),
        ("leads", "0008_mql_has_an_action"),
        ("leads", "0009_clock_events"),
        ("leads", "0010_contact_hidden"),
    ]
    dependencies = [
        ("crm", "0001_squashed_2026_11"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("personas", "0001_squashed_2026_11"),
        ("sla", "0001_squashed_2026_11"),
    ]
    operations = [
        migrations.CreateModel(
            name="Company",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=60, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("lost", "Lost"), ("disqualified", "Disqualified")], max_length=14
                    ),
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
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=160)),
                ("email", models.EmailField(blank=True, db_index=True, max_length=254)),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("job_title", models.CharField(blank=True, max_length=120)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("language", models.CharField(blank=True, max_length=2)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("phone", ""), _negated=True),
                        fields=["phone"],
                        name="person_phone",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=60, unique=True)),
                ("name", crm.lib.bilingual.BilingualField()),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                ("points", models.PositiveSmallIntegerField(db_default=20, default=20)),
            ],
            options={
                "ordering": ["position", "code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("points__lte", 100)), name="action_points_up_to_100"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Not finished"),
                            ("checking", "Being checked"),
                            ("checked", "Checked"),
                            ("running", "Running"),
                            ("done", "Imported"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                            ("discarded", "Discarded"),
                            ("failed", "Failed"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("reading", models.JSONField(default=dict)),
                ("header", models.JSONField(default=list)),
                ("sample", models.JSONField(default=list)),
                ("header_key", models.CharField(blank=True, max_length=64)),
                ("columns", models.JSONField(default=list)),
                ("checked", models.JSONField(default=dict)),
                ("duplicates", models.BinaryField(default=b"")),
                ("done", models.JSONField(default=dict)),
                ("rows_total", models.PositiveIntegerField(default=0)),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("problem", models.TextField(blank=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                ("worker", models.CharField(blank=True, max_length=32)),
                ("busy_until", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "first_action",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.valuableactionkind",
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
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="accounts.team",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["team", "-id"], name="import_of_team"),
                    models.Index(fields=["sha256"], name="import_by_content"),
                    models.Index(
                        condition=models.Q(("state__in", ["checking", "running", "undoing"])),
                        fields=["id"],
                        name="import_work",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "draft",
                                    "checking",
                                    "checked",
                                    "running",
                                    "done",
                                    "undoing",
                                    "undone",
                                    "discarded",
                                    "failed",
                                ],
                            )
                        ),
                        name="import_state_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                (
                    "won_amount",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True),
                ),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="leads.person",
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
                ("is_test", models.BooleanField(db_default=False, default=False)),
                (
                    "import_run",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="leads.importrun",
                    ),
                ),
                ("contact_hidden", models.BooleanField(db_default=False, default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-first_seen_on", "-id"], name="lead_newest"),
                    models.Index(
                        fields=["stage", "-first_seen_on", "-id"], name="lead_stage_newest"
                    ),
                    models.Index(
                        fields=["marketing_team", "-first_seen_on", "-id"], name="lead_team_newest"
                    ),
                    models.Index(fields=["owner", "stage"], name="lead_owner_stage"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["search_text"], name="lead_search", opclasses=["gin_trgm_ops"]
                    ),
                    models.Index(
                        condition=models.Q(("import_run__isnull", False)),
                        fields=["import_run", "id"],
                        name="lead_of_import",
                    ),
                    models.Index(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=["external_id"],
                        name="lead_external_id",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(
                            ("won_amount__isnull", True), ("won_amount__gt", 0), _connector="OR"
                        ),
                        name="lead_amount_positive",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            models.Q(("external_id", ""), _negated=True),
                            ("archived_at__isnull", True),
                        ),
                        fields=("external_system", "external_id"),
                        name="lead_external_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Handoff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                (
                    "amount",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True),
                ),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handoffs",
                        to="leads.lead",
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
                ("engagement_score", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("fit_score", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("overrides", models.PositiveSmallIntegerField(db_default=0, default=0)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["team", "submitted_at"],
                        name="handoff_queue",
                    ),
                    models.Index(fields=["owner", "state"], name="handoff_owner"),
                    models.Index(fields=["submitted_at"], name="handoff_submitted"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ("pending", "accepted", "contacted", "sql", "opportunity"),
                            )
                        ),
                        fields=("lead",),
                        name="handoff_one_open_per_lead",
                    ),
                    models.UniqueConstraint(fields=("lead", "cycle"), name="handoff_cycle_once"),
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("owner__isnull", False),
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("closed_at__isnull", True),
                                (
                                    "state__in",
                                    ("pending", "accepted", "contacted", "sql", "opportunity"),
                                ),
                            ),
                            models.Q(
                                models.Q(
                                    (
                                        "state__in",
                                        ("pending", "accepted", "contacted", "sql", "opportunity"),
                                    ),
                                    _negated=True,
                                ),
                                ("closed_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="handoff_closed_has_moment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "won"), _negated=True),
                            ("amount__gt", 0),
                            _connector="OR",
                        ),
                        name="handoff_won_has_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["lost", "disqualified"]), _negated=True),
                            ("outcome_reason__isnull", False),
                            _connector="OR",
                        ),
                        name="handoff_ended_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("engagement_score__lte", 100), ("fit_score__lte", 100)),
                            models.Q(
                                ("engagement_score__isnull", True), ("fit_score__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="handoff_scores_up_to_100",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Package",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("accept", "Accepted"), ("reject", "Rejected")], max_length=8
                    ),
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
                        condition=models.Q(
                            ("released_at__isnull", True), ("undone_at__isnull", True)
                        ),
                        fields=("handoff",),
                        name="handoff_one_decision",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "accept"), ("reason__isnull", False), _connector="OR"
                        ),
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
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                        condition=models.Q(
                            ("channel__in", ["phone", "whatsapp", "email", "meeting", "other"])
                        ),
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
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("payload", models.JSONField(blank=True, default=dict)),
                ("code", models.CharField(max_length=60)),
                (
                    "verdict",
                    models.CharField(
                        choices=[("met", "Met"), ("not_met", "Not met"), ("unknown", "Unknown")],
                        max_length=8,
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="leads.lead",
                    ),
                ),
                ("overrides", models.BooleanField(db_default=False, default=False)),
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
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                            ("reassigned", "Reassigned"),
                            ("paused", "Clock paused"),
                            ("resumed", "Clock runs again"),
                            ("corrected", "First contact corrected"),
                            ("reapplied", "Brought to the agreement in force"),
                            ("imported", "Imported"),
                            ("archived", "Archived"),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="leads.lead",
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
                                    "reassigned",
                                    "paused",
                                    "resumed",
                                    "corrected",
                                    "reapplied",
                                    "imported",
                                    "archived",
                                ],
                            )
                        ),
                        name="event_kind_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportChunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("data", models.BinaryField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chunks",
                        to="leads.importrun",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "number"), name="import_chunk_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportReject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("known", "Known already"),
                            ("duplicate", "Twice in the file"),
                            ("wrong", "Wrong"),
                        ],
                        max_length=10,
                    ),
                ),
                ("problem", models.TextField()),
                ("cells", models.JSONField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rejects",
                        to="leads.importrun",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "number"), name="import_reject_once")
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
        migrations.RunSQL(
            HANDOFF_STATE_MOVES, "DROP FUNCTION leads_handoff_state_moves() CASCADE;"
        ),
        migrations.RunSQL(
            HANDOFF_OWNER_IS_ACTIVE, "DROP FUNCTION leads_handoff_owner_is_active() CASCADE;"
        ),
        migrations.RunSQL(MQL_HAS_AN_ACTION, "DROP FUNCTION leads_mql_has_an_action() CASCADE;"),
    ]
