"""Add the extension of a phone, its text as typed, and the country that was only assumed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0005_note_event'),
    ]

    operations = [
        migrations.AddField(
            model_name='person',
            name='phone_assumed',
            field=models.CharField(blank=True, db_default='', max_length=2),
        ),
        migrations.AddField(
            model_name='person',
            name='phone_extension',
            field=models.CharField(blank=True, db_default='', max_length=7),
        ),
        migrations.AddField(
            model_name='person',
            name='phone_typed',
            field=models.CharField(blank=True, db_default='', max_length=80),
        ),
    ]
