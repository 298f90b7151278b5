"""A firm with very many leads, poured straight into the tables: what each lead went through is
planned in one table.

Half of the handoffs in the queues are due in the past; the newest leads are the last. A firm with
more leads has a longer past (plan.SHIFT_LEADS).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.management.color import no_style
from django.db import connection, models

from crm.accounts.models import User
from crm.notifications.models import Message, Notice
from leads.models import (
    Attempt,
    Company,
    Decision,
    Event,
    Evidence,
    FirstTouch,
    Handoff,
    Lead,
    Package,
    Person,
    Source,
    ValuableAction,
)
from sla import snapshot_bodies
from sla.agreements import policies
from sla.models import Clock
from tests import factories
from tests.bench.crowds import desks, plan, staff
from tests.bench.crowds.plan import FIRST, LAST
from tests.bench.crowds.pouring import firm, on, pick, pour
from tests.factories import Cast

FOLDED = "btrim(regexp_replace(relevo_fold({text}), '[^a-z0-9]+', ' ', 'g'))"


@dataclass
class Crowd:
    """The cast, and who looks at the lists: people of the first team of each side, with
    full desks.

    ``busy``: a rep of the team with ``plan.BUSY`` open leads, who is back from a leave.
    """

    cast: Cast
    rep: User
    busy: User
    sales_lead: User
    marketer: User
    director: User
    leads: int
    pending: int


def gather(leads: int, *, pending: int = 2000) -> Crowd:
    """Make the firm and ``leads`` leads, ``pending`` (at most a tenth) of them in the queues;
    ANALYZE at the end.
    """
    cast, pending = factories.cast(), min(pending, leads // 10)
    firm = staff.hire(cast, shifts=plan.shifts(leads))
    for position, code in enumerate(("paid_search", "social", "email", "webinar", "partner"), 10):
        Source.objects.create(code=code, name={"es": code, "en": code}, position=position)
    _plan(cast, firm, leads, pending)
    _pour_all(cast, leads)
    _finish()
    return with_cast(cast, leads, pending)


def with_cast(cast: Cast, leads: int, pending: int) -> Crowd:
    """Return the crowd around ``cast``."""
    return Crowd(cast, cast.bea, cast.cruz, cast.dora, cast.ana, cast.elsa, leads, pending)


def _plan(cast: Cast, firm: staff.Staff, leads: int, pending: int) -> None:
    sources = list(Source.objects.values_list("pk", flat=True))
    agreed = [policies.policy_for(cast.agreement, team, facts={}) for team in firm.sales]
    values = {
        "leads": leads,
        "pending": pending,
        "recent": min(leads, plan.SHIFT_LEADS) // 20,
        "busy": plan.leads_of_busy(leads),
        "days": plan.SHIFT_DAYS * plan.shifts(leads),
        "shifts": plan.shifts(leads),
        "teams": len(firm.sales),
        "sources": len(sources),
        "per_team": staff.REPS,
        "marketing_teams": len(firm.marketing),
        "sales": [team.pk for team in firm.sales],
        "reps": firm.reps,
        "busy_rep": cast.cruz.pk,
        "marketing": [team.pk for team in firm.marketing],
        "submitters": firm.submitters,
        "source_ids": sources,
        "policies": [snapshot_bodies.keep(policy) for policy in agreed],
        "calendars": [snapshot_bodies.keep(policy["calendar"]) for policy in agreed],
    }
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS plan")
        cursor.execute(plan.PLAN, values)
        cursor.execute("ANALYZE plan")


def _pour_all(cast: Cast, leads: int) -> None:
    companies = leads * 3 // 10
    company, phone = f"(1 + mod(i * 31, {companies}))", "(5510000000 + i * 37)"
    name = (
        f"{pick(FIRST, 'i * 13')} || ' ' || {pick(LAST, 'i * 29')} || ' ' || "
        f"{pick(LAST, 'i * 7 + i / 59')}"
    )
    mailbox = (
        f"replace(relevo_fold({name}), ' ', '.') || i || '@' || "
        f"{pick('correo empresa oficina', 'i')} || '.test'"
    )
    own, theirs = firm("i"), firm(company)
    pour(
        Company,
        f"i <= {companies}",
        id="i",
        name=f"{own} || ' S.A. de C.V.'",
        name_key=FOLDED.format(text=own),
        country="'MX'",
        employees="20 + mod(i, 900)",
    )
    title = "(ARRAY['Directora de Ventas', 'Gerente Comercial', 'CEO', 'Analista'])[mod(i, 4) + 1]"
    pour(
        Person,
        id="i",
        name=name,
        email=mailbox,
        phone=f"'+52' || {phone}",
        job_title=title,
        country="'MX'",
    )
    words = f"{FOLDED.format(text=name)} || ' ' || {FOLDED.format(text=theirs)}"
    text = f"{words} || ' s a de c v ' || {mailbox} || ' 52' || {phone}"
    _pour_leads(cast, company=company, text=text)
    pour(FirstTouch, lead_id="i", source_id="source_id", seen_on="seen_on")
    kind = str(factories.action().pk)
    pour(
        ValuableAction,
        "fate <> 'captured' OR mod(i, 2) = 0",
        lead_id="i",
        kind_id=kind,
        occurred_on="seen_on",
    )
    _pour_clocks(cast)
    _pour_handoffs(cast)
    _pour_decisions()
    _pour_packages()
    _pour_contacts()
    _pour_events()
    _pour_notices()
    desks.pour_all(cast)


def _pour_leads(cast: Cast, *, company: str, text: str) -> None:
    stages = (
        "CASE fate WHEN 'pending' THEN 'handed_off' WHEN 'rejected' THEN CASE answer WHEN 'closed' "
        "THEN 'closed' WHEN 'recycled' THEN 'recycled' ELSE 'returned' END WHEN 'withdrawn' THEN "
        "'mql'"
    )
    sent, decided = on("submitted_at"), on("decided_at")
    pour(
        Lead,
        id="i",
        person_id="i",
        company_id=company,
        source_id="source_id",
        marketing_team_id="marketing_id",
        stage=f"{stages} ELSE fate END",
        owner_id="CASE WHEN was_accepted THEN rep_id END",
        persona_version_id=f"CASE WHEN fate <> 'captured' THEN {cast.persona.pk} END",
        qualified_by_id="CASE WHEN fate <> 'captured' THEN submitter_id END",
        created_by_id="submitter_id",
        created_at="seen_on + interval '15 hours'",
        first_seen_on="seen_on",
        mql_on=f"CASE WHEN passed THEN {sent} WHEN fate = 'mql' THEN seen_on END",
        handed_off_on=f"CASE WHEN passed THEN {sent} END",
        accepted_on=f"CASE WHEN was_accepted THEN {decided} END",
        contacted_on=f"CASE WHEN was_contacted THEN {on('contacted_at')} END",
        sql_on=f"CASE WHEN was_sql THEN {on('sql_at')} END",
        opportunity_on=f"CASE WHEN was_opportunity THEN {on('opportunity_at')} END",
        won_on=f"CASE WHEN fate = 'won' THEN {on('ended_at')} END",
        lost_on=f"CASE WHEN fate = 'lost' THEN {on('ended_at')} END",
        won_by_id="CASE WHEN fate = 'won' THEN rep_id END",
        won_amount="CASE WHEN fate = 'won' THEN 5000 + mod(i * 97, 200000) END",
        attributes="""jsonb_build_object('budget', mod(i, 90) * 1000)""",
        search_text=text,
    )


def _pour_clocks(cast: Cast) -> None:
    """Accept clocks have the number of their handoff, the next two kinds go on from there."""
    limits = {"accept": 120, "first_contact": 240, "sql_decision": 960}
    parts = {
        "accept": ("passed", "submitted_at", "CASE WHEN fate <> 'pending' THEN decided_at END"),
        "first_contact": (
            "was_accepted",
            "decided_at",
            "CASE WHEN was_contacted THEN contacted_at END",
        ),
        "sql_decision": (
            "was_contacted",
            "contacted_at",
            "CASE WHEN was_sql THEN sql_at WHEN fate = 'disqualified' THEN ended_at END",
        ),
    }
    # The agreement has the same times for every team.
    terms = policies.policy_for(cast.agreement, cast.sales, facts={})["clocks"]
    for place, (metric, (where, started, stopped)) in enumerate(parts.items()):
        due = f"({started} + interval '{limits[metric]} minutes')"
        late = f"coalesce({stopped}, now()) > {due}"
        done = "CASE WHEN fate = 'withdrawn' THEN 'cancelled' ELSE 'met' END"
        pour(
            Clock,
            where,
            id=f"h + {place} * (SELECT max(h) FROM plan)",
            subject_type="'handoff'",
            subject_id="h",
            metric=f"'{metric}'",
            commitment_id=str(terms[metric]["commitment"]),
            team_id="team_id",
            accountable_id="NULL" if metric == "accept" else "rep_id",
            assigned_at="NULL" if metric == "accept" else started,
            assigned_due_at="NULL" if metric == "accept" else due,
            assigned_met="NULL" if metric == "accept" else f"{stopped} <= {due}",
            state=(
                f"CASE WHEN {late} THEN 'breached'"
                f" WHEN {stopped} IS NULL THEN 'running' ELSE {done} END"
            ),
            started_at=started,
            due_at=due,
            soon_at=f"({started} + interval '{limits[metric] * 3 // 4} minutes')",
            limit_seconds=str(limits[metric] * 60),
            calendar_ref_id="calendar_ref",
            ladder_ref_id=f"'\\x{snapshot_bodies.keep(terms[metric]['ladder']).hex()}'::bytea",
            level=f"CASE WHEN {late} THEN 5 ELSE 1 END",
            next_step_at=f"CASE WHEN {stopped} IS NULL AND NOT {late} THEN {due} END",
            breached_at=f"CASE WHEN {late} THEN {due} END",
            stopped_at=stopped,
            used_seconds=f"extract(epoch FROM {stopped} - {started})::int",
        )


def _pour_handoffs(cast: Cast) -> None:
    reason = (
        f"WHEN 'lost' THEN {factories.outcome().pk} WHEN 'disqualified' THEN "
        f"{factories.outcome('no_budget').pk}"
    )
    closed = (
        "CASE WHEN has_ended THEN ended_at WHEN fate IN ('rejected', "
        "'withdrawn') THEN decided_at END"
    )
    pour(
        Handoff,
        "passed",
        id="h",
        lead_id="i",
        state="fate",
        team_id="team_id",
        owner_id="CASE WHEN was_accepted THEN rep_id END",
        submitted_by_id="submitter_id",
        submitted_at="submitted_at",
        agreement_version_id=str(cast.agreement.pk),
        persona_version_id=str(cast.persona.pk),
        policy_ref_id="policy_ref",
        clock_id="h + (was_accepted::int + was_contacted::int) * (SELECT max(h) FROM plan)",
        proves_sql="mod(i, 4) = 0",
        accepted_at="CASE WHEN was_accepted THEN decided_at END",
        contacted_at="CASE WHEN was_contacted THEN contacted_at END",
        sql_at="CASE WHEN was_sql THEN sql_at END",
        opportunity_at="CASE WHEN was_opportunity THEN opportunity_at END",
        closed_at=closed,
        amount="CASE WHEN fate = 'won' THEN 5000 + mod(i * 97, 200000) END",
        fit_score="50 + mod(i, 51)",
        engagement_score="mod(i * 7, 101)",
        outcome_reason_id=f"CASE fate {reason} END",
    )


def _pour_decisions() -> None:
    decided = "was_accepted OR fate = 'rejected'"
    kind, why = "CASE WHEN was_accepted THEN 'accept' ELSE 'reject' END", factories.rejection().pk
    rejected = f"CASE WHEN fate = 'rejected' THEN {why} END"
    pour(
        Decision,
        decided,
        handoff_id="h",
        kind=kind,
        by_id="rep_id",
        at="decided_at",
        reason_id=rejected,
    )


def _pour_packages() -> None:
    facts = (
        "jsonb_build_object('facts', jsonb_build_object('person.name', 'Lead ' || i), 'note', '')"
    )
    pour(
        Package,
        "passed",
        handoff_id="h",
        payload=facts,
        sha256=f"encode(sha256(({facts})::text::bytea), 'hex')",
    )


def _pour_contacts() -> None:
    """Attempts that reached the person, and what they showed."""
    pour(
        Attempt,
        "was_contacted",
        handoff_id="h",
        by_id="rep_id",
        at="contacted_at",
        recorded_at="contacted_at",
        channel="'phone'",
        reached="true",
    )
    for code in ("budget", "decides"):
        pour(
            Evidence,
            "was_sql",
            lead_id="i",
            code=f"'{code}'",
            verdict="'met'",
            actor_id="rep_id",
            at="contacted_at",
        )


def _pour_events() -> None:
    """In the order of a handoff's life, so that the newest one tells its state."""
    seen = "seen_on + interval '15 hours'"
    steps = (  # where, kind, actor, at, from, to
        ("true", "captured", "submitter_id", seen, "", "captured"),
        ("fate <> 'captured' OR mod(i, 2) = 0", "valuable_action", "submitter_id", seen, "", ""),
        ("fate <> 'captured'", "qualified", "submitter_id", seen, "captured", "mql"),
        ("passed", "handed_off", "submitter_id", "submitted_at", "", "pending"),
        ("was_accepted", "accepted", "rep_id", "decided_at", "pending", "accepted"),
        ("fate = 'rejected'", "rejected", "rep_id", "decided_at", "pending", "rejected"),
        ("fate = 'withdrawn'", "withdrawn", "submitter_id", "decided_at", "pending", "withdrawn"),
        ("was_contacted", "contacted", "rep_id", "contacted_at", "accepted", "contacted"),
        ("was_sql", "sql", "rep_id", "sql_at", "contacted", "sql"),
        ("was_opportunity", "opportunity", "rep_id", "opportunity_at", "sql", "opportunity"),
        ("fate = 'won'", "won", "rep_id", "ended_at", "opportunity", "won"),
        ("fate = 'lost'", "lost", "rep_id", "ended_at", "opportunity", "lost"),
        (
            "fate = 'disqualified'",
            "disqualified",
            "rep_id",
            "ended_at",
            "contacted",
            "disqualified",
        ),
    )
    for where, kind, actor, at, old, new in steps:
        of_handoff = kind not in ("captured", "valuable_action", "qualified")
        pour(
            Event,
            where,
            lead_id="i",
            handoff_id="h" if of_handoff else "NULL",
            kind=f"'{kind}'",
            actor_id=actor,
            at=at,
            occurred_on=on(at) if of_handoff else "seen_on",
            from_state=f"'{old}'",
            to_state=f"'{new}'",
            payload="jsonb_build_object('cycle', 1)" if of_handoff else "'{}'::jsonb",
        )


def _pour_notices() -> None:
    """Marketing heard of every acceptance; the last hundred are unread.

    What the signatures told makes room.
    """
    Notice.objects.all().delete()
    Message.objects.all().delete()
    shared = {
        "id": "h",
        "recipient_id": "submitter_id",
        "kind": "'handoff.accepted'",
        "params": (
            "jsonb_build_object('lead', 'Lead ' || i, 'company', '', 'team', 'Ventas', 'by', 'Rep')"
        ),
        "path": "'/leads/' || i || '/'",
        "created_at": "decided_at",
    }
    pour(
        Message,
        "was_accepted",
        **shared,
        uid="gen_random_uuid()",
        dedup_key="'handoff:' || h",
        next_try_at="NULL",
        sent_at="decided_at",
    )
    latest = (
        "i < (SELECT min(i) FROM (SELECT i FROM plan WHERE was_accepted ORDER BY i DESC "
        "LIMIT 100) AS last)"
    )
    pour(
        Notice,
        "was_accepted",
        **shared,
        message_id="h",
        read_at=f"CASE WHEN {latest} THEN decided_at END",
    )


def _finish() -> None:
    """Numbers go on where the crowd ends, and the planner knows what is there."""
    poured = [Company, Person, Lead, Clock, Handoff, Message, Notice]
    made: list[type[models.Model]] = [*poured, *desks.NUMBERED]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), made):
            cursor.execute(statement)
        cursor.execute("DROP TABLE plan")
        # what autovacuum does soon after: a list of rows that are not in the search index yet makes
        # searches dear
        cursor.execute(
            "SELECT gin_clean_pending_list(oid) FROM pg_class WHERE relname = 'lead_search'"
        )
        cursor.execute("ANALYZE")
