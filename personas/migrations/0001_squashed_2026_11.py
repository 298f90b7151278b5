"""Personas, their versions and criteria, and the guards of what was published.

Squashed from all migrations up to November 2026: a database that they made has this schema exactly.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import crm.lib.bilingual
import crm.lib.clock

PERSONAVERSION_STATE_MOVES = """
        CREATE FUNCTION personas_personaversion_state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.state IS DISTINCT FROM OLD.state
               AND (OLD.state, NEW.state) NOT IN (('draft', 'published'), ('published', 'superseded')) THEN
                RAISE EXCEPTION 'personas_personaversion.state: % -> % is not allowed', OLD.state, NEW.state
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER personas_personaversion_state_moves BEFORE UPDATE OF state ON personas_personaversion
            FOR EACH ROW EXECUTE FUNCTION personas_personaversion_state_moves();
"""
# Of a published version only the state may change (it is superseded one day), and no version is born published:
# its criteria are written while it is a draft.
PERSONAVERSION_STAYS = """
CREATE FUNCTION personas_personaversion_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'personas_personaversion: a version begins as a draft' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'personas_personaversion: a % version is never removed', OLD.state
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF to_jsonb(NEW) - 'state' IS DISTINCT FROM to_jsonb(OLD) - 'state' THEN
        RAISE EXCEPTION 'personas_personaversion: a % version cannot change', OLD.state
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER personas_personaversion_stays BEFORE INSERT OR UPDATE OR DELETE ON personas_personaversion
    FOR EACH ROW EXECUTE FUNCTION personas_personaversion_stays();
"""
# The share lock makes a criterion wait for a publishing that is under way.
CRITERION_STAYS = """
CREATE FUNCTION personas_criterion_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owning bigint[] := ARRAY[]::bigint[];
    found text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        owning := owning || OLD.version_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        owning := owning || NEW.version_id;
    END IF;
    FOR found IN SELECT state FROM personas_personaversion WHERE id = ANY (owning) FOR SHARE LOOP
        IF found <> 'draft' THEN
            RAISE EXCEPTION 'personas_criterion: the criteria of a % version cannot change', found
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER personas_criterion_stays BEFORE INSERT OR UPDATE OR DELETE ON personas_criterion
    FOR EACH ROW EXECUTE FUNCTION personas_criterion_stays();
"""


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("personas", "0001_initial"),
        ("personas", "0002_guards"),
        ("personas", "0003_need_and_timing"),
        ("personas", "0004_drafts"),
        ("personas", "0005_published_text_stays"),
    ]
    dependencies = [
        ("crm", "0001_squashed_2026_11"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Persona",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("name", crm.lib.bilingual.BilingualField()),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="PersonaVersion",
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
                            ("published", "Published"),
                            ("superseded", "Superseded"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("content", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(db_default=crm.lib.clock.RelevoNow())),
                ("published_at", models.DateTimeField(blank=True, null=True)),
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
                    "persona",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="personas.persona",
                    ),
                ),
                ("revision", models.PositiveIntegerField(db_default=1, default=1)),
                ("changed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "published_by",
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
                    models.UniqueConstraint(
                        fields=("persona", "number"), name="persona_version_number"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "published")),
                        fields=("persona",),
                        name="persona_one_published",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["draft", "published", "superseded"])),
                        name="persona_version_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "draft"), ("published_at__isnull", False), _connector="OR"
                        ),
                        name="persona_published_has_moment",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")),
                        fields=("persona",),
                        name="persona_one_draft",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Criterion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=60)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("fit", "Fit"),
                            ("disqualifier", "Disqualifier"),
                            ("means", "Means"),
                            ("authority", "Authority"),
                            ("need", "Need"),
                            ("timing", "Timing"),
                        ],
                        max_length=12,
                    ),
                ),
                ("text", crm.lib.bilingual.BilingualField()),
                ("field", models.CharField(blank=True, max_length=80)),
                (
                    "operator",
                    models.CharField(
                        choices=[
                            ("is", "is"),
                            ("in", "is one of"),
                            ("not_in", "is none of"),
                            ("at_least", "is at least"),
                            ("at_most", "is at most"),
                            ("before", "is before"),
                            ("after", "is after"),
                            ("contains_any", "contains any of"),
                            ("is_set", "is given"),
                            ("said", "is confirmed by a person"),
                        ],
                        max_length=12,
                    ),
                ),
                ("operand", models.JSONField(blank=True, null=True)),
                ("weight", models.PositiveSmallIntegerField(default=1)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="criteria",
                        to="personas.personaversion",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("version", "code"), name="criterion_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["fit", "disqualifier", "means", "authority", "need", "timing"],
                            )
                        ),
                        name="criterion_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "operator__in",
                                [
                                    "is",
                                    "in",
                                    "not_in",
                                    "at_least",
                                    "at_most",
                                    "before",
                                    "after",
                                    "contains_any",
                                    "is_set",
                                    "said",
                                ],
                            )
                        ),
                        name="criterion_operator_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weight__gte", 1), ("weight__lte", 100)),
                        name="criterion_weight_1_to_100",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            PERSONAVERSION_STATE_MOVES,
            "DROP FUNCTION personas_personaversion_state_moves() CASCADE;",
        ),
        migrations.RunSQL(
            PERSONAVERSION_STAYS, "DROP FUNCTION personas_personaversion_stays() CASCADE;"
        ),
        migrations.RunSQL(CRITERION_STAYS, "DROP FUNCTION personas_criterion_stays() CASCADE;"),
    ]
