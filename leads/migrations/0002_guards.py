"""Append-only history, and a trigger that refuses illegal moves of a handoff even from psql."""

from django.db import migrations

from crm.lib.appendonly import protect
from crm.lib.moves import trigger_sql
from leads.states import HANDOFF_MOVES


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]
    operations = [
        protect("leads_event"),
        protect("leads_evidence"),
        protect("leads_firsttouch"),
        protect("leads_package"),
        migrations.RunSQL(*trigger_sql("leads_handoff", "state", HANDOFF_MOVES)),
    ]
