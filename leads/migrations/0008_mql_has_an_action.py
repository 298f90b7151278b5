"""No MQL and no handoff without a valuable action, whoever writes it. Looked at when the transaction ends, because
bulk writers insert leads before their actions. Imported dates are history that nobody judged here; a handoff is not."""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION leads_mql_has_an_action() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint;
BEGIN
    IF TG_TABLE_NAME = 'leads_handoff' THEN wanted := NEW.lead_id; ELSE wanted := NEW.id; END IF;
    PERFORM 1 FROM leads_valuableaction WHERE lead_id = wanted LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'lead % did no valuable action, so it is no MQL', wanted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'mql_has_an_action';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER mql_has_an_action AFTER INSERT ON leads_lead
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.mql_on IS NOT NULL AND NOT NEW.is_imported)
    EXECUTE FUNCTION leads_mql_has_an_action();
CREATE CONSTRAINT TRIGGER mql_has_an_action_on_change AFTER UPDATE OF mql_on, is_imported ON leads_lead
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.mql_on IS NOT NULL AND NOT NEW.is_imported AND (OLD.mql_on IS NULL OR OLD.is_imported))
    EXECUTE FUNCTION leads_mql_has_an_action();
CREATE CONSTRAINT TRIGGER handoff_has_an_action AFTER INSERT ON leads_handoff
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION leads_mql_has_an_action();
"""
UNDO = """
DROP TRIGGER handoff_has_an_action ON leads_handoff;
DROP TRIGGER mql_has_an_action_on_change ON leads_lead;
DROP TRIGGER mql_has_an_action ON leads_lead;
DROP FUNCTION leads_mql_has_an_action();
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0007_scores_and_overrides")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
