import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import crm.lib.bilingual
import crm.lib.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("crm", "0001_ground"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Persona",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
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
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
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
            ],
        ),
        migrations.CreateModel(
            name="Criterion",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
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
                        ],
                        max_length=12,
                    ),
                ),
                ("text", crm.lib.bilingual.BilingualField()),
                ("field", models.CharField(max_length=80)),
                (
                    "operator",
                    models.CharField(
                        choices=[
                            ("is", "is"),
                            ("in", "is one of"),
                            ("not_in", "is none of"),
                            ("at_least", "is at least"),
                            ("at_most", "is at most"),
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
            },
        ),
        migrations.AddConstraint(
            model_name="personaversion",
            constraint=models.UniqueConstraint(fields=("persona", "number"), name="persona_version_number"),
        ),
        migrations.AddConstraint(
            model_name="personaversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "published")), fields=("persona",), name="persona_one_published"
            ),
        ),
        migrations.AddConstraint(
            model_name="personaversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "published", "superseded"])),
                name="persona_version_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="personaversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "draft"), ("published_at__isnull", False), _connector="OR"),
                name="persona_published_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="criterion",
            constraint=models.UniqueConstraint(fields=("version", "code"), name="criterion_code_once"),
        ),
        migrations.AddConstraint(
            model_name="criterion",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["fit", "disqualifier", "means", "authority"])),
                name="criterion_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="criterion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "operator__in",
                        ["is", "in", "not_in", "at_least", "at_most", "contains_any", "is_set", "said"],
                    )
                ),
                name="criterion_operator_known",
            ),
        ),
    ]
