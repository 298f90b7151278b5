"""Add the requests for a link to a new password that wait for their mail."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_tries")]

    operations = [
        migrations.CreateModel(
            name="PasswordRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("asked_at", models.DateTimeField()),
            ],
        ),
    ]
