"""A trigger that refuses illegal moves of a persona's version even from psql."""

from django.db import migrations

from crm.lib.moves import trigger_sql
from personas.states import VERSION_MOVES


class Migration(migrations.Migration):
    dependencies = [("personas", "0001_initial")]
    operations = [migrations.RunSQL(*trigger_sql("personas_personaversion", "state", VERSION_MOVES))]
