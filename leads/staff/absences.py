"""What happened to the leads of a person who was away, and what waits for that person now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Case, Q, QuerySet, When

from crm.accounts import people
from crm.accounts.models import Leave, User
from leads.models import Event, Handoff, Return
from leads.states import WORKED

# Bounds each list of the page; the lead pages have the rest.
MOST = 50


@dataclass(frozen=True)
class Absence:
    """A leave that is over.

    ``decided``: the acts of the delegate, and of others in the person's place; ``happened``: all
    other ones.
    """

    leave: Leave
    happened: list[Event]
    decided: list[Event]
    handoffs: list[Handoff]
    returns: list[Return]


def last_leave(person: User, *, today: date) -> Leave | None:
    """Return the last leave of ``person`` that ended before ``today``, or None."""
    over = person.leaves.filter(last_on__lt=today).select_related("delegate")
    return over.order_by("-last_on").first()


def absence(person: User, leave: Leave) -> Absence:
    """Return what happened during ``leave`` and what waits now. Five queries at most."""
    events = _events(person, leave)
    by_delegate = Q(actor=leave.delegate_id, actor__isnull=False) | Q(on_behalf_of=person)
    return Absence(
        leave,
        happened=list(events.exclude(by_delegate)[:MOST]),
        decided=list(events.filter(by_delegate)[:MOST]),
        handoffs=list(_handoffs(person)[:MOST]),
        returns=list(_returns(person)[:MOST]),
    )


def _events(person: User, leave: Leave) -> QuerySet[Event]:
    """Return what others and the system did to the person's leads, the newest first."""
    zone = ZoneInfo(person.time_zone or people.organisation().time_zone)
    begin = datetime.combine(leave.first_on, time(0), tzinfo=zone)
    end = datetime.combine(leave.last_on + timedelta(days=1), time(0), tzinfo=zone)
    own = Handoff.objects.visible_to(person).filter(Q(owner=person) | Q(submitted_by=person))
    rows = Event.objects.filter(handoff__in=own, at__gte=begin, at__lt=end)
    rows = rows.exclude(actor=person, actor__isnull=False)
    return rows.select_related("actor", "lead__person", "lead__company").order_by("-id")


def _handoffs(person: User) -> QuerySet[Handoff]:
    """Return the open handoffs that the person works on, by the time that is left."""
    rows = Handoff.objects.filter(owner=person, state__in=WORKED)
    # A clock that has stopped leaves no time to show.
    due = Case(When(clock__stopped_at__isnull=True, then="clock__due_at"))
    rows = rows.select_related("lead__person", "lead__company", "clock")
    return rows.order_by(due.asc(nulls_last=True), "id")


def _returns(person: User) -> QuerySet[Return]:
    """Return the open returns of leads that the person sent or answers for."""
    rows = Return.objects.visible_to(person).open()
    rows = rows.filter(Q(assigned_to=person) | Q(handoff__submitted_by=person))
    return rows.select_related("handoff__lead__person", "handoff__lead__company", "clock").order_by(
        "clock__due_at", "id"
    )
