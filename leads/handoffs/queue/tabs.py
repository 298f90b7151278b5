"""The tabs of the queue: their handoffs and their order. Read only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import Case, F, Q, QuerySet, Value, When

from crm.accounts.models import User
from crm.lib.paging import Order
from leads.models import Handoff
from leads.models.handoff import HandoffQuerySet
from sla.clocks import status
from sla.states import ClockStatus

TABS = ("waiting", "soon", "overdue", "decided")
# The order of the tabs, defined here alone.
BY_PLACE = Order("place", nullable=True)
LAST_DECIDED = Order("decided_at", descending=True)

Narrow = Callable[[QuerySet[Handoff]], QuerySet[Handoff]]


def everything(rows: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Return all of ``rows``."""
    return rows


def place(at: datetime) -> Case:
    """Return the moment by which a pending handoff has its place in the queue.

    That is the deadline: overdue handoffs come first, then the least time left. A requeued one
    that is not overdue stands at ``at``, behind the overdue ones and before all others. A place
    only moves back with time, so that paging by it skips no row.
    """
    is_back = Q(requeued_at__isnull=False, accept_due_at__gte=at)
    return Case(When(is_back, then=Value(at)), default=F("accept_due_at"))


def order_of(tab: str) -> Order:
    """Return the order of one tab of :func:`queue`."""
    if tab == "decided":
        return LAST_DECIDED
    return BY_PLACE


def queue(user: User, tab: str, *, at: datetime, since: datetime) -> QuerySet[Handoff]:
    """Return the handoffs of one tab of the queue in its order.

    Tabs: "waiting" has all pending, "soon" those at risk, "overdue" those past the deadline,
    "decided" those accepted or rejected from ``since`` on, the last one first.
    """
    handoffs = Handoff.objects.pending_to(user)
    if tab == "decided":
        handoffs = Handoff.objects.visible_to(user)
    return order_of(tab).sort(_of_tab(handoffs, tab, at=at, since=since))


def queue_in_sight(
    tab: str, *, user: User, at: datetime, since: datetime
) -> list[QuerySet[Handoff]]:
    """Return the handoffs of :func:`queue` by the reasons of sight, some of them in several."""
    branches = Handoff.objects.pending_in_sight(user)
    if tab == "decided":
        branches = Handoff.objects.in_sight(user)
    return [_of_tab(branch, tab, at=at, since=since) for branch in branches]


def _of_tab(
    handoffs: HandoffQuerySet, tab: str, *, at: datetime, since: datetime
) -> QuerySet[Handoff]:
    """Return those of ``handoffs`` that are in ``tab``, with the value that orders them."""
    if tab == "decided":
        decided = Q(
            decisions__at__gte=since,
            decisions__undone_at__isnull=True,
            decisions__released_at__isnull=True,
        )
        # One filter() call, so that all conditions meet the same decision. At most one decision of
        # a handoff stands (handoff_one_decision): the join repeats no row.
        return handoffs.filter(decided).annotate(decided_at=F("decisions__at"))
    waiting = handoffs.annotate(place=place(at))
    if tab == "soon":
        return at_risk(waiting, at=at)
    if tab == "overdue":
        return waiting.filter(accept_due_at__lt=at)
    return waiting


def at_risk(waiting: QuerySet[Handoff], *, at: datetime) -> QuerySet[Handoff]:
    """Return those of the pending handoffs ``waiting`` whose clock is at risk."""
    # A pending handoff has an open clock, whose deadline it carries. Were the clock asked for it,
    # too, PostgreSQL would expect one in all and read every open clock for each handoff.
    is_soon = status.condition(ClockStatus.SOON, at=at, to="clock__", are_in_time=True)
    return waiting.filter(is_soon, accept_due_at__gte=at)
