"""Add the dispute, which the arbiter decides, and the states of a return that has one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

RETURN_MOVES = """
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
RETURN_MOVES_BEFORE = """
CREATE OR REPLACE FUNCTION leads_return_state_moves() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND (OLD.state, NEW.state) NOT IN (('closed', 'open'), ('open', 'cancelled'), ('open', 'closed'), ('open', 'fixed'), ('open', 'recycled')) THEN
        RAISE EXCEPTION 'leads_return.state: % -> % is not allowed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
DISPUTE_MOVES = """
CREATE FUNCTION leads_dispute_state_moves() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND (OLD.state, NEW.state) NOT IN (('open', 'again'), ('open', 'cancelled'), ('open', 'closed'), ('open', 'denied'), ('open', 'recycled'), ('open', 'upheld')) THEN
        RAISE EXCEPTION 'leads_dispute.state: % -> % is not allowed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leads_dispute_state_moves BEFORE UPDATE OF state ON leads_dispute
    FOR EACH ROW EXECUTE FUNCTION leads_dispute_state_moves();
"""
NO_DISPUTE_MOVES = """
DROP TRIGGER leads_dispute_state_moves ON leads_dispute;
DROP FUNCTION leads_dispute_state_moves();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_membership_joined'),
        ('leads', '0031_desk_indexes'),
        ('sla', '0009_terms_with_a_default'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('contested', 'Marketing contests the rejection'), ('repeated', 'Rejected as often as agreed')], max_length=10)),
                ('state', models.CharField(choices=[('open', 'Waits for the arbiter'), ('upheld', 'Upheld: the rejection is overturned'), ('denied', 'Denied: the rejection stands'), ('again', 'Handed off once more'), ('closed', 'Closed by the arbiter'), ('recycled', 'Recycled by the arbiter'), ('cancelled', 'Cancelled')], default='open', max_length=10)),
                ('opened_at', models.DateTimeField()),
                ('why', models.TextField(blank=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('comment', models.TextField(blank=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='event',
            name='event_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='return',
            name='return_state_known',
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('captured', 'Lead logged'), ('updated', 'Data changed'), ('valuable_action', 'Valuable action'), ('evidence', 'Evidence added'), ('qualified', 'Qualified as MQL'), ('handed_off', 'Handed off to sales'), ('accepted', 'Accepted'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('undone', 'Decision undone'), ('attempt', 'Contact attempted'), ('contacted', 'Contacted'), ('sql', 'Qualified as SQL'), ('opportunity', 'Opportunity opened'), ('won', 'Won'), ('lost', 'Lost'), ('disqualified', 'Disqualified'), ('expected', 'Expected amount or close date changed'), ('amount_corrected', 'Won amount corrected'), ('reopened', 'Outcome reopened'), ('escalated', 'Escalated'), ('requeued', 'Back in the queue'), ('reassigned', 'Reassigned'), ('paused', 'Clock paused'), ('resumed', 'Clock runs again'), ('corrected', 'First contact corrected'), ('reapplied', 'Brought to the agreement in force'), ('imported', 'Imported'), ('archived', 'Archived'), ('closed', 'Closed by marketing'), ('recycled', 'Recycled'), ('woken', 'Awake again'), ('disputed', 'Rejection contested'), ('upheld', 'Dispute upheld: the rejection is overturned'), ('denied', 'Dispute denied: the rejection stands'), ('note', 'Note')], max_length=20),
        ),
        migrations.AlterField(
            model_name='return',
            name='state',
            field=models.CharField(choices=[('open', 'Waits for marketing'), ('fixed', 'Handed off again'), ('closed', 'Closed by marketing'), ('recycled', 'Recycled'), ('disputed', 'With the arbiter'), ('overturned', 'Rejection overturned'), ('cancelled', 'Cancelled')], default='open', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['captured', 'updated', 'valuable_action', 'evidence', 'qualified', 'handed_off', 'accepted', 'rejected', 'withdrawn', 'undone', 'attempt', 'contacted', 'sql', 'opportunity', 'won', 'lost', 'disqualified', 'expected', 'amount_corrected', 'reopened', 'escalated', 'requeued', 'reassigned', 'paused', 'resumed', 'corrected', 'reapplied', 'imported', 'archived', 'closed', 'recycled', 'woken', 'disputed', 'upheld', 'denied', 'note'])), name='event_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='return',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'fixed', 'closed', 'recycled', 'disputed', 'overturned', 'cancelled'])), name='return_state_known'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='arbiter',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='dispute',
            name='clock',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sla.clock'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='dispute',
            name='handoff',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='leads.handoff'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='opened_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['arbiter', 'lead'], name='dispute_of_arbiter'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['opened_at'], name='dispute_open'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'cancelled'), _negated=True), fields=('handoff',), name='dispute_one_of_handoff'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'upheld', 'denied', 'again', 'closed', 'recycled', 'cancelled'])), name='dispute_state_known'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['contested', 'repeated'])), name='dispute_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='dispute_decided_has_moment'),
        ),
        migrations.RunSQL(RETURN_MOVES, RETURN_MOVES_BEFORE),
        migrations.RunSQL(DISPUTE_MOVES, NO_DISPUTE_MOVES),
    ]
