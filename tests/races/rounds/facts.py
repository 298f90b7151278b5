"""What the rows say of leads, without ids and moments: equal for two leads with the same past."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

# Each fact of a lead as a line, by table.
FACTS = """
WITH subject AS (
    SELECT 'handoff' AS type, id, lead_id FROM leads_handoff WHERE lead_id = ANY(%(leads)s)
    UNION ALL SELECT 'return', r.id, h.lead_id
        FROM leads_return r JOIN leads_handoff h ON h.id = r.handoff_id
        WHERE h.lead_id = ANY(%(leads)s)
    UNION ALL SELECT 'dispute', id, lead_id FROM leads_dispute WHERE lead_id = ANY(%(leads)s)
), handoff AS (SELECT * FROM leads_handoff WHERE lead_id = ANY(%(leads)s))
SELECT l.id, concat_ws(' ', 'lead', l.stage, 'owner', l.owner_id,
        'archived', l.archived_at IS NOT NULL, 'asked', p.no_contact_at IS NOT NULL)
    FROM leads_lead l JOIN leads_person p ON p.id = l.person_id WHERE l.id = ANY(%(leads)s)
UNION ALL SELECT lead_id,
        concat_ws(' ', 'handoff', cycle, state, 'team', team_id, 'owner', owner_id)
    FROM handoff
UNION ALL SELECT lead_id,
        concat_ws(' ', 'event', kind, from_state, '>', to_state, 'by', actor_id)
    FROM leads_event WHERE lead_id = ANY(%(leads)s)
UNION ALL SELECT h.lead_id, concat_ws(' ', 'decision', d.kind, 'by', d.by_id,
        'undone', d.undone_at IS NOT NULL, 'released', d.released_at IS NOT NULL)
    FROM leads_decision d JOIN handoff h ON h.id = d.handoff_id
UNION ALL SELECT h.lead_id, concat_ws(' ', 'return', r.state, 'by', r.answered_by_id)
    FROM leads_return r JOIN handoff h ON h.id = r.handoff_id
UNION ALL SELECT lead_id, concat_ws(' ', 'dispute', state, 'by', decided_by_id)
    FROM leads_dispute WHERE lead_id = ANY(%(leads)s)
UNION ALL SELECT lead_id, concat_ws(' ', 'parking', state, cause, 'by', ended_by_id)
    FROM leads_parking WHERE lead_id = ANY(%(leads)s)
UNION ALL SELECT lead_id, concat_ws(' ', 'step', kind, "end", 'of', owner_id)
    FROM leads_plannedstep WHERE lead_id = ANY(%(leads)s)
UNION ALL SELECT h.lead_id, concat_ws(' ', 'attempt', a.outcome, 'by', a.by_id)
    FROM leads_attempt a JOIN handoff h ON h.id = a.handoff_id
UNION ALL SELECT lead_id, concat_ws(' ', 'asked not to be contacted', asked_by_id)
    FROM leads_nocontact WHERE lead_id = ANY(%(leads)s)
UNION ALL SELECT s.lead_id, concat_ws(' ', 'clock', c.metric, c.state, 'fired', c.level,
        'open', c.stopped_at IS NULL, 'failed', c.failures)
    FROM sla_clock c JOIN subject s ON s.type = c.subject_type AND s.id = c.subject_id
UNION ALL SELECT s.lead_id, concat_ws(' ', 'firing', c.metric, f.level, f.kind, f.outcome)
    FROM sla_firing f JOIN sla_clock c ON c.id = f.clock_id
    JOIN subject s ON s.type = c.subject_type AND s.id = c.subject_id
UNION ALL SELECT l.id, concat_ws(' ', 'notice', m.kind, m.channel, 'to', m.recipient_id,
        'dropped', m.dropped_at IS NOT NULL)
    FROM notifications_message m JOIN leads_lead l ON m.path = '/leads/' || l.id || '/'
    WHERE l.id = ANY(%(leads)s)
"""


def facts_of(scenes: Sequence[Sequence[int]]) -> list[list[str]]:
    """Return the facts of each scene, which is the ids of its leads, in a certain order."""
    place = {}
    for number, leads in enumerate(scenes):
        place.update({lead: (number, part) for part, lead in enumerate(leads)})
    found: list[list[str]] = [[] for _scene in scenes]
    with connection.cursor() as cursor:
        cursor.execute(FACTS, {"leads": list(place)})
        for lead, fact in cursor.fetchall():
            number, part = place[lead]
            found[number].append(f"{part} {fact}")
    return [sorted(facts) for facts in found]
