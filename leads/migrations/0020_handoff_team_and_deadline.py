"""Let a handoff carry its marketing team and, while it is pending, its accept deadline.

Triggers fill them from lead and clock, whatever is written, so that they cannot differ; the
previous version, which does not know the columns, needs nothing else.
"""

import django.db.models.deletion
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION leads_handoff_brought_by() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- FOR SHARE: the lead does not change its team before this handoff is committed.
    SELECT marketing_team_id INTO NEW.marketing_team_id
    FROM public.leads_lead WHERE id = NEW.lead_id FOR SHARE;
    RETURN NEW;
END $$;
CREATE TRIGGER leads_handoff_brought_by BEFORE INSERT OR UPDATE OF lead_id, marketing_team_id
    ON leads_handoff FOR EACH ROW EXECUTE FUNCTION leads_handoff_brought_by();

CREATE FUNCTION leads_lead_brings_handoffs() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE public.leads_handoff SET marketing_team_id = NEW.marketing_team_id
    WHERE lead_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_lead_brings_handoffs AFTER UPDATE OF marketing_team_id ON leads_lead
    FOR EACH ROW WHEN (OLD.marketing_team_id IS DISTINCT FROM NEW.marketing_team_id)
    EXECUTE FUNCTION leads_lead_brings_handoffs();

CREATE FUNCTION leads_handoff_accept_due() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.accept_due_at := NULL;
    IF NEW.state = 'pending' AND NEW.clock_id IS NOT NULL THEN
        SELECT due_at INTO NEW.accept_due_at
        FROM public.sla_clock WHERE id = NEW.clock_id AND metric = 'accept';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leads_handoff_accept_due BEFORE INSERT OR UPDATE OF state, clock_id, accept_due_at
    ON leads_handoff FOR EACH ROW EXECUTE FUNCTION leads_handoff_accept_due();

CREATE FUNCTION leads_clock_moves_accept_due() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- The handoff may have taken the number of its next clock before that was inserted.
    UPDATE public.leads_handoff SET accept_due_at = NEW.due_at
    WHERE id = NEW.subject_id AND clock_id = NEW.id AND state = 'pending'
        AND accept_due_at IS DISTINCT FROM NEW.due_at;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_clock_moves_accept_due AFTER INSERT OR UPDATE OF due_at ON sla_clock
    FOR EACH ROW WHEN (NEW.subject_type = 'handoff' AND NEW.metric = 'accept')
    EXECUTE FUNCTION leads_clock_moves_accept_due();
"""
NO_GUARDS = """
DROP FUNCTION leads_handoff_brought_by() CASCADE;
DROP FUNCTION leads_lead_brings_handoffs() CASCADE;
DROP FUNCTION leads_handoff_accept_due() CASCADE;
DROP FUNCTION leads_clock_moves_accept_due() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_squashed_2026_11"),
        ("leads", "0019_policy_reference_filled"),
    ]

    operations = [
        migrations.AddField(
            "handoff",
            "marketing_team",
            models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.team",
            ),
        ),
        migrations.AddField(
            "handoff", "accept_due_at", models.DateTimeField(editable=False, null=True)
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
