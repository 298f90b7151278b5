"""Add indexes for counters, lists and numbers, and drop those that others cover.

Built and dropped concurrently: the tables stay open for writing.
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

DROP = [
    "DROP INDEX CONCURRENTLY IF EXISTS leads_lead_owner_id_1f4568d0",
    "DROP INDEX CONCURRENTLY IF EXISTS leads_lead_marketing_team_id_19e1772d",
    "DROP INDEX CONCURRENTLY IF EXISTS leads_handoff_lead_id_8fe7c243",
    "DROP INDEX CONCURRENTLY IF EXISTS leads_handoff_owner_id_683c3459",
    "DROP INDEX CONCURRENTLY IF EXISTS leads_decision_by_id_35002a30",
    "DROP INDEX CONCURRENTLY IF EXISTS leads_event_lead_id_feb552a3",
    "DROP INDEX CONCURRENTLY IF EXISTS leads_event_handoff_id_1a931ca3",
    "DROP INDEX CONCURRENTLY IF EXISTS leads_evidence_lead_id_0f36268a",
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('leads', '0021_handoff_team_and_deadline_filled'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='decision',
            index=models.Index(condition=models.Q(('released_at__isnull', True), ('undone_at__isnull', True)), fields=['at'], name='decision_standing'),
        ),
        AddIndexConcurrently(
            model_name='decision',
            index=models.Index(condition=models.Q(('released_at__isnull', True), ('undone_at__isnull', True), ('kind', 'reject')), fields=['by', 'handoff'], name='decision_refusals'),
        ),
        AddIndexConcurrently(
            model_name='event',
            index=models.Index(condition=models.Q(('kind', 'qualified')), fields=['occurred_on', 'lead'], name='event_qualified'),
        ),
        AddIndexConcurrently(
            model_name='handoff',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['id'], name='handoff_pending'),
        ),
        AddIndexConcurrently(
            model_name='handoff',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['accept_due_at', 'id'], include=('requeued_at',), name='handoff_pending_due'),
        ),
        AddIndexConcurrently(
            model_name='handoff',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['team', 'accept_due_at', 'id'], include=('requeued_at',), name='handoff_pending_of_team'),
        ),
        AddIndexConcurrently(
            model_name='handoff',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['marketing_team', 'accept_due_at', 'id'], include=('requeued_at',), name='handoff_pending_brought'),
        ),
        AddIndexConcurrently(
            model_name='lead',
            index=models.Index(fields=['owner', '-first_seen_on', '-id'], name='lead_owner_newest'),
        ),
        AddIndexConcurrently(
            model_name='lead',
            index=models.Index(condition=models.Q(('mql_on__isnull', False)), fields=['mql_on'], name='lead_qualified_on'),
        ),
        AddIndexConcurrently(
            model_name='lead',
            index=models.Index(condition=models.Q(('is_test', True), ('archived_at__isnull', False), _connector='OR'), fields=['id'], name='lead_not_counted'),
        ),
        RemoveIndexConcurrently(
            model_name='handoff',
            name='handoff_queue',
        ),
        RemoveIndexConcurrently(
            model_name='lead',
            name='lead_owner_stage',
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='decision',
                    name='by',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='event',
                    name='handoff',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='leads.handoff'),
                ),
                migrations.AlterField(
                    model_name='event',
                    name='lead',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='leads.lead'),
                ),
                migrations.AlterField(
                    model_name='evidence',
                    name='lead',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='leads.lead'),
                ),
                migrations.AlterField(
                    model_name='handoff',
                    name='lead',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='handoffs', to='leads.lead'),
                ),
                migrations.AlterField(
                    model_name='handoff',
                    name='owner',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='handoffs', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='lead',
                    name='marketing_team',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='leads', to='accounts.team'),
                ),
                migrations.AlterField(
                    model_name='lead',
                    name='owner',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='leads', to=settings.AUTH_USER_MODEL),
                ),
            ],
            database_operations=[migrations.RunSQL(DROP, migrations.RunSQL.noop)],
        ),
    ]
