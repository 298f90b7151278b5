"""A trigger that refuses an open handoff to somebody who is not active. It reads the person's row under a share lock,
so a deactivation and an acceptance at the same moment wait for each other, and the second one sees the first."""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION leads_handoff_owner_is_active() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.owner_id IS NOT NULL AND NEW.closed_at IS NULL
       AND (TG_OP = 'INSERT' OR NEW.owner_id IS DISTINCT FROM OLD.owner_id) THEN
        PERFORM 1 FROM accounts_user WHERE id = NEW.owner_id AND is_active FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'leads_handoff: person % is not active', NEW.owner_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'handoff_owner_is_active';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER handoff_owner_is_active BEFORE INSERT OR UPDATE OF owner_id ON leads_handoff
    FOR EACH ROW EXECUTE FUNCTION leads_handoff_owner_is_active();
"""
UNDO = "DROP TRIGGER handoff_owner_is_active ON leads_handoff; DROP FUNCTION leads_handoff_owner_is_active();"


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_guards")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
