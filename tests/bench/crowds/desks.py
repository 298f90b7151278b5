"""What waits on the desks of the crowd: leads sent back, parked and contested, next steps,
escalations, and a leave that is over.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from crm.accounts.models import Leave
from crm.lib import clock
from crm.notifications.models import Message
from leads.models import Dispute, Event, OutcomeReason, Parking, PlannedStep, Return
from sla import snapshot_bodies
from sla.agreements import policies
from sla.models import Clock, Firing
from sla.states import Metric
from tests.bench.crowds.pouring import on, pour
from tests.factories import Cast

# Their rows have the numbers of their handoffs.
NUMBERED: list[type[models.Model]] = [Return, Dispute, Firing]
# The clocks of handoffs have the numbers up to three times the highest of a handoff.
CLOCK_OF_RETURN = "h + 3 * (SELECT max(h) FROM plan)"
ANSWERED_AT = "decided_at + interval '1 day'"
SENT_BACK = "answer IN ('open', 'disputed')"
ESCALATED = "fate = 'accepted'"
ESCALATED_AT = "(decided_at + interval '2 days')"


def pour_all(cast: Cast) -> None:
    """Fill the desks of a crowd whose handoffs are poured."""
    closed, recycled = _reasons()
    _pour_clocks(cast)
    _pour_returns(closed)
    _pour_disputes()
    _pour_parkings(recycled)
    _pour_steps()
    _pour_escalations(cast)
    today = clock.now().date()
    Leave.objects.create(
        person=cast.cruz,
        first_on=today - timedelta(days=10),
        last_on=today - timedelta(days=2),
        delegate=cast.bea,
        created_by=cast.dora,
    )


def _reasons() -> tuple[int, int]:
    """Return the keys of a reason to close a return, and of one to park a lead."""
    keys = []
    for kind in ("closed", "recycled"):
        code = f"bench_{kind}"
        name = {"es": code, "en": code}
        keys.append(OutcomeReason.objects.create(kind=kind, code=code, name=name, position=90).pk)
    return keys[0], keys[1]


def _pour_clocks(cast: Cast) -> None:
    """Pour the clock of each return that waits, by the usual promise of two days."""
    policy = policies.policy_for(cast.agreement, cast.sales, facts={})
    calendar = snapshot_bodies.keep(policy["calendar"])
    ladder = snapshot_bodies.keep(policy["clocks"][Metric.SQL_DECISION]["ladder"])
    due = "(decided_at + make_interval(days => 6 + mod(i, 6)::int))"
    late = f"{due} < now()"
    pour(
        Clock,
        "answer = 'open'",
        id=CLOCK_OF_RETURN,
        subject_type="'return'",
        subject_id="h",
        metric="'return_answer'",
        team_id="marketing_id",
        state=f"CASE WHEN {late} THEN 'breached' ELSE 'running' END",
        started_at="decided_at",
        due_at=due,
        soon_at=f"({due} - interval '4 hours')",
        limit_seconds=str(16 * 60 * 60),
        calendar_ref_id=f"'\\x{calendar.hex()}'::bytea",
        ladder_ref_id=f"'\\x{ladder.hex()}'::bytea",
        level=f"CASE WHEN {late} THEN 5 ELSE 1 END",
        next_step_at=f"CASE WHEN NOT {late} THEN {due} END",
        breached_at=f"CASE WHEN {late} THEN {due} END",
    )


def _pour_returns(reason: int) -> None:
    waits = "answer = 'open'"
    pour(
        Return,
        "fate = 'rejected'",
        id="h",
        handoff_id="h",
        marketing_team_id="marketing_id",
        assigned_to_id="submitter_id",
        state="answer",
        opened_at="decided_at",
        clock_id=f"CASE WHEN {waits} THEN {CLOCK_OF_RETURN} END",
        answered_at=f"CASE WHEN NOT {waits} THEN {ANSWERED_AT} END",
        answered_by_id=f"CASE WHEN NOT {waits} THEN submitter_id END",
        reason_id=f"CASE WHEN answer = 'closed' THEN {reason} END",
    )


def _pour_disputes() -> None:
    """Pour the cases of the directors: the agreement names no arbiter."""
    pour(
        Dispute,
        "answer = 'disputed'",
        id="h",
        lead_id="i",
        handoff_id="h",
        kind="'contested'",
        state="'open'",
        opened_at=ANSWERED_AT,
        opened_by_id="submitter_id",
        why="'Lead ' || i || ' fits the persona'",
    )


def _pour_parkings(reason: int) -> None:
    """Pour the recycled leads; some wake within days, none at once."""
    pour(
        Parking,
        "answer = 'recycled'",
        lead_id="i",
        handoff_id="h",
        state="'parked'",
        parked_at=ANSWERED_AT,
        parked_by_id="submitter_id",
        reason_id=str(reason),
        comment="'Next year'",
        wake_at="now() + make_interval(days => 1 + mod(h, 90)::int)",
    )


def _pour_steps() -> None:
    """Pour the next step of each lead in work, and those before it."""
    kinds = (
        "CASE fate WHEN 'accepted' THEN 'first_contact' WHEN 'contacted' THEN 'decision' "
        "WHEN 'sql' THEN 'opportunity' ELSE 'close' END"
    )
    later = "(now() + make_interval(hours => 36 + mod(i * 7, 480)::int - 120))"
    due = (
        "CASE fate WHEN 'accepted' THEN decided_at + interval '240 minutes' WHEN 'contacted' THEN "
        f"contacted_at + interval '960 minutes' ELSE {later} END"
    )
    remind = f"({later} - interval '1 hour')"
    is_set = "fate IN ('sql', 'opportunity')"
    pour(
        PlannedStep,
        "in_work",
        lead_id="i",
        handoff_id="h",
        owner_id="rep_id",
        kind=kinds,
        due_at=due,
        remind_at=f"CASE WHEN {is_set} AND {remind} > now() + interval '1 day' THEN {remind} END",
        set_at="decided_at",
    )
    pour(
        PlannedStep,
        "was_accepted AND (was_contacted OR NOT in_work)",
        lead_id="i",
        handoff_id="h",
        owner_id="rep_id",
        kind="'first_contact'",
        due_at="decided_at + interval '240 minutes'",
        set_at="decided_at",
        ended_at="contacted_at",
        end="'done'",
    )


def _pour_escalations(cast: Cast) -> None:
    """Pour what the directors hear of: each first contact that is long overdue."""
    pour(
        Firing,
        ESCALATED,
        id="h",
        clock_id="h + (SELECT max(h) FROM plan)",
        level="5",
        kind="'tell_director'",
        planned_at=ESCALATED_AT,
        at=ESCALATED_AT,
    )
    pour(
        Message,
        ESCALATED,
        id="h + (SELECT max(h) FROM plan)",
        uid="gen_random_uuid()",
        channel="'email'",
        recipient_id=str(cast.elsa.pk),
        kind="'handoff.escalated'",
        params="'{}'::jsonb",
        path="'/leads/' || i || '/'",
        dedup_key="'handoff:' || h || ':firing:' || h || ':'",
        created_at=ESCALATED_AT,
        sent_at=ESCALATED_AT,
        next_try_at="NULL",
    )
    pour(
        Event,
        ESCALATED,
        lead_id="i",
        handoff_id="h",
        kind="'escalated'",
        at=ESCALATED_AT,
        occurred_on=on(ESCALATED_AT),
        from_state="'accepted'",
        to_state="'accepted'",
        payload="jsonb_build_object('step', 'tell_director', 'metric', 'first_contact')",
    )
