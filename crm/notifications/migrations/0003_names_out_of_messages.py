"""Remove the names of leads and companies from messages and notices.

Their words are made when they are read, by what the reader may see then; the id of the lead is in
the path. In batches, each in a transaction of its own: both tables may be large.
"""

from django.db import migrations
from django.db.models import Max

BATCH = 5000
REMOVE = """
    UPDATE {table} SET params = params - 'lead' - 'company'
    WHERE id > %s AND id <= %s AND params ?| array['lead', 'company']
"""


def remove_names(apps, schema_editor):
    for name in ("Message", "Notice"):
        model = apps.get_model("notifications", name)
        last = model.objects.aggregate(last=Max("id"))["last"] or 0
        statement = REMOVE.format(table=model._meta.db_table)
        for after in range(0, last, BATCH):
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(statement, [after, after + BATCH])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("notifications", "0002_notice_by_day")]
    operations = [migrations.RunPython(remove_names, migrations.RunPython.noop)]
