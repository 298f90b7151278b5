"""Let a lead be closed by marketing, or recycled: stages, events, reasons, and a handoff's end."""

from django.db import migrations, models

MOVES = """
CREATE OR REPLACE FUNCTION leads_handoff_state_moves() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND (OLD.state, NEW.state) NOT IN (('accepted', 'contacted'), ('accepted', 'pending'), ('accepted', 'sql'), ('contacted', 'disqualified'), ('contacted', 'recycled'), ('contacted', 'sql'), ('disqualified', 'contacted'), ('disqualified', 'sql'), ('lost', 'opportunity'), ('lost', 'sql'), ('opportunity', 'lost'), ('opportunity', 'recycled'), ('opportunity', 'won'), ('pending', 'accepted'), ('pending', 'rejected'), ('pending', 'withdrawn'), ('rejected', 'pending'), ('sql', 'disqualified'), ('sql', 'lost'), ('sql', 'opportunity'), ('sql', 'recycled'), ('won', 'opportunity')) THEN
        RAISE EXCEPTION 'leads_handoff.state: % -> % is not allowed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
MOVES_BEFORE = """
CREATE OR REPLACE FUNCTION leads_handoff_state_moves() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND (OLD.state, NEW.state) NOT IN (('accepted', 'contacted'), ('accepted', 'pending'), ('accepted', 'sql'), ('contacted', 'disqualified'), ('contacted', 'sql'), ('disqualified', 'contacted'), ('disqualified', 'sql'), ('lost', 'opportunity'), ('lost', 'sql'), ('opportunity', 'lost'), ('opportunity', 'won'), ('pending', 'accepted'), ('pending', 'rejected'), ('pending', 'withdrawn'), ('rejected', 'pending'), ('sql', 'disqualified'), ('sql', 'lost'), ('sql', 'opportunity'), ('won', 'opportunity')) THEN
        RAISE EXCEPTION 'leads_handoff.state: % -> % is not allowed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0027_sight_from_indexes'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='event',
            name='event_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='handoff',
            name='handoff_state_known',
        ),
        migrations.RemoveConstraint(
            model_name='handoff',
            name='handoff_owned_has_owner',
        ),
        migrations.RemoveConstraint(
            model_name='lead',
            name='lead_stage_known',
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('captured', 'Lead logged'), ('updated', 'Data changed'), ('valuable_action', 'Valuable action'), ('evidence', 'Evidence added'), ('qualified', 'Qualified as MQL'), ('handed_off', 'Handed off to sales'), ('accepted', 'Accepted'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('undone', 'Decision undone'), ('attempt', 'Contact attempted'), ('contacted', 'Contacted'), ('sql', 'Qualified as SQL'), ('opportunity', 'Opportunity opened'), ('won', 'Won'), ('lost', 'Lost'), ('disqualified', 'Disqualified'), ('expected', 'Expected amount or close date changed'), ('amount_corrected', 'Won amount corrected'), ('reopened', 'Outcome reopened'), ('escalated', 'Escalated'), ('requeued', 'Back in the queue'), ('reassigned', 'Reassigned'), ('paused', 'Clock paused'), ('resumed', 'Clock runs again'), ('corrected', 'First contact corrected'), ('reapplied', 'Brought to the agreement in force'), ('imported', 'Imported'), ('archived', 'Archived'), ('closed', 'Closed by marketing'), ('recycled', 'Recycled'), ('woken', 'Awake again'), ('note', 'Note')], max_length=20),
        ),
        migrations.AlterField(
            model_name='handoff',
            name='state',
            field=models.CharField(choices=[('pending', 'Pending'), ('accepted', 'Accepted'), ('contacted', 'Contacted'), ('sql', 'SQL'), ('opportunity', 'Opportunity'), ('won', 'Won'), ('lost', 'Lost'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('disqualified', 'Disqualified'), ('recycled', 'Recycled')], default='pending', max_length=14),
        ),
        migrations.AlterField(
            model_name='lead',
            name='stage',
            field=models.CharField(choices=[('captured', 'Captured'), ('mql', 'MQL'), ('handed_off', 'Handed off'), ('accepted', 'Accepted'), ('contacted', 'Contacted'), ('sql', 'SQL'), ('opportunity', 'Opportunity'), ('won', 'Won'), ('lost', 'Lost'), ('returned', 'Returned'), ('disqualified', 'Disqualified'), ('closed', 'Closed by marketing'), ('recycled', 'Recycled')], default='captured', max_length=14),
        ),
        migrations.AlterField(
            model_name='outcomereason',
            name='kind',
            field=models.CharField(choices=[('lost', 'Lost'), ('disqualified', 'Disqualified'), ('closed', 'Closed by marketing'), ('recycled', 'Recycled')], max_length=14),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['captured', 'updated', 'valuable_action', 'evidence', 'qualified', 'handed_off', 'accepted', 'rejected', 'withdrawn', 'undone', 'attempt', 'contacted', 'sql', 'opportunity', 'won', 'lost', 'disqualified', 'expected', 'amount_corrected', 'reopened', 'escalated', 'requeued', 'reassigned', 'paused', 'resumed', 'corrected', 'reapplied', 'imported', 'archived', 'closed', 'recycled', 'woken', 'note'])), name='event_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'accepted', 'contacted', 'sql', 'opportunity', 'won', 'lost', 'rejected', 'withdrawn', 'disqualified', 'recycled'])), name='handoff_state_known'),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('owner__isnull', False), ('state__in', ('accepted', 'contacted', 'sql', 'opportunity', 'won', 'lost', 'disqualified', 'recycled'))), models.Q(models.Q(('state__in', ('accepted', 'contacted', 'sql', 'opportunity', 'won', 'lost', 'disqualified', 'recycled')), _negated=True), ('owner__isnull', True)), _connector='OR'), name='handoff_owned_has_owner'),
        ),
        migrations.AddConstraint(
            model_name='lead',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', ['captured', 'mql', 'handed_off', 'accepted', 'contacted', 'sql', 'opportunity', 'won', 'lost', 'returned', 'disqualified', 'closed', 'recycled'])), name='lead_stage_known'),
        ),
        migrations.RunSQL(MOVES, MOVES_BEFORE),
    ]
