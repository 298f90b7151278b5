"""Fix the search path of the append-only guards and of starting fresh.

PostgreSQL looks into temporary tables first where a search path does not name them: a guard would
read what its caller wrote there.
"""

from django.db import migrations

SET = """
ALTER FUNCTION relevo_append_only() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION relevo_append_only_payload() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION relevo_start_fresh() SET search_path = pg_catalog, public, pg_temp;
"""
RESET = """
ALTER FUNCTION relevo_append_only() RESET search_path;
ALTER FUNCTION relevo_append_only_payload() RESET search_path;
ALTER FUNCTION relevo_start_fresh() SET search_path = public, pg_temp;
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_squashed_2026_11")]
    operations = [migrations.RunSQL(SET, RESET)]
