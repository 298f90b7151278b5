"""Let the promise of a clock change only by the rules: a pause, another agreement, a correction.

Whoever writes the columns is checked, also with SQL by hand. The previous version writes them by
the same rules.
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION sla_clock_keeps_promise() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    runs boolean := OLD.state = 'running' AND NEW.state = 'running'
        AND OLD.stopped_at IS NULL AND NEW.stopped_at IS NULL;
    is_agreed_anew boolean := (NEW.commitment_id, NEW.limit_seconds, NEW.calendar_ref_id)
        IS DISTINCT FROM (OLD.commitment_id, OLD.limit_seconds, OLD.calendar_ref_id);
BEGIN
    IF (NEW.subject_type, NEW.subject_id, NEW.metric)
        IS DISTINCT FROM (OLD.subject_type, OLD.subject_id, OLD.metric) THEN
        RAISE EXCEPTION 'clock % stays on its subject', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    -- A correction finds an earlier start, never a later one.
    IF NEW.started_at > OLD.started_at THEN
        RAISE EXCEPTION 'clock % starts no later', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    -- Only a clock that runs in time follows another agreement, and its time is what that says.
    IF is_agreed_anew AND NOT (runs AND EXISTS (SELECT 1 FROM public.sla_commitment
        WHERE id = NEW.commitment_id AND metric = NEW.metric
            AND window_minutes * 60 = NEW.limit_seconds)) THEN
        RAISE EXCEPTION 'clock % keeps its time', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.due_at IS NOT DISTINCT FROM OLD.due_at OR is_agreed_anew THEN
        RETURN NEW;
    END IF;
    -- The deadline moves with an earlier start; later with a pause, and back with its earlier end.
    IF (NEW.started_at < OLD.started_at AND NEW.due_at < OLD.due_at)
        OR (OLD.state <> 'paused' AND NEW.state = 'paused' AND NEW.due_at > OLD.due_at
            AND EXISTS (SELECT 1 FROM public.sla_pause WHERE clock_id = NEW.id
                AND ended_at IS NULL AND until = NEW.paused_until))
        OR (OLD.state = 'paused' AND NEW.state = 'running' AND NEW.due_at < OLD.due_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'clock % keeps its deadline', OLD.id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER sla_clock_keeps_promise BEFORE UPDATE OF subject_type, subject_id, metric,
    commitment_id, started_at, due_at, limit_seconds, calendar_ref_id
    ON sla_clock FOR EACH ROW EXECUTE FUNCTION sla_clock_keeps_promise();
"""
NO_GUARD = "DROP FUNCTION sla_clock_keeps_promise() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("sla", "0007_parked_clocks")]
    operations = [migrations.RunSQL(GUARD, NO_GUARD)]
