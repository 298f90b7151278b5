"""Let the request not to be contacted follow a person who gets another e-mail or phone.

Before, a mistyped address could be corrected, and whoever came with the correct one was unmarked.
"""

from django.db import migrations

FOLLOWS = """
CREATE FUNCTION leads_person_no_contact_follows() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- The request as it was, with the e-mail and phone of now.
    INSERT INTO public.leads_nocontact (email, phone, lead_id, asked_at, asked_by_id, consent)
    SELECT lower(NEW.email), NEW.phone, asked.lead_id, asked.asked_at, asked.asked_by_id, ''
    FROM public.leads_nocontact AS asked
    JOIN public.leads_lead AS lead ON lead.id = asked.lead_id
    WHERE asked.lifted_at IS NULL AND (
        lead.person_id = NEW.id
        OR (asked.email <> '' AND asked.email = lower(OLD.email))
        OR (asked.phone <> '' AND asked.phone = OLD.phone))
    ORDER BY asked.asked_at, asked.id LIMIT 1;
    UPDATE public.leads_person SET no_contact_at = NEW.no_contact_at
    WHERE id <> NEW.id AND no_contact_at IS NULL AND (
        (NEW.email <> '' AND email = lower(NEW.email))
        OR (NEW.phone <> '' AND phone = NEW.phone));
    RETURN NULL;
END $$;
CREATE TRIGGER leads_person_no_contact_follows AFTER UPDATE OF email, phone ON leads_person
    FOR EACH ROW WHEN (
        OLD.no_contact_at IS NOT NULL
        AND (lower(OLD.email), OLD.phone) IS DISTINCT FROM (lower(NEW.email), NEW.phone))
    EXECUTE FUNCTION leads_person_no_contact_follows();
"""
FOLLOWS_NO_MORE = "DROP FUNCTION leads_person_no_contact_follows() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("leads", "0047_reopened_may_be_contacted")]
    operations = [migrations.RunSQL(FOLLOWS, FOLLOWS_NO_MORE)]
