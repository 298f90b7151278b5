"""Add the return of a rejected lead, which marketing answers once, and the parked lead."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

MOVES = """
CREATE FUNCTION leads_return_state_moves() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND (OLD.state, NEW.state) NOT IN (('closed', 'open'), ('open', 'cancelled'), ('open', 'closed'), ('open', 'fixed'), ('open', 'recycled')) THEN
        RAISE EXCEPTION 'leads_return.state: % -> % is not allowed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leads_return_state_moves BEFORE UPDATE OF state ON leads_return
    FOR EACH ROW EXECUTE FUNCTION leads_return_state_moves();
"""
NO_MOVES = """
DROP TRIGGER leads_return_state_moves ON leads_return;
DROP FUNCTION leads_return_state_moves();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_membership_joined'),
        ('leads', '0027_closed_and_recycled'),
        ('sla', '0007_parked_clocks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Parking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('parked', 'Parked'), ('woken', 'Woken'), ('cancelled', 'Cancelled')], default='parked', max_length=10)),
                ('parked_at', models.DateTimeField()),
                ('comment', models.TextField(blank=True)),
                ('wake_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('cause', models.CharField(blank=True, choices=[('date', 'Its date came'), ('action', 'A new valuable action'), ('person', 'By hand')], max_length=8)),
            ],
        ),
        migrations.CreateModel(
            name='Return',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'Waits for marketing'), ('fixed', 'Handed off again'), ('closed', 'Closed by marketing'), ('recycled', 'Recycled'), ('cancelled', 'Cancelled')], default='open', max_length=10)),
                ('opened_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('comment', models.TextField(blank=True)),
            ],
        ),
        migrations.AddField(
            model_name='parking',
            name='ended_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='parking',
            name='handoff',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.handoff'),
        ),
        migrations.AddField(
            model_name='parking',
            name='lead',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='parkings', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='parking',
            name='parked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='parking',
            name='reason',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.outcomereason'),
        ),
        migrations.AddField(
            model_name='return',
            name='answered_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='return',
            name='assigned_to',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='return',
            name='clock',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sla.clock'),
        ),
        migrations.AddField(
            model_name='return',
            name='handoff',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='leads.handoff'),
        ),
        migrations.AddField(
            model_name='return',
            name='marketing_team',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team'),
        ),
        migrations.AddField(
            model_name='return',
            name='reason',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.outcomereason'),
        ),
        migrations.AddIndex(
            model_name='parking',
            index=models.Index(fields=['lead', '-id'], name='parking_of_lead'),
        ),
        migrations.AddIndex(
            model_name='parking',
            index=models.Index(condition=models.Q(('state', 'parked'), ('wake_at__isnull', False)), fields=['wake_at'], name='parking_to_wake'),
        ),
        migrations.AddConstraint(
            model_name='parking',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'parked')), fields=('lead',), name='parking_one_of_lead'),
        ),
        migrations.AddConstraint(
            model_name='parking',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['parked', 'woken', 'cancelled'])), name='parking_state_known'),
        ),
        migrations.AddConstraint(
            model_name='parking',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'parked')), models.Q(models.Q(('state', 'parked'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='parking_ended_has_moment'),
        ),
        migrations.AddConstraint(
            model_name='parking',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause__in', ['date', 'action', 'person']), ('state', 'woken')), models.Q(models.Q(('state', 'woken'), _negated=True), ('cause', '')), _connector='OR'), name='parking_woken_has_cause'),
        ),
        migrations.AddIndex(
            model_name='return',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['marketing_team', 'opened_at'], name='return_open_of_team'),
        ),
        migrations.AddConstraint(
            model_name='return',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'cancelled'), _negated=True), fields=('handoff',), name='return_one_of_handoff'),
        ),
        migrations.AddConstraint(
            model_name='return',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'fixed', 'closed', 'recycled', 'cancelled'])), name='return_state_known'),
        ),
        migrations.AddConstraint(
            model_name='return',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='return_answered_has_moment'),
        ),
        migrations.AddConstraint(
            model_name='return',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'closed'), _negated=True), ('reason__isnull', False), _connector='OR'), name='return_closed_has_reason'),
        ),
        migrations.RunSQL(MOVES, NO_MOVES),
    ]
