"""Give recorded attempts the outcome that they had: a contact, or no answer."""

from django.db import migrations

FILL = """
UPDATE leads_attempt SET outcome = CASE WHEN reached THEN 'reached' ELSE 'no_answer' END
WHERE outcome = ''
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0033_attempt_outcomes")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
