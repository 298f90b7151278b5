"""Find by index what a person did not take: also what is misrouted or a duplicate.

Built and dropped concurrently: the table stays open for writing.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('leads', '0039_copied_actions'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='decision',
            index=models.Index(condition=models.Q(('released_at__isnull', True), ('undone_at__isnull', True), ('kind__in', ('reject', 'misroute', 'duplicate'))), fields=['by', 'handoff'], name='decision_not_taken'),
        ),
        RemoveIndexConcurrently(
            model_name='decision',
            name='decision_refusals',
        ),
    ]
