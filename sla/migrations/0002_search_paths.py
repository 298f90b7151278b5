"""Fix the search path of the guards of clocks, agreements and calendars.

PostgreSQL looks into temporary tables first where a search path does not name them: a guard would
read what its caller wrote there.
"""

from django.db import migrations

SET = """
ALTER FUNCTION sla_clock_state_moves() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION sla_agreementversion_state_moves() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION sla_version_closed() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION sla_commitment_closed() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION sla_ladderstep_closed() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION sla_agreementversion_personas_closed() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION sla_agreementversion_rejection_reasons_closed() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION sla_openwindow_closed() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION sla_agreement_teams_closed() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION sla_signed_name_closed() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION sla_signed_zone_closed() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION sla_validity_only_ends() SET search_path = pg_catalog, public, pg_temp;
"""
RESET = """
ALTER FUNCTION sla_clock_state_moves() RESET search_path;
ALTER FUNCTION sla_agreementversion_state_moves() RESET search_path;
ALTER FUNCTION sla_version_closed() RESET search_path;
ALTER FUNCTION sla_commitment_closed() RESET search_path;
ALTER FUNCTION sla_ladderstep_closed() RESET search_path;
ALTER FUNCTION sla_agreementversion_personas_closed() RESET search_path;
ALTER FUNCTION sla_agreementversion_rejection_reasons_closed() RESET search_path;
ALTER FUNCTION sla_openwindow_closed() RESET search_path;
ALTER FUNCTION sla_agreement_teams_closed() RESET search_path;
ALTER FUNCTION sla_signed_name_closed() RESET search_path;
ALTER FUNCTION sla_signed_zone_closed() RESET search_path;
ALTER FUNCTION sla_validity_only_ends() RESET search_path;
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_squashed_2026_11")]
    operations = [migrations.RunSQL(SET, RESET)]
