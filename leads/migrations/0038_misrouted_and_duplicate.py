"""Let sales decide that a lead is misrouted or a duplicate, beside accept and reject."""

import django.db.models.deletion
from django.db import migrations, models

MOVES = """
CREATE OR REPLACE FUNCTION leads_handoff_state_moves() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND (OLD.state, NEW.state) NOT IN (('accepted', 'contacted'), ('accepted', 'disqualified'), ('accepted', 'pending'), ('accepted', 'recycled'), ('accepted', 'sql'), ('contacted', 'disqualified'), ('contacted', 'recycled'), ('contacted', 'sql'), ('disqualified', 'accepted'), ('disqualified', 'contacted'), ('disqualified', 'opportunity'), ('disqualified', 'sql'), ('duplicate', 'pending'), ('lost', 'opportunity'), ('lost', 'sql'), ('misrouted', 'pending'), ('opportunity', 'disqualified'), ('opportunity', 'lost'), ('opportunity', 'recycled'), ('opportunity', 'won'), ('pending', 'accepted'), ('pending', 'duplicate'), ('pending', 'misrouted'), ('pending', 'rejected'), ('pending', 'withdrawn'), ('rejected', 'pending'), ('sql', 'disqualified'), ('sql', 'lost'), ('sql', 'opportunity'), ('sql', 'recycled'), ('won', 'opportunity')) THEN
        RAISE EXCEPTION 'leads_handoff.state: % -> % is not allowed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION leads_return_state_moves() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND (OLD.state, NEW.state) NOT IN (('closed', 'open'), ('disputed', 'cancelled'), ('disputed', 'fixed'), ('disputed', 'open'), ('disputed', 'overturned'), ('duplicate', 'cancelled'), ('duplicate', 'open'), ('open', 'cancelled'), ('open', 'closed'), ('open', 'disputed'), ('open', 'duplicate'), ('open', 'fixed'), ('open', 'recycled')) THEN
        RAISE EXCEPTION 'leads_return.state: % -> % is not allowed', OLD.state, NEW.state
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
       AND (OLD.state, NEW.state) NOT IN (('accepted', 'contacted'), ('accepted', 'disqualified'), ('accepted', 'pending'), ('accepted', 'recycled'), ('accepted', 'sql'), ('contacted', 'disqualified'), ('contacted', 'recycled'), ('contacted', 'sql'), ('disqualified', 'accepted'), ('disqualified', 'contacted'), ('disqualified', 'opportunity'), ('disqualified', 'sql'), ('lost', 'opportunity'), ('lost', 'sql'), ('opportunity', 'disqualified'), ('opportunity', 'lost'), ('opportunity', 'recycled'), ('opportunity', 'won'), ('pending', 'accepted'), ('pending', 'rejected'), ('pending', 'withdrawn'), ('rejected', 'pending'), ('sql', 'disqualified'), ('sql', 'lost'), ('sql', 'opportunity'), ('sql', 'recycled'), ('won', 'opportunity')) THEN
        RAISE EXCEPTION 'leads_handoff.state: % -> % is not allowed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION leads_return_state_moves() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND (OLD.state, NEW.state) NOT IN (('closed', 'open'), ('disputed', 'cancelled'), ('disputed', 'fixed'), ('disputed', 'open'), ('disputed', 'overturned'), ('open', 'cancelled'), ('open', 'closed'), ('open', 'disputed'), ('open', 'fixed'), ('open', 'recycled')) THEN
        RAISE EXCEPTION 'leads_return.state: % -> % is not allowed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0037_follow_up_moves'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='decision',
            name='rejection_has_reason',
        ),
        migrations.RemoveConstraint(
            model_name='event',
            name='event_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='handoff',
            name='handoff_state_known',
        ),
        migrations.RemoveConstraint(
            model_name='return',
            name='return_state_known',
        ),
        migrations.AddField(
            model_name='return',
            name='original',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='duplicates', to='leads.lead'),
        ),
        migrations.AlterField(
            model_name='decision',
            name='kind',
            field=models.CharField(choices=[('accept', 'Accepted'), ('reject', 'Rejected'), ('misroute', 'Misrouted'), ('duplicate', 'Duplicate')], max_length=10),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('captured', 'Lead logged'), ('updated', 'Data changed'), ('valuable_action', 'Valuable action'), ('evidence', 'Evidence added'), ('qualified', 'Qualified as MQL'), ('handed_off', 'Handed off to sales'), ('accepted', 'Accepted'), ('rejected', 'Rejected'), ('misrouted', 'Misrouted'), ('duplicate', 'Duplicate of another lead'), ('withdrawn', 'Withdrawn'), ('undone', 'Decision undone'), ('attempt', 'Contact attempted'), ('contacted', 'Contacted'), ('sql', 'Qualified as SQL'), ('opportunity', 'Opportunity opened'), ('won', 'Won'), ('lost', 'Lost'), ('disqualified', 'Disqualified'), ('expected', 'Expected amount or close date changed'), ('amount_corrected', 'Won amount corrected'), ('reopened', 'Outcome reopened'), ('escalated', 'Escalated'), ('requeued', 'Back in the queue'), ('reassigned', 'Reassigned'), ('paused', 'Clock paused'), ('resumed', 'Clock runs again'), ('corrected', 'First contact corrected'), ('reapplied', 'Brought to the agreement in force'), ('imported', 'Imported'), ('archived', 'Archived'), ('closed', 'Closed by marketing'), ('recycled', 'Recycled'), ('woken', 'Awake again'), ('disputed', 'Rejection contested'), ('upheld', 'Dispute upheld: the rejection is overturned'), ('denied', 'Dispute denied: the rejection stands'), ('next_step', 'Next step set'), ('given_back', 'Given back: not reachable'), ('no_contact', 'Asked not to be contacted'), ('consent', 'May be contacted again'), ('note', 'Note')], max_length=20),
        ),
        migrations.AlterField(
            model_name='handoff',
            name='state',
            field=models.CharField(choices=[('pending', 'Pending'), ('accepted', 'Accepted'), ('contacted', 'Contacted'), ('sql', 'SQL'), ('opportunity', 'Opportunity'), ('won', 'Won'), ('lost', 'Lost'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('disqualified', 'Disqualified'), ('recycled', 'Recycled'), ('misrouted', 'Misrouted'), ('duplicate', 'Duplicate')], default='pending', max_length=14),
        ),
        migrations.AlterField(
            model_name='lead',
            name='stage',
            field=models.CharField(choices=[('captured', 'Captured'), ('mql', 'MQL'), ('handed_off', 'Handed off'), ('accepted', 'Accepted'), ('contacted', 'Contacted'), ('sql', 'SQL'), ('opportunity', 'Opportunity'), ('won', 'Won'), ('lost', 'Lost'), ('returned', 'Returned'), ('disqualified', 'Disqualified'), ('closed', 'Closed'), ('recycled', 'Recycled')], default='captured', max_length=14),
        ),
        migrations.AlterField(
            model_name='return',
            name='state',
            field=models.CharField(choices=[('open', 'Waits for marketing'), ('fixed', 'Handed off again'), ('closed', 'Closed by marketing'), ('recycled', 'Recycled'), ('disputed', 'With the arbiter'), ('overturned', 'Rejection overturned'), ('duplicate', 'Duplicate of another lead'), ('cancelled', 'Cancelled')], default='open', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'reject'), _negated=True), ('reason__isnull', False), _connector='OR'), name='rejection_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['captured', 'updated', 'valuable_action', 'evidence', 'qualified', 'handed_off', 'accepted', 'rejected', 'misrouted', 'duplicate', 'withdrawn', 'undone', 'attempt', 'contacted', 'sql', 'opportunity', 'won', 'lost', 'disqualified', 'expected', 'amount_corrected', 'reopened', 'escalated', 'requeued', 'reassigned', 'paused', 'resumed', 'corrected', 'reapplied', 'imported', 'archived', 'closed', 'recycled', 'woken', 'disputed', 'upheld', 'denied', 'next_step', 'given_back', 'no_contact', 'consent', 'note'])), name='event_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'accepted', 'contacted', 'sql', 'opportunity', 'won', 'lost', 'rejected', 'withdrawn', 'disqualified', 'recycled', 'misrouted', 'duplicate'])), name='handoff_state_known'),
        ),
        migrations.AddConstraint(
            model_name='return',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'fixed', 'closed', 'recycled', 'disputed', 'overturned', 'duplicate', 'cancelled'])), name='return_state_known'),
        ),
        migrations.AddConstraint(
            model_name='return',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('original__isnull', False), ('state', 'duplicate')), models.Q(models.Q(('state', 'duplicate'), _negated=True), ('original__isnull', True)), _connector='OR'), name='return_duplicate_has_original'),
        ),
        migrations.RunSQL(MOVES, MOVES_BEFORE),
    ]
