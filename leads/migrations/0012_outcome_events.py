"""Let events say that an outcome was corrected or reopened, and that an expectation changed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0011_expected_amounts'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='event',
            name='event_kind_known',
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('captured', 'Lead logged'), ('updated', 'Data changed'), ('valuable_action', 'Valuable action'), ('evidence', 'Evidence added'), ('qualified', 'Qualified as MQL'), ('handed_off', 'Handed off to sales'), ('accepted', 'Accepted'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('undone', 'Decision undone'), ('attempt', 'Contact attempted'), ('contacted', 'Contacted'), ('sql', 'Qualified as SQL'), ('opportunity', 'Opportunity opened'), ('won', 'Won'), ('lost', 'Lost'), ('disqualified', 'Disqualified'), ('expected', 'Expected amount or close date changed'), ('amount_corrected', 'Won amount corrected'), ('reopened', 'Outcome reopened'), ('escalated', 'Escalated'), ('requeued', 'Back in the queue'), ('reassigned', 'Reassigned'), ('paused', 'Clock paused'), ('resumed', 'Clock runs again'), ('corrected', 'First contact corrected'), ('reapplied', 'Brought to the agreement in force'), ('imported', 'Imported'), ('archived', 'Archived'), ('note', 'Note')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['captured', 'updated', 'valuable_action', 'evidence', 'qualified', 'handed_off', 'accepted', 'rejected', 'withdrawn', 'undone', 'attempt', 'contacted', 'sql', 'opportunity', 'won', 'lost', 'disqualified', 'expected', 'amount_corrected', 'reopened', 'escalated', 'requeued', 'reassigned', 'paused', 'resumed', 'corrected', 'reapplied', 'imported', 'archived', 'note'])), name='event_kind_known'),
        ),
    ]
