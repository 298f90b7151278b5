"""Drafts that people write together: one for each persona, which revision it is, and who changed and published it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def person():
    """A column that names somebody."""
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("personas", "0003_need_and_timing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("personaversion", "revision", models.PositiveIntegerField(db_default=1, default=1)),
        migrations.AddField("personaversion", "changed_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("personaversion", "changed_by", person()),
        migrations.AddField("personaversion", "published_by", person()),
        migrations.AddConstraint(
            model_name="personaversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "draft")), fields=("persona",), name="persona_one_draft"
            ),
        ),
    ]
