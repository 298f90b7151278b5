"""Triggers by which a version that was published stays as it is, its criteria too, for every role and every door.

Of a published version only the state may change (it is superseded one day), and no version is born published: its
criteria are written while it is a draft. The share lock makes a criterion wait for a publishing that is under way.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION personas_personaversion_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'personas_personaversion: a version begins as a draft' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'personas_personaversion: a % version is never removed', OLD.state
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF to_jsonb(NEW) - 'state' IS DISTINCT FROM to_jsonb(OLD) - 'state' THEN
        RAISE EXCEPTION 'personas_personaversion: a % version cannot change', OLD.state
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER personas_personaversion_stays BEFORE INSERT OR UPDATE OR DELETE ON personas_personaversion
    FOR EACH ROW EXECUTE FUNCTION personas_personaversion_stays();

CREATE FUNCTION personas_criterion_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owning bigint[] := ARRAY[]::bigint[];
    found text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        owning := owning || OLD.version_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        owning := owning || NEW.version_id;
    END IF;
    FOR found IN SELECT state FROM personas_personaversion WHERE id = ANY (owning) FOR SHARE LOOP
        IF found <> 'draft' THEN
            RAISE EXCEPTION 'personas_criterion: the criteria of a % version cannot change', found
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER personas_criterion_stays BEFORE INSERT OR UPDATE OR DELETE ON personas_criterion
    FOR EACH ROW EXECUTE FUNCTION personas_criterion_stays();
"""
BACKWARD = """
DROP TRIGGER personas_criterion_stays ON personas_criterion;
DROP FUNCTION personas_criterion_stays();
DROP TRIGGER personas_personaversion_stays ON personas_personaversion;
DROP FUNCTION personas_personaversion_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("personas", "0004_drafts")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
