"""Who may not decide on a lead again: who rejected it, while nothing is newer than the rejection.

A rejection that the arbiter overturned counts, too: the same package would get the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from crm.accounts import teams
from crm.accounts.models import User
from crm.accounts.states import Side
from leads.conflicts import RejectedBefore
from leads.models import Decision, Event, Handoff, Lead, ValuableAction
from leads.states import DecisionKind, EventKind

# Events of a package field, of evidence, and of a valuable action.
NEWS = (EventKind.UPDATED, EventKind.EVIDENCE, EventKind.VALUABLE_ACTION)


class Pending(Protocol):
    """What is asked of a handoff, which may be a row of a list."""

    @property
    def pk(self) -> int: ...
    @property
    def lead_id(self) -> int: ...
    @property
    def team_id(self) -> int: ...
    @property
    def cycle(self) -> int: ...


def check(handoff: Handoff, *, by: User) -> None:
    """Raise RejectedBefore if ``by`` may not decide on ``handoff``."""
    if barred(by, [handoff]):
        raise RejectedBefore(handoff)


def is_barred(user: User, handoff: Handoff) -> bool:
    """Return whether ``user`` rejected the lead of the pending ``handoff`` and may not decide.

    Asked of the database once for each object and person: a page asks at several places.
    """
    known: dict[int, bool] = handoff.__dict__.setdefault("_barred", {})
    if user.pk not in known:
        known[user.pk] = bool(barred(user, [handoff]))
    return known[user.pk]


def barred(user: User, handoffs: Iterable[Pending]) -> set[int]:
    """Return the ids of those of the pending ``handoffs`` on which ``user`` may not decide.

    No query where all are of a first cycle, one where the person rejected none of the leads, six
    at most.
    """
    again = [handoff for handoff in handoffs if handoff.cycle > 1]
    if not again:
        return set()
    own = Decision.objects.filter(by=user)
    rejected = {lead_id for lead_id, _person in _stale_rejections(own, again)}
    found = [handoff for handoff in again if handoff.lead_id in rejected]
    if not found:
        return set()
    return {handoff.pk for handoff in found} - _left_to(user, found)


def _stale_rejections(
    decisions: QuerySet[Decision], handoffs: Iterable[Pending]
) -> set[tuple[int, int]]:
    """Return lead and person of each rejection that nothing is newer than."""
    lead_ids = {handoff.lead_id for handoff in handoffs}
    rows = decisions.filter(
        handoff__lead__in=lead_ids, kind=DecisionKind.REJECT, undone_at__isnull=True
    )
    rejections = list(rows.values_list("handoff__lead", "by").annotate(last=Max("at")))
    if not rejections:
        return set()
    newest = _newest({lead_id for lead_id, _person, _at in rejections})
    return {
        (lead_id, person)
        for lead_id, person, at in rejections
        if lead_id not in newest or newest[lead_id] <= at
    }


def _news() -> QuerySet[Event]:
    """Return the events of what is new; a copied action that is taken back is nothing new."""
    # A copy and its event are of one moment. The usual manager leaves out what was taken back.
    taken_back = ValuableAction._base_manager.filter(
        lead=OuterRef("lead"), recorded_at=OuterRef("at"), taken_back_at__isnull=False
    )
    was_copied = Q(kind=EventKind.VALUABLE_ACTION) & Q(Exists(taken_back))
    rows = Event.objects.filter(kind__in=NEWS)
    return rows.exclude(was_copied).exclude(payload__has_key="taken_back")


def _newest(lead_ids: Iterable[int]) -> dict[int, datetime]:
    """Return when each lead had its newest change of the package; one query."""
    rows = _news().filter(lead__in=lead_ids)
    return dict(rows.values_list("lead").annotate(last=Max("at")))


def is_new_since(lead: Lead, at: datetime) -> bool:
    """Return whether a package field, evidence or valuable action of ``lead`` is newer."""
    return _news().filter(lead=lead, at__gt=at).exists()


def _left_to(user: User, handoffs: list[Pending]) -> set[int]:
    """Return those on which nobody else can decide, so that ``user`` as the team's lead does.

    In a team without a lead, everybody does.
    """
    people = teams.active_people({handoff.team_id for handoff in handoffs})
    stale = _stale_rejections(Decision.objects.all(), handoffs)
    leads = teams.active_leads({handoff.team_id for handoff in handoffs})
    led = user.team_ids(Side.SALES, led=True)
    left = set()
    for handoff in handoffs:
        ids = {person.pk for person in people[handoff.team_id]}
        others = {pk for pk in ids if (handoff.lead_id, pk) not in stale}
        if not others and (handoff.team_id in led or not leads[handoff.team_id]):
            left.add(handoff.pk)
    return left
