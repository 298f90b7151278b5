from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_invitations_and_leave")]
    operations = [
        migrations.AddField(model_name="organisation", name="setting_up", field=models.BooleanField(default=False)),
        migrations.AddField(
            model_name="organisation", name="setup_steps", field=models.JSONField(blank=True, default=dict)
        ),
    ]
