"""Open a return, without a clock, of each lead that is with marketing after a rejection.

An imported lead that was sent back has no handoff, and so no return.
"""

from django.db import migrations

FILL = """
INSERT INTO leads_return (handoff_id, marketing_team_id, assigned_to_id, state, opened_at, comment)
SELECT h.id, l.marketing_team_id, h.submitted_by_id, 'open', h.closed_at, ''
FROM leads_handoff h JOIN leads_lead l ON l.id = h.lead_id
WHERE h.state = 'rejected' AND l.stage = 'returned' AND l.archived_at IS NULL
    AND h.cycle = (SELECT max(o.cycle) FROM leads_handoff o WHERE o.lead_id = l.id)
    AND NOT EXISTS (SELECT 1 FROM leads_return r WHERE r.handoff_id = h.id AND r.state <> 'cancelled')
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0028_return_and_parking")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
