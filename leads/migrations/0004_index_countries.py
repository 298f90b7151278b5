"""Index the countries of people and companies, which the filters of lists step through."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0003_import_problems'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='company',
            index=models.Index(fields=['country'], name='company_country'),
        ),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(fields=['country'], name='person_country'),
        ),
    ]
