"""Agreements, calendars, clocks and their guards.

Squashed from all migrations up to November 2026: a database that they made has this schema exactly.
"""

import datetime

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

import crm.lib.bilingual
import crm.lib.clock
import crm.lib.db.ranges

APPEND_ONLY = """
CREATE TRIGGER sla_firing_append_only BEFORE UPDATE OR DELETE ON sla_firing
    FOR EACH ROW EXECUTE FUNCTION relevo_append_only_payload();
CREATE TRIGGER sla_signature_append_only BEFORE UPDATE OR DELETE ON sla_signature
    FOR EACH ROW EXECUTE FUNCTION relevo_append_only_payload();
CREATE TRIGGER sla_comment_append_only BEFORE UPDATE OR DELETE ON sla_comment
    FOR EACH ROW EXECUTE FUNCTION relevo_append_only_payload();
CREATE TRIGGER sla_stint_append_only BEFORE UPDATE OR DELETE ON sla_stint
    FOR EACH ROW EXECUTE FUNCTION relevo_append_only_payload();
"""
NOT_APPEND_ONLY = """
DROP TRIGGER sla_firing_append_only ON sla_firing;
DROP TRIGGER sla_signature_append_only ON sla_signature;
DROP TRIGGER sla_comment_append_only ON sla_comment;
DROP TRIGGER sla_stint_append_only ON sla_stint;
"""
CLOCK_STATE_MOVES = """
        CREATE FUNCTION sla_clock_state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.state IS DISTINCT FROM OLD.state
               AND (OLD.state, NEW.state) NOT IN (('breached', 'cancelled'), ('breached', 'met'), ('breached', 'running'), ('met', 'running'), ('paused', 'cancelled'), ('paused', 'met'), ('paused', 'running'), ('running', 'breached'), ('running', 'cancelled'), ('running', 'met'), ('running', 'paused')) THEN
                RAISE EXCEPTION 'sla_clock.state: % -> % is not allowed', OLD.state, NEW.state
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER sla_clock_state_moves BEFORE UPDATE OF state ON sla_clock
            FOR EACH ROW EXECUTE FUNCTION sla_clock_state_moves();
"""
AGREEMENTVERSION_STATE_MOVES = """
        CREATE FUNCTION sla_agreementversion_state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.state IS DISTINCT FROM OLD.state
               AND (OLD.state, NEW.state) NOT IN (('draft', 'discarded'), ('draft', 'proposed'), ('in_force', 'superseded'), ('proposed', 'draft'), ('proposed', 'signed'), ('signed', 'in_force'), ('signed', 'superseded')) THEN
                RAISE EXCEPTION 'sla_agreementversion.state: % -> % is not allowed', OLD.state, NEW.state
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER sla_agreementversion_state_moves BEFORE UPDATE OF state ON sla_agreementversion
            FOR EACH ROW EXECUTE FUNCTION sla_agreementversion_state_moves();
"""
# Text that is proposed or signed stays as it is. The columns in the arrays are what a version may still become;
# everything else on the row is the text.
VERSION_CLOSED = """
CREATE FUNCTION sla_version_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('proposed', 'signed', 'in_force', 'superseded') THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'the text of version % is closed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF to_jsonb(NEW) - ARRAY['state', 'text', 'content_hash', 'round', 'revision', 'proposed_at', 'in_force_from', 'superseded_at'] IS DISTINCT FROM to_jsonb(OLD) - ARRAY['state', 'text', 'content_hash', 'round', 'revision', 'proposed_at', 'in_force_from', 'superseded_at']
        OR (NEW.state <> 'draft' AND (NEW.text, NEW.content_hash, NEW.round, NEW.revision, NEW.proposed_at)
            IS DISTINCT FROM (OLD.text, OLD.content_hash, OLD.round, OLD.revision, OLD.proposed_at))
        OR (NEW.in_force_from IS DISTINCT FROM OLD.in_force_from AND (OLD.state, NEW.state) <> ('signed', 'in_force'))
        OR (NEW.superseded_at IS DISTINCT FROM OLD.superseded_at AND OLD.state = 'superseded')
    THEN
        RAISE EXCEPTION 'the text of version % is closed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sla_version_closed BEFORE UPDATE OR DELETE ON sla_agreementversion
    FOR EACH ROW EXECUTE FUNCTION sla_version_closed();
"""
# Parts of a closed text. OLD and NEW are both asked, so nothing is moved in or out.
COMMITMENT_CLOSED = """
    CREATE FUNCTION sla_commitment_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' AND (SELECT state FROM sla_agreementversion WHERE id = OLD.version_id) IN ('proposed', 'signed', 'in_force', 'superseded')
            OR TG_OP <> 'DELETE' AND (SELECT state FROM sla_agreementversion WHERE id = NEW.version_id) IN ('proposed', 'signed', 'in_force', 'superseded') THEN
            RAISE EXCEPTION 'sla_commitment belongs to a text that is closed' USING ERRCODE = 'check_violation';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER sla_commitment_closed BEFORE INSERT OR UPDATE OR DELETE ON sla_commitment
        FOR EACH ROW EXECUTE FUNCTION sla_commitment_closed();
"""
LADDERSTEP_CLOSED = """
    CREATE FUNCTION sla_ladderstep_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' AND (SELECT v.state FROM sla_commitment c JOIN sla_agreementversion v ON v.id = c.version_id WHERE c.id = OLD.commitment_id) IN ('proposed', 'signed', 'in_force', 'superseded')
            OR TG_OP <> 'DELETE' AND (SELECT v.state FROM sla_commitment c JOIN sla_agreementversion v ON v.id = c.version_id WHERE c.id = NEW.commitment_id) IN ('proposed', 'signed', 'in_force', 'superseded') THEN
            RAISE EXCEPTION 'sla_ladderstep belongs to a text that is closed' USING ERRCODE = 'check_violation';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER sla_ladderstep_closed BEFORE INSERT OR UPDATE OR DELETE ON sla_ladderstep
        FOR EACH ROW EXECUTE FUNCTION sla_ladderstep_closed();
"""
AGREEMENTVERSION_PERSONAS_CLOSED = """
    CREATE FUNCTION sla_agreementversion_personas_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' AND (SELECT state FROM sla_agreementversion WHERE id = OLD.agreementversion_id) IN ('proposed', 'signed', 'in_force', 'superseded')
            OR TG_OP <> 'DELETE' AND (SELECT state FROM sla_agreementversion WHERE id = NEW.agreementversion_id) IN ('proposed', 'signed', 'in_force', 'superseded') THEN
            RAISE EXCEPTION 'sla_agreementversion_personas belongs to a text that is closed' USING ERRCODE = 'check_violation';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER sla_agreementversion_personas_closed BEFORE INSERT OR UPDATE OR DELETE ON sla_agreementversion_personas
        FOR EACH ROW EXECUTE FUNCTION sla_agreementversion_personas_closed();
"""
AGREEMENTVERSION_REJECTION_REASONS_CLOSED = """
    CREATE FUNCTION sla_agreementversion_rejection_reasons_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' AND (SELECT state FROM sla_agreementversion WHERE id = OLD.agreementversion_id) IN ('proposed', 'signed', 'in_force', 'superseded')
            OR TG_OP <> 'DELETE' AND (SELECT state FROM sla_agreementversion WHERE id = NEW.agreementversion_id) IN ('proposed', 'signed', 'in_force', 'superseded') THEN
            RAISE EXCEPTION 'sla_agreementversion_rejection_reasons belongs to a text that is closed' USING ERRCODE = 'check_violation';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER sla_agreementversion_rejection_reasons_closed BEFORE INSERT OR UPDATE OR DELETE ON sla_agreementversion_rejection_reasons
        FOR EACH ROW EXECUTE FUNCTION sla_agreementversion_rejection_reasons_closed();
"""
OPENWINDOW_CLOSED = """
    CREATE FUNCTION sla_openwindow_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' AND (SELECT state FROM sla_agreementversion WHERE calendar_id = OLD.calendar_id AND state IN ('proposed', 'signed', 'in_force', 'superseded') LIMIT 1) IN ('proposed', 'signed', 'in_force', 'superseded')
            OR TG_OP <> 'DELETE' AND (SELECT state FROM sla_agreementversion WHERE calendar_id = NEW.calendar_id AND state IN ('proposed', 'signed', 'in_force', 'superseded') LIMIT 1) IN ('proposed', 'signed', 'in_force', 'superseded') THEN
            RAISE EXCEPTION 'sla_openwindow belongs to a text that is closed' USING ERRCODE = 'check_violation';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER sla_openwindow_closed BEFORE INSERT OR UPDATE OR DELETE ON sla_openwindow
        FOR EACH ROW EXECUTE FUNCTION sla_openwindow_closed();
"""
AGREEMENT_TEAMS_CLOSED = """
    CREATE FUNCTION sla_agreement_teams_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' AND (SELECT state FROM sla_agreementversion WHERE agreement_id = OLD.agreement_id AND state IN ('proposed', 'signed', 'in_force', 'superseded') LIMIT 1) IN ('proposed', 'signed', 'in_force', 'superseded')
            OR TG_OP <> 'DELETE' AND (SELECT state FROM sla_agreementversion WHERE agreement_id = NEW.agreement_id AND state IN ('proposed', 'signed', 'in_force', 'superseded') LIMIT 1) IN ('proposed', 'signed', 'in_force', 'superseded') THEN
            RAISE EXCEPTION 'sla_agreement_teams belongs to a text that is closed' USING ERRCODE = 'check_violation';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER sla_agreement_teams_closed BEFORE INSERT OR UPDATE OR DELETE ON sla_agreement_teams
        FOR EACH ROW EXECUTE FUNCTION sla_agreement_teams_closed();
"""
# The name that was signed and the zone that was signed stay; what binds whom is only ever ended.
SIGNED_NAME_CLOSED = """
CREATE FUNCTION sla_signed_name_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name IS DISTINCT FROM OLD.name AND EXISTS
        (SELECT 1 FROM sla_agreementversion WHERE agreement_id = OLD.id AND state IN ('proposed', 'signed', 'in_force', 'superseded')) THEN
        RAISE EXCEPTION 'agreement % is signed by this name', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sla_signed_name_closed BEFORE UPDATE ON sla_agreement
    FOR EACH ROW EXECUTE FUNCTION sla_signed_name_closed();
"""
SIGNED_ZONE_CLOSED = """
CREATE FUNCTION sla_signed_zone_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.time_zone IS DISTINCT FROM OLD.time_zone AND EXISTS
        (SELECT 1 FROM sla_agreementversion WHERE calendar_id = OLD.id AND state IN ('proposed', 'signed', 'in_force', 'superseded')) THEN
        RAISE EXCEPTION 'the hours of calendar % are signed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sla_signed_zone_closed BEFORE UPDATE ON sla_calendar
    FOR EACH ROW EXECUTE FUNCTION sla_signed_zone_closed();
"""
VALIDITY_ONLY_ENDS = """
CREATE FUNCTION sla_validity_only_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.version_id, NEW.team_id) IS DISTINCT FROM (OLD.version_id, OLD.team_id)
        OR NOT upper_inf(OLD.during) OR NOT (isempty(NEW.during) OR lower(NEW.during) = lower(OLD.during)) THEN
        RAISE EXCEPTION 'what was in force stays on record' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sla_validity_only_ends BEFORE UPDATE OR DELETE ON sla_validity
    FOR EACH ROW EXECUTE FUNCTION sla_validity_only_ends();
"""


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("sla", "0001_initial"),
        ("sla", "0002_guards"),
        ("sla", "0003_agreement_of_both_sides"),
        ("sla", "0004_settle_agreements"),
        ("sla", "0005_closed_text"),
        ("sla", "0006_calendars"),
        ("sla", "0007_clock_states"),
        ("sla", "0008_clocks_that_run"),
        ("sla", "0009_agreed_pauses"),
    ]
    dependencies = [
        ("crm", "0001_squashed_2026_11"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("personas", "0001_squashed_2026_11"),
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
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "teams",
                    models.ManyToManyField(
                        blank=True, related_name="agreements", to="accounts.team"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Calendar",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                ("time_zone", models.CharField(max_length=60)),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendars",
                        to="accounts.team",
                    ),
                ),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("archived_at__isnull", True)),
                        fields=("team",),
                        name="calendar_one_of_team",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Holiday",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                (
                    "more_hours",
                    models.JSONField(
                        blank=True, db_default=models.Value([], models.JSONField()), default=list
                    ),
                ),
            ],
            options={
                "ordering": ["on"],
                "constraints": [
                    models.UniqueConstraint(fields=("calendar", "on"), name="holiday_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closes__isnull", True), ("opens__isnull", True)),
                            models.Q(
                                ("closes__gt", models.F("opens")),
                                ("opens__lt", 1440),
                                (
                                    "closes__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("opens"), "+", models.Value(1440)
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="holiday_hours_possible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opens__isnull", False),
                            ("more_hours", models.Value([], models.JSONField())),
                            _connector="OR",
                        ),
                        name="holiday_first_hours_first",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OpenWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("weekday", models.PositiveSmallIntegerField()),
                ("opens", models.PositiveSmallIntegerField()),
                ("closes", models.PositiveSmallIntegerField()),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="windows",
                        to="sla.calendar",
                    ),
                ),
                ("starts_on", models.DateField(blank=True, null=True)),
            ],
            options={
                "ordering": ["weekday", "opens"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opens__lt", 1440),
                            ("weekday__lte", 6),
                            ("closes__gt", models.F("opens")),
                            (
                                "closes__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("opens"), "+", models.Value(1440)
                                ),
                            ),
                        ),
                        name="window_hours_possible",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Outage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ended_at__gt", models.F("started_at"))),
                        name="outage_has_length",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RejectionReason",
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
                        condition=models.Q(
                            ("kind__in", ["procedural", "clerical", "definitional"])
                        ),
                        name="rejection_class_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PauseReason",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=60, unique=True)),
                ("name", crm.lib.bilingual.BilingualField()),
                ("longest_minutes", models.PositiveIntegerField()),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("longest_minutes__gt", 0)), name="pause_reason_has_time"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("proposed", "Waits for signatures"),
                            ("signed", "Signed"),
                            ("in_force", "In force"),
                            ("superseded", "Superseded"),
                            ("discarded", "Discarded"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("mql_definition", crm.lib.bilingual.BilingualField()),
                ("sql_definition", crm.lib.bilingual.BilingualField()),
                ("package_fields", models.JSONField(blank=True, default=list)),
                ("sql_blocks", models.JSONField(blank=True, default=list)),
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
                (
                    "personas",
                    models.ManyToManyField(blank=True, related_name="+", to="personas.persona"),
                ),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.calendar",
                    ),
                ),
                (
                    "rejection_reasons",
                    models.ManyToManyField(blank=True, related_name="+", to="sla.rejectionreason"),
                ),
                (
                    "arbiter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("capacity", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "distribution",
                    models.CharField(
                        choices=[
                            ("pull", "Reps take leads from the queue"),
                            ("push", "Each lead is given to a rep"),
                        ],
                        db_default="pull",
                        default="pull",
                        max_length=4,
                    ),
                ),
                (
                    "engagement_half_life_days",
                    models.PositiveSmallIntegerField(db_default=30, default=30),
                ),
                ("hide_contact", models.BooleanField(db_default=False, default=False)),
                ("index_weights", models.JSONField(blank=True, default=dict)),
                ("max_returns", models.PositiveSmallIntegerField(db_default=2, default=2)),
                ("minimum_score", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("proposed_at", models.DateTimeField(blank=True, null=True)),
                ("renew_by", models.DateField(blank=True, null=True)),
                ("rep_cap", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("revision", models.PositiveIntegerField(db_default=0, default=0)),
                ("round", models.PositiveSmallIntegerField(db_default=1, default=1)),
                ("sql_terms", models.JSONField(blank=True, default=dict)),
                ("starts_on", models.DateField(blank=True, null=True)),
                ("text", models.JSONField(blank=True, null=True)),
                ("valuable_actions", models.JSONField(blank=True, default=list)),
                ("pauses", models.JSONField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agreement", "number"), name="agreement_version_number"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "in_force")),
                        fields=("agreement",),
                        name="agreement_one_in_force",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "draft",
                                    "proposed",
                                    "signed",
                                    "in_force",
                                    "superseded",
                                    "discarded",
                                ],
                            )
                        ),
                        name="agreement_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state__in", ("proposed", "signed", "in_force", "superseded")),
                                _negated=True,
                            ),
                            models.Q(("content_hash", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="agreement_signed_has_hash",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("minimum_score__isnull", True),
                            ("minimum_score__lte", 100),
                            _connector="OR",
                        ),
                        name="agreement_score_to_100",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("engagement_half_life_days__gte", 1), ("max_returns__gte", 1)
                        ),
                        name="agreement_numbers_from_1",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("distribution__in", ["pull", "push"])),
                        name="agreement_distribution_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["draft", "proposed"])),
                        fields=("agreement",),
                        name="agreement_one_draft",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Commitment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "side",
                    models.CharField(
                        choices=[("marketing", "Marketing"), ("sales", "Sales")], max_length=12
                    ),
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
                            ("attempts", "Attempts to reach the lead"),
                            ("feedback", "Feedback on every outcome"),
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["marketing", "sales"])),
                        name="commitment_side_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("window_minutes__isnull", True),
                            ("window_minutes__gt", 0),
                            _connector="OR",
                        ),
                        name="window_gt_0",
                    ),
                    models.CheckConstraint(
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
                                    "attempts",
                                    "feedback",
                                ],
                            )
                        ),
                        name="commitment_metric_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Clock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                            ("attempts", "Attempts to reach the lead"),
                            ("feedback", "Feedback on every outcome"),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.team",
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
                ("assigned_at", models.DateTimeField(blank=True, null=True)),
                ("assigned_due_at", models.DateTimeField(blank=True, null=True)),
                ("assigned_met", models.BooleanField(blank=True, null=True)),
                ("counted_from", models.DateTimeField(blank=True, null=True)),
                ("paused_until", models.DateTimeField(blank=True, null=True)),
                ("soon_at", models.DateTimeField(blank=True, null=True)),
                (
                    "spent",
                    models.DurationField(
                        db_default=datetime.timedelta(0), default=datetime.timedelta(0)
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_step_at__isnull", False)),
                        fields=["next_step_at"],
                        name="clock_to_sweep",
                    ),
                    models.Index(fields=["subject_type", "subject_id"], name="clock_subject"),
                    models.Index(fields=["metric", "started_at"], name="clock_metric_started"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("stopped_at__isnull", True)),
                        fields=("subject_type", "subject_id", "metric"),
                        name="clock_one_running",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["running", "paused", "met", "breached", "cancelled"])
                        ),
                        name="clock_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stopped_at__isnull", True),
                            ("next_step_at__isnull", True),
                            _connector="OR",
                        ),
                        name="clock_stopped_has_no_step",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stopped_at__isnull", False),
                            models.Q(("state__in", ["met", "cancelled"]), _negated=True),
                            _connector="OR",
                        ),
                        name="clock_over_is_stopped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "met"), _negated=True),
                            ("stopped_at__lte", models.F("due_at")),
                            _connector="OR",
                        ),
                        name="clock_met_in_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "breached"), _negated=True),
                            ("breached_at__isnull", False),
                            _connector="OR",
                        ),
                        name="clock_breach_has_moment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("paused_until__isnull", False), ("state", "paused")),
                            models.Q(
                                models.Q(("state", "paused"), _negated=True),
                                ("paused_until__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="clock_paused_has_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "paused"), _negated=True),
                            ("metric__in", ("first_contact", "sql_decision")),
                            _connector="OR",
                        ),
                        name="clock_paused_may_wait",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "paused"), _negated=True),
                            ("due_at__gt", models.F("paused_until")),
                            _connector="OR",
                        ),
                        name="clock_pause_ends_before_deadline",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("soon_at__isnull", True),
                            ("soon_at__lte", models.F("due_at")),
                            _connector="OR",
                        ),
                        name="clock_soon_before_deadline",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("assigned_at__isnull", True), ("assigned_due_at__isnull", True)
                            ),
                            models.Q(
                                ("accountable__isnull", False),
                                ("assigned_due_at__gte", models.F("assigned_at")),
                            ),
                            _connector="OR",
                        ),
                        name="clock_assigned_has_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Firing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="firings",
                        to="sla.clock",
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
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("clock", "level"), name="firing_once"),
                    models.CheckConstraint(
                        condition=models.Q(("at__gte", models.F("planned_at"))),
                        name="firing_never_early",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LadderStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="sla.commitment",
                    ),
                ),
            ],
            options={
                "ordering": ["level"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("commitment", "level"), name="ladder_level_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["warn", "breach", "tell_lead", "requeue", "tell_director"],
                            )
                        ),
                        name="ladder_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "warn"), ("offset_minutes__lt", 0)),
                            models.Q(("kind", "breach"), ("offset_minutes", 0)),
                            models.Q(
                                models.Q(("kind__in", ["warn", "breach"]), _negated=True),
                                ("offset_minutes__gte", 0),
                            ),
                            _connector="OR",
                        ),
                        name="ladder_offset_possible",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Signature",
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
                    "side",
                    models.CharField(
                        choices=[("marketing", "Marketing"), ("sales", "Sales")], max_length=12
                    ),
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
                ("round", models.PositiveSmallIntegerField(db_default=1, default=1)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "side", "round"), name="signature_once_per_side"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("payload", models.JSONField(blank=True, default=dict)),
                ("section", models.SlugField(max_length=40)),
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
                    "answers",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replies",
                        to="sla.comment",
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
                        related_name="comments",
                        to="sla.agreementversion",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Validity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("during", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.team",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="validities",
                        to="sla.agreementversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (django.db.models.functions.comparison.Coalesce("team_id", 0), "="),
                            ("during", "&&"),
                        ],
                        name="agreement_one_in_force_per_scope",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pauses",
                        to="sla.clock",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reason",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.pausereason",
                    ),
                ),
            ],
            options={
                "ordering": ["started_at", "id"],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("clock", "="),
                            (
                                crm.lib.db.ranges.MomentRange(
                                    "started_at",
                                    django.db.models.functions.comparison.Coalesce(
                                        "ended_at", "until"
                                    ),
                                ),
                                "&&",
                            ),
                        ],
                        name="pause_no_overlap",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("clock",),
                        name="pause_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("started_at"))),
                        name="pause_has_length",
                    ),
                    models.CheckConstraint(
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
                ],
            },
        ),
        migrations.CreateModel(
            name="Stint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("payload", models.JSONField(blank=True, default=dict)),
                ("assigned_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("was_late", models.BooleanField()),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stints",
                        to="sla.clock",
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
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("at__gt", models.F("due_at")), ("was_late", True)),
                            models.Q(("at__lte", models.F("due_at")), ("was_late", False)),
                            _connector="OR",
                        ),
                        name="stint_is_judged_by_its_end",
                    )
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
        migrations.RunSQL(CLOCK_STATE_MOVES, "DROP FUNCTION sla_clock_state_moves() CASCADE;"),
        migrations.RunSQL(
            AGREEMENTVERSION_STATE_MOVES,
            "DROP FUNCTION sla_agreementversion_state_moves() CASCADE;",
        ),
        migrations.RunSQL(VERSION_CLOSED, "DROP FUNCTION sla_version_closed() CASCADE;"),
        migrations.RunSQL(COMMITMENT_CLOSED, "DROP FUNCTION sla_commitment_closed() CASCADE;"),
        migrations.RunSQL(LADDERSTEP_CLOSED, "DROP FUNCTION sla_ladderstep_closed() CASCADE;"),
        migrations.RunSQL(
            AGREEMENTVERSION_PERSONAS_CLOSED,
            "DROP FUNCTION sla_agreementversion_personas_closed() CASCADE;",
        ),
        migrations.RunSQL(
            AGREEMENTVERSION_REJECTION_REASONS_CLOSED,
            "DROP FUNCTION sla_agreementversion_rejection_reasons_closed() CASCADE;",
        ),
        migrations.RunSQL(OPENWINDOW_CLOSED, "DROP FUNCTION sla_openwindow_closed() CASCADE;"),
        migrations.RunSQL(
            AGREEMENT_TEAMS_CLOSED, "DROP FUNCTION sla_agreement_teams_closed() CASCADE;"
        ),
        migrations.RunSQL(SIGNED_NAME_CLOSED, "DROP FUNCTION sla_signed_name_closed() CASCADE;"),
        migrations.RunSQL(SIGNED_ZONE_CLOSED, "DROP FUNCTION sla_signed_zone_closed() CASCADE;"),
        migrations.RunSQL(VALIDITY_ONLY_ENDS, "DROP FUNCTION sla_validity_only_ends() CASCADE;"),
    ]
