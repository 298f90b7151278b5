"""Agreements of before in the new states: half-signed drafts wait for signatures, older drafts are given up, and what
is or was in force says for whom and when."""

from django.db import migrations

from crm.lib.moves import trigger_sql
from sla.states import AGREEMENT_MOVES

SETTLE = """
UPDATE sla_agreementversion v SET state = 'discarded' WHERE state = 'draft' AND EXISTS
    (SELECT 1 FROM sla_agreementversion n WHERE n.agreement_id = v.agreement_id AND n.state = 'draft' AND n.id > v.id);
UPDATE sla_agreementversion v SET state = 'proposed', content_hash = s.content_hash, proposed_at = s.at
FROM sla_signature s WHERE s.version_id = v.id AND v.state = 'draft';
INSERT INTO sla_validity (version_id, team_id, during)
SELECT v.id, t.team_id, tstzrange(v.in_force_from, v.superseded_at)
FROM sla_agreementversion v LEFT JOIN sla_agreement_teams t ON t.agreement_id = v.agreement_id
WHERE v.state IN ('in_force', 'superseded') AND v.in_force_from IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0003_agreement_of_both_sides")]
    operations = [
        migrations.RunSQL(*trigger_sql("sla_agreementversion", "state", AGREEMENT_MOVES)),
        migrations.RunSQL(SETTLE, migrations.RunSQL.noop),
    ]
