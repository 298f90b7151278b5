"""Fix the search path of the guards of published personas.

PostgreSQL looks into temporary tables first where a search path does not name them: a guard would
read what its caller wrote there.
"""

from django.db import migrations

SET = """
ALTER FUNCTION personas_personaversion_state_moves() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION personas_personaversion_stays() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION personas_criterion_stays() SET search_path = pg_catalog, public, pg_temp;
"""
RESET = """
ALTER FUNCTION personas_personaversion_state_moves() RESET search_path;
ALTER FUNCTION personas_personaversion_stays() RESET search_path;
ALTER FUNCTION personas_criterion_stays() RESET search_path;
"""


class Migration(migrations.Migration):
    dependencies = [("personas", "0001_squashed_2026_11")]
    operations = [migrations.RunSQL(SET, RESET)]
