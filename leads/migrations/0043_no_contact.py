"""Let a person ask not to be contacted, on all leads with the same e-mail or phone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION leads_person_no_contact() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- What is known of the row stays: another e-mail does not make another person.
    IF NEW.no_contact_at IS NULL THEN
        SELECT min(asked_at) INTO NEW.no_contact_at FROM public.leads_nocontact
        WHERE lifted_at IS NULL AND (
            (email <> '' AND email = lower(NEW.email)) OR (phone <> '' AND phone = NEW.phone));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leads_person_no_contact BEFORE INSERT OR UPDATE OF email, phone
    ON leads_person FOR EACH ROW EXECUTE FUNCTION leads_person_no_contact();

CREATE FUNCTION leads_handoff_may_be_contacted() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE asked timestamptz;
BEGIN
    -- FOR SHARE: whoever asks now waits for this handoff, and then closes it.
    SELECT person.no_contact_at INTO asked
    FROM public.leads_lead AS lead JOIN public.leads_person AS person ON person.id = lead.person_id
    WHERE lead.id = NEW.lead_id FOR SHARE OF person;
    IF asked IS NOT NULL THEN
        RAISE EXCEPTION 'the person of lead % asked not to be contacted', NEW.lead_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'handoff_may_be_contacted';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leads_handoff_may_be_contacted BEFORE INSERT
    ON leads_handoff FOR EACH ROW EXECUTE FUNCTION leads_handoff_may_be_contacted();
"""
NO_GUARDS = """
DROP FUNCTION leads_person_no_contact() CASCADE;
DROP FUNCTION leads_handoff_may_be_contacted() CASCADE;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0042_criterion_truth'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='person',
            name='no_contact_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name='NoContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.CharField(blank=True, max_length=254)),
                ('phone', models.CharField(blank=True, max_length=40)),
                ('asked_at', models.DateTimeField()),
                ('lifted_at', models.DateTimeField(null=True)),
                ('consent', models.TextField(blank=True)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.lead')),
                ('lifted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('lifted_at__isnull', True), models.Q(('email', ''), _negated=True)), fields=['email'], name='no_contact_email'), models.Index(condition=models.Q(('lifted_at__isnull', True), models.Q(('phone', ''), _negated=True)), fields=['phone'], name='no_contact_phone')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('consent', ''), ('lifted_at__isnull', True)), models.Q(('lifted_at__isnull', False), models.Q(('consent', ''), _negated=True)), _connector='OR'), name='no_contact_lifted_by_consent')],
            },
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
