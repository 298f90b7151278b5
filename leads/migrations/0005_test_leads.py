from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0004_reassigned_event")]
    operations = [
        migrations.AddField(
            model_name="lead", name="is_test", field=models.BooleanField(db_default=False, default=False)
        ),
    ]
