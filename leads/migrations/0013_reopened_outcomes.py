"""Let a handoff move back from its outcome to the state before, with an owner who is active."""

from django.db import migrations

MOVES = """
CREATE OR REPLACE FUNCTION leads_handoff_state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND (OLD.state, NEW.state) NOT IN (('accepted', 'contacted'), ('accepted', 'pending'), ('accepted', 'sql'), ('contacted', 'disqualified'), ('contacted', 'sql'), ('disqualified', 'contacted'), ('disqualified', 'sql'), ('lost', 'opportunity'), ('lost', 'sql'), ('opportunity', 'lost'), ('opportunity', 'won'), ('pending', 'accepted'), ('pending', 'rejected'), ('pending', 'withdrawn'), ('rejected', 'pending'), ('sql', 'disqualified'), ('sql', 'lost'), ('sql', 'opportunity'), ('won', 'opportunity')) THEN
        RAISE EXCEPTION 'leads_handoff.state: % -> % is not allowed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
MOVES_BEFORE = """
CREATE OR REPLACE FUNCTION leads_handoff_state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state
       AND (OLD.state, NEW.state) NOT IN (('accepted', 'contacted'), ('accepted', 'pending'), ('accepted', 'sql'), ('contacted', 'disqualified'), ('contacted', 'sql'), ('opportunity', 'lost'), ('opportunity', 'won'), ('pending', 'accepted'), ('pending', 'rejected'), ('pending', 'withdrawn'), ('rejected', 'pending'), ('sql', 'disqualified'), ('sql', 'lost'), ('sql', 'opportunity')) THEN
        RAISE EXCEPTION 'leads_handoff.state: % -> % is not allowed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
# The owner of an open handoff is active. So far only a new owner was checked; a closed handoff may
# have an owner who left, and it opens again with the same update that empties closed_at.
OWNER = """
CREATE OR REPLACE FUNCTION leads_handoff_owner_is_active() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.owner_id IS NOT NULL AND NEW.closed_at IS NULL
       AND (TG_OP = 'INSERT' OR NEW.owner_id IS DISTINCT FROM OLD.owner_id OR OLD.closed_at IS NOT NULL) THEN
        PERFORM 1 FROM accounts_user WHERE id = NEW.owner_id AND is_active FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'leads_handoff: person % is not active', NEW.owner_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'handoff_owner_is_active';
        END IF;
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER handoff_owner_is_active ON leads_handoff;
CREATE TRIGGER handoff_owner_is_active BEFORE INSERT OR UPDATE OF owner_id, closed_at ON leads_handoff
    FOR EACH ROW EXECUTE FUNCTION leads_handoff_owner_is_active();
"""
OWNER_BEFORE = """
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
DROP TRIGGER handoff_owner_is_active ON leads_handoff;
CREATE TRIGGER handoff_owner_is_active BEFORE INSERT OR UPDATE OF owner_id ON leads_handoff
    FOR EACH ROW EXECUTE FUNCTION leads_handoff_owner_is_active();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0012_outcome_events'),
    ]

    operations = [
        migrations.RunSQL(MOVES, MOVES_BEFORE),
        migrations.RunSQL(OWNER, OWNER_BEFORE),
    ]
