"""Let only an attempt that reached a person count as a contact."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0034_attempt_outcomes_filled'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome__in', ('reached', 'call_back', 'no_contact')), ('reached', True)), models.Q(('outcome__in', ['begun', 'no_answer', 'wrong']), ('reached', False)), _connector='OR'), name='attempt_contact_reached'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.CheckConstraint(condition=models.Q(('tier__in', ['said', 'clicked', 'seen'])), name='attempt_tier_known'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', 'begun')), fields=('handoff', 'by', 'channel'), name='attempt_begun_once'),
        ),
    ]
