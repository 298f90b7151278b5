"""Refuse to open a closed handoff again whose person asked not to be contacted.

An undo or a reopened outcome beside the request waits for it, as a hand-off does.
"""

from django.db import migrations

GUARD = """
CREATE TRIGGER leads_handoff_reopened_may_be_contacted BEFORE UPDATE OF state ON leads_handoff
    FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL AND NEW.closed_at IS NULL)
    EXECUTE FUNCTION leads_handoff_may_be_contacted();
"""
NO_GUARD = "DROP TRIGGER leads_handoff_reopened_may_be_contacted ON leads_handoff;"


class Migration(migrations.Migration):
    dependencies = [("leads", "0046_attempt_indexes")]
    operations = [migrations.RunSQL(GUARD, NO_GUARD)]
