"""Let an unreached lead be recycled, and events say what follow-up does."""

from django.db import migrations, models

MOVES = """
CREATE OR REPLACE FUNCTION leads_handoff_state_moves() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND (OLD.state, NEW.state) NOT IN (('accepted', 'contacted'), ('accepted', 'disqualified'), ('accepted', 'pending'), ('accepted', 'recycled'), ('accepted', 'sql'), ('contacted', 'disqualified'), ('contacted', 'recycled'), ('contacted', 'sql'), ('disqualified', 'accepted'), ('disqualified', 'contacted'), ('disqualified', 'opportunity'), ('disqualified', 'sql'), ('lost', 'opportunity'), ('lost', 'sql'), ('opportunity', 'disqualified'), ('opportunity', 'lost'), ('opportunity', 'recycled'), ('opportunity', 'won'), ('pending', 'accepted'), ('pending', 'rejected'), ('pending', 'withdrawn'), ('rejected', 'pending'), ('sql', 'disqualified'), ('sql', 'lost'), ('sql', 'opportunity'), ('sql', 'recycled'), ('won', 'opportunity')) THEN
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
       AND (OLD.state, NEW.state) NOT IN (('accepted', 'contacted'), ('accepted', 'pending'), ('accepted', 'sql'), ('contacted', 'disqualified'), ('contacted', 'recycled'), ('contacted', 'sql'), ('disqualified', 'contacted'), ('disqualified', 'sql'), ('lost', 'opportunity'), ('lost', 'sql'), ('opportunity', 'lost'), ('opportunity', 'recycled'), ('opportunity', 'won'), ('pending', 'accepted'), ('pending', 'rejected'), ('pending', 'withdrawn'), ('rejected', 'pending'), ('sql', 'disqualified'), ('sql', 'lost'), ('sql', 'opportunity'), ('sql', 'recycled'), ('won', 'opportunity')) THEN
        RAISE EXCEPTION 'leads_handoff.state: % -> % is not allowed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0036_planned_step'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='event',
            name='event_kind_known',
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('captured', 'Lead logged'), ('updated', 'Data changed'), ('valuable_action', 'Valuable action'), ('evidence', 'Evidence added'), ('qualified', 'Qualified as MQL'), ('handed_off', 'Handed off to sales'), ('accepted', 'Accepted'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('undone', 'Decision undone'), ('attempt', 'Contact attempted'), ('contacted', 'Contacted'), ('sql', 'Qualified as SQL'), ('opportunity', 'Opportunity opened'), ('won', 'Won'), ('lost', 'Lost'), ('disqualified', 'Disqualified'), ('expected', 'Expected amount or close date changed'), ('amount_corrected', 'Won amount corrected'), ('reopened', 'Outcome reopened'), ('escalated', 'Escalated'), ('requeued', 'Back in the queue'), ('reassigned', 'Reassigned'), ('paused', 'Clock paused'), ('resumed', 'Clock runs again'), ('corrected', 'First contact corrected'), ('reapplied', 'Brought to the agreement in force'), ('imported', 'Imported'), ('archived', 'Archived'), ('closed', 'Closed by marketing'), ('recycled', 'Recycled'), ('woken', 'Awake again'), ('disputed', 'Rejection contested'), ('upheld', 'Dispute upheld: the rejection is overturned'), ('denied', 'Dispute denied: the rejection stands'), ('next_step', 'Next step set'), ('given_back', 'Given back: not reachable'), ('no_contact', 'Asked not to be contacted'), ('consent', 'May be contacted again'), ('note', 'Note')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['captured', 'updated', 'valuable_action', 'evidence', 'qualified', 'handed_off', 'accepted', 'rejected', 'withdrawn', 'undone', 'attempt', 'contacted', 'sql', 'opportunity', 'won', 'lost', 'disqualified', 'expected', 'amount_corrected', 'reopened', 'escalated', 'requeued', 'reassigned', 'paused', 'resumed', 'corrected', 'reapplied', 'imported', 'archived', 'closed', 'recycled', 'woken', 'disputed', 'upheld', 'denied', 'next_step', 'given_back', 'no_contact', 'consent', 'note'])), name='event_kind_known'),
        ),
        migrations.RunSQL(MOVES, MOVES_BEFORE),
    ]
