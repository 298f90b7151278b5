"""Let a decision end once: undone within seconds or released, while its handoff is pending again.

Whoever writes the columns is checked, also with SQL by hand. The previous version puts the handoff
back into the queue first, too.
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION leads_decision_only_ends() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.undone_at, NEW.released_at) IS NOT DISTINCT FROM (OLD.undone_at, OLD.released_at) THEN
        RETURN NEW;
    END IF;
    IF OLD.undone_at IS NOT NULL OR OLD.released_at IS NOT NULL THEN
        RAISE EXCEPTION 'decision % has ended', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    -- The time to undo: crm.notifications.outbox.UNDO_WINDOW. No lower bound: a request may have
    -- read its moment just before another one decided.
    IF NEW.undone_at > OLD.at + interval '10 seconds'
        OR num_nonnulls(NEW.undone_at, NEW.released_at) = 2 THEN
        RAISE EXCEPTION 'decision % cannot end then', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.leads_handoff
        WHERE id = NEW.handoff_id AND state = 'pending') THEN
        RAISE EXCEPTION 'decision % stands, its handoff is not in the queue', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leads_decision_only_ends BEFORE UPDATE OF undone_at, released_at
    ON leads_decision FOR EACH ROW EXECUTE FUNCTION leads_decision_only_ends();
"""
NO_GUARD = "DROP FUNCTION leads_decision_only_ends() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("leads", "0025_owner_indexes")]
    operations = [migrations.RunSQL(GUARD, NO_GUARD)]
