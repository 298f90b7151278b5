from django.db import migrations

from crm.lib.appendonly import protect


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [protect("audit_entry")]
