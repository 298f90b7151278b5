"""Name the class of procedural rejections without "misrouted", which is no rejection any more."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sla', '0010_tried_clocks'),
    ]

    operations = [
        migrations.AlterField(
            model_name='rejectionreason',
            name='kind',
            field=models.CharField(
                choices=[
                    ('procedural', 'Procedural'),
                    ('clerical', 'Clerical: incomplete'),
                    ('definitional', 'Definitional: does not meet the agreed definition'),
                ],
                max_length=12,
            ),
        ),
    ]
