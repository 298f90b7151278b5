"""Whether sales may read phone and e-mail of a lead that waits in a queue: false for all that wait today."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0009_clock_events")]
    operations = [
        migrations.AddField(
            model_name="lead",
            name="contact_hidden",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
