"""The ladder steps of overdue returns and disputes, by batches.

crm/tasks.py maps the step kinds to these functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from crm.accounts import leaves, teams
from crm.accounts.leaves import Line
from crm.accounts.models import User
from leads.handoffs import firings
from leads.models import Dispute, Handoff, Return
from leads.returns import cases
from sla.clocks.subjects import Held, Step
from sla.models import Clock


def hold(clocks: Sequence[Clock]) -> dict[int, Return]:
    """Lock the returns of ``clocks`` with their handoffs and leads; return them by clock id.

    Without those of which another transaction holds one.
    """
    return _hold(clocks, Return.objects.select_related("assigned_to", "marketing_team"))


def hold_disputes(clocks: Sequence[Clock]) -> dict[int, Dispute]:
    """Lock the disputes of ``clocks`` as :func:`hold` does returns."""
    return _hold(clocks, Dispute.objects.select_related("arbiter"))


def _hold(clocks: Sequence[Clock], rows: QuerySet[Any]) -> dict[int, Any]:
    """Lock those of ``rows`` that ``clocks`` run on, each after its handoff and lead."""
    # Never wait: a lock held by a person's request would hold up the whole batch of the sweep.
    rows = rows.filter(pk__in=[clock.subject_id for clock in clocks])
    handoffs = Handoff.objects.select_for_update(skip_locked=True, no_key=True, of=("self", "lead"))
    of_rows = rows.order_by().values("handoff")
    held = {
        handoff.pk: handoff
        for handoff in handoffs.select_related("lead", "team").filter(pk__in=of_rows)
    }
    subjects = {}
    for row in rows.select_for_update(skip_locked=True, no_key=True, of=("self",)):
        if row.handoff_id in held:
            row.handoff = held[row.handoff_id]
            subjects[row.pk] = row
    return {
        clock.pk: subjects[clock.subject_id] for clock in clocks if clock.subject_id in subjects
    }


def done_at(clocks: Sequence[Clock], held: Held) -> dict[int, datetime]:
    """Return when each return was answered, by its own record; without those that were not."""
    found = {}
    for clock in clocks:
        answered_at = held[clock.pk].answered_at if clock.pk in held else None
        if answered_at is not None:
            found[clock.pk] = answered_at
    return found


def warn(steps: Sequence[Step]) -> None:
    """Warn the person who answers."""
    _fire("handoff.warning", steps, _answerers(steps))


def breach(steps: Sequence[Step]) -> None:
    """Notify the person who answers of each breach."""
    _fire("handoff.breached", steps, _answerers(steps))


def notify_team_lead(steps: Sequence[Step]) -> None:
    """Notify the leads of the marketing team; if it has none, the directors."""
    leads = teams.active_leads(_team_ids(steps))
    _fire("handoff.escalated_lead", steps, lambda row: leads[row.marketing_team_id])


def notify_director(steps: Sequence[Step]) -> None:
    """Notify the directors; if there is none, the admins."""
    firings.fire("handoff.escalated_director", steps, lambda row: [], params_of=_team_of)


def dispute_decided_at(clocks: Sequence[Clock], held: Held) -> dict[int, datetime]:
    """Return when each dispute was decided, by its own record; without those that were not."""
    found = {}
    for clock in clocks:
        decided_at = held[clock.pk].decided_at if clock.pk in held else None
        if decided_at is not None:
            found[clock.pk] = decided_at
    return found


def warn_arbiter(steps: Sequence[Step]) -> None:
    """Warn who decides."""
    firings.fire("handoff.warning", steps, _deciders(steps))


def breach_of_arbiter(steps: Sequence[Step]) -> None:
    """Notify who decides of each breach."""
    firings.fire("handoff.breached", steps, _deciders(steps))


def _deciders(steps: Sequence[Step]) -> firings.PeopleOf:
    """Return who decides a dispute: its arbiter; the directors without one, or in their place."""
    at = steps[0].firing.at
    arbiters = [step.subject.arbiter for step in steps if step.subject.arbiter is not None]
    gone = cases.absent(arbiters, at=at)
    directors = leaves.present_directors(at=at) if gone else []

    def deciders(case: Any) -> list[User] | Line:
        arbiter = case.arbiter
        if arbiter is None:
            return []
        if arbiter.pk in gone:
            return Line([], [(arbiter, directors)])
        return [arbiter]

    return deciders


def _team_ids(steps: Sequence[Step]) -> set[int]:
    # Only a return of a team has a clock.
    return {step.subject.marketing_team_id for step in steps}


def _answerers(steps: Sequence[Step]) -> firings.PeopleOf:
    """Return who answers a return: its person, else the leads of the team."""
    leads = teams.active_leads(_team_ids(steps))

    def answerers(row: Any) -> list[User]:
        if row.assigned_to is not None:
            return [row.assigned_to]
        return leads[row.marketing_team_id]

    return answerers


def _fire(kind: str, steps: Sequence[Step], people_of: firings.PeopleOf) -> None:
    firings.fire(kind, steps, people_of, params_of=_team_of)


def _team_of(row: Any) -> dict[str, str]:
    """Return the team that owes the answer to a return, not that of the handoff."""
    if isinstance(row, Return):
        return {"team": str(row.marketing_team)}
    return {}
