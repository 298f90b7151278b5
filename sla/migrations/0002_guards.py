"""Append-only proofs, and triggers that refuse illegal moves even from psql."""

from django.db import migrations

from crm.lib.appendonly import protect
from crm.lib.moves import trigger_sql
from sla.states import AGREEMENT_MOVES, CLOCK_MOVES


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial")]
    operations = [
        protect("sla_firing"),
        protect("sla_signature"),
        migrations.RunSQL(*trigger_sql("sla_clock", "state", CLOCK_MOVES)),
        migrations.RunSQL(*trigger_sql("sla_agreementversion", "state", AGREEMENT_MOVES)),
    ]
