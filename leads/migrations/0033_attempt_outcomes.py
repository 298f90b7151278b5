"""Say what came of an attempt, and how we know of it."""

from django.db import migrations, models

# The previous version, which may still run, says only whether the attempt reached a person.
OUTCOME = """
CREATE FUNCTION leads_attempt_outcome() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.outcome = '' THEN
        NEW.outcome := CASE WHEN NEW.reached THEN 'reached' ELSE 'no_answer' END;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leads_attempt_outcome BEFORE INSERT ON leads_attempt
    FOR EACH ROW EXECUTE FUNCTION leads_attempt_outcome();
"""
NO_OUTCOME = """
DROP TRIGGER leads_attempt_outcome ON leads_attempt;
DROP FUNCTION leads_attempt_outcome();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0032_dispute'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='attempt',
            name='attempt_channel_known',
        ),
        migrations.AddField(
            model_name='attempt',
            name='outcome',
            field=models.CharField(choices=[('begun', 'Begun'), ('reached', 'Reached'), ('no_answer', 'No answer'), ('wrong', 'Wrong number, or it bounced'), ('call_back', 'Asked for a call on another day'), ('no_contact', 'Asked not to be contacted')], db_default='', max_length=10),
        ),
        migrations.AddField(
            model_name='attempt',
            name='tier',
            field=models.CharField(choices=[('said', 'Said'), ('clicked', 'Begun by our link'), ('seen', 'Seen')], db_default='said', default='said', max_length=8),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='channel',
            field=models.CharField(choices=[('phone', 'Call'), ('whatsapp', 'WhatsApp'), ('email', 'E-mail'), ('meeting', 'Meeting'), ('visit', 'Visit'), ('other', 'Other')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['phone', 'whatsapp', 'email', 'meeting', 'visit', 'other'])), name='attempt_channel_known'),
        ),
        migrations.RunSQL(OUTCOME, NO_OUTCOME),
    ]
