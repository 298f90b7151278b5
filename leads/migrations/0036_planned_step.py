"""Add the next step of a lead: what is to be done, when and by whom."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Pauses, corrections and new terms move the deadline that the step has from its clock.
FOLLOW = """
CREATE FUNCTION leads_clock_moves_planned_step() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE public.leads_plannedstep SET due_at = NEW.due_at
    WHERE handoff_id = NEW.subject_id AND ended_at IS NULL AND set_by_id IS NULL
        AND kind = CASE NEW.metric WHEN 'sql_decision' THEN 'decision' ELSE NEW.metric END;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_clock_moves_planned_step AFTER UPDATE OF due_at ON sla_clock
    FOR EACH ROW WHEN (NEW.subject_type = 'handoff' AND OLD.due_at <> NEW.due_at
        AND NEW.metric IN ('first_contact', 'sql_decision'))
    EXECUTE FUNCTION leads_clock_moves_planned_step();
"""
NO_FOLLOW = "DROP FUNCTION leads_clock_moves_planned_step() CASCADE;"


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('leads', '0035_attempt_outcomes_checked'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlannedStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('first_contact', 'First contact'), ('attempt', 'Try again'), ('call_back', 'Call as agreed'), ('not_reached', 'Not reached: recycle it'), ('decision', 'Decide whether it is an SQL'), ('opportunity', 'Open the opportunity'), ('close', 'Close as won or lost'), ('other', 'Other')], max_length=14)),
                ('text', models.CharField(blank=True, max_length=200)),
                ('due_at', models.DateTimeField()),
                ('remind_at', models.DateTimeField(blank=True, null=True)),
                ('set_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('end', models.CharField(blank=True, choices=[('done', 'Done'), ('changed', 'Changed'), ('gone', 'The lead moved on')], max_length=8)),
            ],
        ),
        migrations.AddField(
            model_name='plannedstep',
            name='handoff',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='planned_steps', to='leads.handoff'),
        ),
        migrations.AddField(
            model_name='plannedstep',
            name='lead',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='planned_steps', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='plannedstep',
            name='owner',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='plannedstep',
            name='set_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='plannedstep',
            index=models.Index(fields=['lead', '-id'], name='planned_step_of_lead'),
        ),
        migrations.AddIndex(
            model_name='plannedstep',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['owner', 'due_at'], include=('lead', 'kind'), name='planned_step_of_owner'),
        ),
        migrations.AddIndex(
            model_name='plannedstep',
            index=models.Index(condition=models.Q(('remind_at__isnull', False)), fields=['remind_at'], name='planned_step_to_remind'),
        ),
        migrations.AddConstraint(
            model_name='plannedstep',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('lead',), name='planned_step_one_open'),
        ),
        migrations.AddConstraint(
            model_name='plannedstep',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['first_contact', 'attempt', 'call_back', 'not_reached', 'decision', 'opportunity', 'close', 'other'])), name='planned_step_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='plannedstep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end', ''), ('ended_at__isnull', True)), models.Q(('end__in', ['done', 'changed', 'gone']), ('ended_at__isnull', False), ('remind_at__isnull', True)), _connector='OR'), name='planned_step_end_known'),
        ),
        migrations.RunSQL(FOLLOW, NO_FOLLOW),
    ]
