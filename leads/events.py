"""The append-only record of what happens to leads: their timeline and their audit in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from crm.accounts import people
from crm.accounts.models import User
from crm.lib.clock import local_date
from crm.lib.db.inserts import Many, insert
from leads.models import Event, Handoff, Lead
from leads.states import EventKind

RECENT = 50  # edits of one lead that a comparison looks back on
# What no step of a handoff waits for: it goes on beside them.
BESIDE = (
    EventKind.UPDATED,
    EventKind.VALUABLE_ACTION,
    EventKind.EVIDENCE,
    EventKind.ATTEMPT,
    EventKind.ESCALATED,
    EventKind.CORRECTED,
    EventKind.REAPPLIED,
    EventKind.NOTE,
)
CHANGES = [kind for kind in EventKind if kind not in BESIDE]


def today(at: datetime) -> date:
    """Return the date at ``at`` in the organisation's zone; milestones are dated by it."""
    return local_date(at, people.organisation().time_zone)


def new(
    lead: Lead,
    kind: EventKind,
    *,
    by: User | None,
    at: datetime,
    on: date | None = None,
    handoff: Handoff | None = None,
    from_state: str = "",
    to_state: str = "",
    payload: dict[str, Any] | None = None,
    on_behalf_of: User | None = None,
) -> Event:
    """Return an unsaved event, for :func:`record` or to be inserted with what it is about.

    ``by`` is None for the system. ``on_behalf_of``: who is away, in whose place ``by`` acts.
    ``on``: the date on which it happened, default today's. Texts and names belong in ``payload``,
    which alone can be erased.
    """
    return Event(
        lead=lead,
        handoff=handoff,
        kind=kind,
        actor=by,
        on_behalf_of=on_behalf_of,
        at=at,
        occurred_on=on or today(at),
        from_state=from_state,
        to_state=to_state,
        payload=payload or {},
    )


def record(event: Event) -> Event:
    """Insert the event and return it."""
    insert(event)
    return event


def many(
    rows: Sequence[Mapping[str, Any]], kind: EventKind, *, by: User | None, at: datetime, on: date
) -> Many:
    """Return one event on each of many leads, to be inserted; rows have lead_id and payload."""
    return Many(
        Event,
        rows,
        kind=kind.value,
        actor_id=by.pk if by else None,
        at=at.isoformat(),
        occurred_on=on.isoformat(),
    )


def of_lead_alone() -> QuerySet[Event]:
    """Return all events but the changes of a company that were made on another lead or page.

    They are recorded on every lead of the company, though no person worked on these leads.
    """
    return Event.objects.exclude(kind=EventKind.UPDATED, payload__has_key="company")


def last_change(subject: Lead | Handoff) -> Event | None:
    """Return the newest event that changed the state, the owner or the clock of ``subject``."""
    rows = Event.objects.filter(kind__in=CHANGES).select_related("actor").order_by("-id")
    if isinstance(subject, Handoff):
        return rows.filter(handoff=subject).first()
    return rows.filter(lead=subject).first()


def last_changes(lead: Lead) -> dict[str, tuple[str, datetime]]:
    """Return name and moment of the last change of each fact ("person.name"). One query."""
    changes: dict[str, tuple[str, datetime]] = {}
    edits = lead.events.filter(kind=EventKind.UPDATED).select_related("actor")
    for event in edits.order_by("-id")[:RECENT]:
        name = ""
        if event.actor is not None:
            name = event.actor.name
        for fact in event.payload.get("changes", {}):
            # The newest event comes first, so the first change of a fact is its last one.
            changes.setdefault(fact, (name, event.at))
    return changes
