"""One draft at a time, and triggers that keep a text which is proposed or signed as it is, also from psql."""

from django.db import migrations, models

from crm.lib.appendonly import protect
from sla.states import CLOSED

STATES = ", ".join(f"'{state}'" for state in CLOSED)

# What a version may still become after its text is closed; everything else on the row is the text.
COURSE = "'state', 'text', 'content_hash', 'round', 'revision', 'proposed_at', 'in_force_from', 'superseded_at'"

VERSION = f"""
CREATE FUNCTION sla_version_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ({STATES}) THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'the text of version % is closed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF to_jsonb(NEW) - ARRAY[{COURSE}] IS DISTINCT FROM to_jsonb(OLD) - ARRAY[{COURSE}]
        OR (NEW.state <> 'draft' AND (NEW.text, NEW.content_hash, NEW.round, NEW.revision, NEW.proposed_at)
            IS DISTINCT FROM (OLD.text, OLD.content_hash, OLD.round, OLD.revision, OLD.proposed_at))
        OR (NEW.in_force_from IS DISTINCT FROM OLD.in_force_from AND (OLD.state, NEW.state) <> ('signed', 'in_force'))
        OR (NEW.superseded_at IS DISTINCT FROM OLD.superseded_at AND OLD.state = 'superseded')
    THEN
        RAISE EXCEPTION 'the text of version % is closed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sla_version_closed BEFORE UPDATE OR DELETE ON sla_agreementversion
    FOR EACH ROW EXECUTE FUNCTION sla_version_closed();
"""

# Whether a row belongs to a closed text, by table. The first is asked of OLD and of NEW, so nothing is moved in or out.
PARTS = {
    "sla_commitment": "SELECT state FROM sla_agreementversion WHERE id = {row}.version_id",
    "sla_ladderstep": "SELECT v.state FROM sla_commitment c JOIN sla_agreementversion v ON v.id = c.version_id"
    " WHERE c.id = {row}.commitment_id",
    "sla_agreementversion_personas": "SELECT state FROM sla_agreementversion WHERE id = {row}.agreementversion_id",
    "sla_agreementversion_rejection_reasons": "SELECT state FROM sla_agreementversion"
    " WHERE id = {row}.agreementversion_id",
    "sla_openwindow": "SELECT state FROM sla_agreementversion WHERE calendar_id = {row}.calendar_id"
    f" AND state IN ({STATES}) LIMIT 1",
    "sla_agreement_teams": "SELECT state FROM sla_agreementversion WHERE agreement_id = {row}.agreement_id"
    f" AND state IN ({STATES}) LIMIT 1",
}


def part(table: str, question: str) -> str:
    return f"""
    CREATE FUNCTION {table}_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' AND ({question.format(row="OLD")}) IN ({STATES})
            OR TG_OP <> 'DELETE' AND ({question.format(row="NEW")}) IN ({STATES}) THEN
            RAISE EXCEPTION '{table} belongs to a text that is closed' USING ERRCODE = 'check_violation';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER {table}_closed BEFORE INSERT OR UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION {table}_closed();
    """


# The name that was signed, the zone that was signed; what binds whom is only ever ended.
NAMES = f"""
CREATE FUNCTION sla_signed_name_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name IS DISTINCT FROM OLD.name AND EXISTS
        (SELECT 1 FROM sla_agreementversion WHERE agreement_id = OLD.id AND state IN ({STATES})) THEN
        RAISE EXCEPTION 'agreement % is signed by this name', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sla_signed_name_closed BEFORE UPDATE ON sla_agreement
    FOR EACH ROW EXECUTE FUNCTION sla_signed_name_closed();
CREATE FUNCTION sla_signed_zone_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.time_zone IS DISTINCT FROM OLD.time_zone AND EXISTS
        (SELECT 1 FROM sla_agreementversion WHERE calendar_id = OLD.id AND state IN ({STATES})) THEN
        RAISE EXCEPTION 'the hours of calendar % are signed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sla_signed_zone_closed BEFORE UPDATE ON sla_calendar
    FOR EACH ROW EXECUTE FUNCTION sla_signed_zone_closed();
CREATE FUNCTION sla_validity_only_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.version_id, NEW.team_id) IS DISTINCT FROM (OLD.version_id, OLD.team_id)
        OR NOT upper_inf(OLD.during) OR NOT (isempty(NEW.during) OR lower(NEW.during) = lower(OLD.during)) THEN
        RAISE EXCEPTION 'what was in force stays on record' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sla_validity_only_ends BEFORE UPDATE OR DELETE ON sla_validity
    FOR EACH ROW EXECUTE FUNCTION sla_validity_only_ends();
"""
ON = {
    "sla_version_closed": "sla_agreementversion",
    "sla_signed_name_closed": "sla_agreement",
    "sla_signed_zone_closed": "sla_calendar",
    "sla_validity_only_ends": "sla_validity",
    **{f"{table}_closed": table for table in PARTS},
}
UNDO = "".join(f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();" for name, table in ON.items())


class Migration(migrations.Migration):
    dependencies = [("sla", "0004_settle_agreements")]
    operations = [
        migrations.AddConstraint(
            model_name="agreementversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["draft", "proposed"])),
                fields=("agreement",),
                name="agreement_one_draft",
            ),
        ),
        protect("sla_comment"),
        migrations.RunSQL(VERSION + "".join(part(*pair) for pair in PARTS.items()) + NAMES, UNDO),
    ]
