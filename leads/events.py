"""The append-only record of what happens to leads: their timeline and their audit in one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from crm.accounts import people
from crm.accounts.models import User
from crm.lib.clock import local_date
from leads.models import Event, Handoff, Lead
from leads.states import EventKind

RECENT = 50  # edits of one lead that a comparison looks back on


def today(at: datetime) -> date:
    """The organisation's calendar date at ``at``; dates of milestones are counted in its zone."""
    return local_date(at, people.organisation().time_zone)


def record(
    lead: Lead,
    kind: EventKind,
    *,
    by: User | None,
    at: datetime,
    on: date,
    handoff: Handoff | None = None,
    from_state: str = "",
    to_state: str = "",
    payload: dict[str, Any] | None = None,
) -> Event:
    """Write one event. ``by`` None: the system.

    ``on``: the date it happened. Words and names go to ``payload``.
    """
    return Event.objects.create(
        lead=lead,
        handoff=handoff,
        kind=kind,
        actor=by,
        at=at,
        occurred_on=on,
        from_state=from_state,
        to_state=to_state,
        payload=payload or {},
    )


def last_changes(lead: Lead) -> dict[str, tuple[str, datetime]]:
    """For each fact that was edited lately ("person.name"), who changed it last, and when.

    One query.
    """
    found: dict[str, tuple[str, datetime]] = {}
    edits = lead.events.filter(kind=EventKind.UPDATED).select_related("actor").order_by("-id")
    for event in edits[:RECENT]:
        for fact in event.payload.get("changes", {}):
            found.setdefault(fact, (event.actor.name if event.actor else "", event.at))
    return found
