"""Let two marketing teams have leads with the same external id, as each sees only its own."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0014_import_system"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.UniqueConstraint(
                fields=["external_system", "external_id", "marketing_team"],
                condition=~Q(external_id="") & Q(archived_at__isnull=True),
                nulls_distinct=False,
                name="lead_external_once_per_team",
            ),
        ),
        migrations.RemoveConstraint(model_name="lead", name="lead_external_once"),
    ]
