"""Add the system whose external ids an import brings."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0013_reopened_outcomes'),
    ]

    operations = [
        migrations.AddField(
            model_name='importrun',
            name='system',
            field=models.CharField(db_default='file', default='file', max_length=40),
        ),
    ]
