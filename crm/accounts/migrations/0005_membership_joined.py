"""Add when a person joined a team; the older version writes rows without it."""

from django.db import migrations, models

import crm.lib.clock


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_password_requests")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="joined_at",
            field=models.DateTimeField(db_default=crm.lib.clock.RelevoNow()),
        ),
    ]
