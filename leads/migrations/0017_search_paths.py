"""Fix the search path of the guards of handoffs and leads.

PostgreSQL looks into temporary tables first where a search path does not name them: a guard would
read what its caller wrote there.
"""

from django.db import migrations

SET = """
ALTER FUNCTION leads_handoff_state_moves() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION leads_handoff_owner_is_active() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION leads_mql_has_an_action() SET search_path = pg_catalog, public, pg_temp;
"""
RESET = """
ALTER FUNCTION leads_handoff_state_moves() RESET search_path;
ALTER FUNCTION leads_handoff_owner_is_active() RESET search_path;
ALTER FUNCTION leads_mql_has_an_action() RESET search_path;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0016_bulk_reasons")]
    operations = [migrations.RunSQL(SET, RESET)]
