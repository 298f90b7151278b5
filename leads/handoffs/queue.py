"""What waits for a person: the queue and the leads they work on. Read only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, Max, Prefetch, Q, QuerySet, Value, When
from django.db.models.fields.json import KeyTransform

from crm.accounts.models import User
from crm.accounts.states import Side
from crm.lib.paging import Order
from leads.models import Decision, Handoff
from leads.models.handoff import HandoffQuerySet
from leads.states import WORKED, HandoffState
from sla.clocks import status
from sla.states import ClockStatus

TABS = ("waiting", "soon", "overdue", "decided")
# The values of a row of the queue and their paths. A list reads them straight into its handoffs,
# in columns that start with ROW_PREFIX, and makes one more object for each clock instead of nine.
ROW_PATHS = {
    "person": "lead__person__name",
    "email": "lead__person__email",
    "phone": "lead__person__phone",
    "phone_extension": "lead__person__phone_extension",
    "contact_hidden": "lead__contact_hidden",
    "brought_by": "lead__marketing_team_id",
    "job_title": "lead__person__job_title",
    "company": "lead__company__name",
    "external_id": "lead__external_id",
    "source": "lead__source__name",
    "is_test": "lead__is_test",
    "persona": "persona_version__persona__name",
    "team": "team__name",
    "owner": "owner__name",
}
ROW_PREFIX = "row_"
# The columns that rules and clocks of a row need. A missing one is read row by row, which the tests
# of the number of queries refuse.
ROW_COLUMNS = (
    "lead",
    "team",
    "state",
    "requeued_at",
    "proves_sql",
    "fit_score",
    "engagement_score",
    "overrides",
    "clock__metric",
    "clock__state",
    "clock__calendar_ref",
    "clock__limit_seconds",
    "clock__used_seconds",
    "clock__started_at",
    "clock__due_at",
    "clock__soon_at",
    "clock__paused_until",
    "clock__stopped_at",
)
# The columns that an accept reads and writes besides those.
ACCEPT_COLUMNS = (
    "cycle",
    "policy_ref",
    "owner",
    "accepted_at",
    "team__name",
    "submitted_by__is_active",
    "submitted_by__mails",
    "lead__stage",
    "lead__owner",
    "lead__accepted_on",
    "lead__marketing_team",
    "lead__contact_hidden",
    "lead__external_id",
    "lead__company__name",
    "lead__person__name",
    "lead__person__email",
    "lead__person__phone",
    "clock__counted_from",
    "clock__spent",
    "clock__assigned_due_at",
)
PENDING = Q(state=HandoffState.PENDING)
CLOCK = "clock__"


# -- The order of the lists, defined here alone

BY_PLACE = Order("place", nullable=True)
BY_DUE = Order("due", nullable=True)
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
    is_back = Q(requeued_at__isnull=False, clock__due_at__gte=at)
    return Case(When(is_back, then=Value(at)), default=F("clock__due_at"))


def order_of(tab: str) -> Order:
    """Return the order of one tab of :func:`queue`."""
    if tab == "decided":
        return LAST_DECIDED
    return BY_PLACE


def queue(user: User, tab: str, *, at: datetime, since: datetime) -> QuerySet[Handoff]:
    """Return the handoffs of one tab of the queue in its order.

    Tabs: "waiting" has all pending, "soon" those at risk, "overdue" those past the deadline,
    "decided" those accepted or rejected from ``since`` on, the last one first. Each handoff comes
    with its clock, its :func:`row_values` and ``overruled``, the overrides of its package
    (packages.overruled).
    """
    if tab == "decided":
        decided = Q(
            decisions__at__gte=since,
            decisions__undone_at__isnull=True,
            decisions__released_at__isnull=True,
        )
        rows = _as_rows(Handoff.objects.visible_to(user))
        # One filter() call, so that all conditions meet the same decision. At most one decision of
        # a handoff stands (handoff_one_decision): the join repeats no row.
        return LAST_DECIDED.sort(rows.filter(decided).annotate(decided_at=F("decisions__at")))
    pending = _as_rows(Handoff.objects.open_to(user)).pending()
    waiting = BY_PLACE.sort(pending.annotate(place=place(at)))
    if tab == "soon":
        return waiting.filter(status.condition(ClockStatus.SOON, at=at, to=CLOCK))
    if tab == "overdue":
        return waiting.filter(status.condition(ClockStatus.LATE, at=at, to=CLOCK))
    return waiting


def _as_rows(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    # One key of the package instead of the whole payload, which a row does not need.
    overruled = KeyTransform("overrides", "package__payload")
    rows = with_row_values(handoffs).select_related("clock")
    return rows.only(*ROW_COLUMNS).annotate(overruled=overruled)


def to_decide(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    """Return ``handoffs`` with what an accept and :func:`row_values` need, in one query."""
    near = ("lead__person", "lead__company", "team", "clock", "submitted_by")
    rows = with_row_values(handoffs).select_related(*near)
    return rows.only(*ROW_COLUMNS, *ACCEPT_COLUMNS)


def with_row_values(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    """Return ``handoffs`` with their :func:`row_values` in columns of their own."""
    columns = {ROW_PREFIX + name: F(path) for name, path in ROW_PATHS.items()}
    return handoffs.annotate(**columns)


def row_values(handoff: Handoff) -> dict[str, Any]:
    """Return the values of ROW_PATHS, from the columns of the row or from related objects."""
    if hasattr(handoff, ROW_PREFIX + "person"):
        return {name: getattr(handoff, ROW_PREFIX + name) for name in ROW_PATHS}
    return {name: _follow(handoff, path) for name, path in ROW_PATHS.items()}


def _follow(handoff: Handoff, path: str) -> Any:
    value: Any = handoff
    for attribute in path.split("__"):
        if not value:
            break
        value = getattr(value, attribute)
    return value


def tab_counts(
    user: User, *, at: datetime, since: datetime, narrow: Narrow = everything
) -> dict[str, int]:
    """Return the size of each tab of :func:`queue`, and :func:`counts`, in two queries.

    ``narrow``: the filters of the page; they apply to the counters, too.
    """
    soon = Count("pk", filter=PENDING & status.condition(ClockStatus.SOON, at=at, to=CLOCK))
    opened = narrow(Handoff.objects.open_to(user))
    counted = opened.aggregate(**_counters(user, at), soon=soon)
    decisions = Decision.objects.filter(
        at__gte=since, undone_at__isnull=True, released_at__isnull=True
    )
    decided = narrow(Handoff.objects.visible_to(user)).filter(pk__in=decisions.values("handoff"))
    return {**counted, "waiting": counted["queue"], "decided": decided.count()}


def mine(user: User) -> QuerySet[Handoff]:
    """Return the handoffs that ``user`` works on, the next due first, then those with nothing due.

    ``due`` is the deadline of what is still awaited.
    """
    handoffs = Handoff.objects.visible_to(user).with_names()
    due = Case(When(clock__stopped_at__isnull=True, then=F("clock__due_at")))
    return BY_DUE.sort(handoffs.filter(owner=user, state__in=WORKED).annotate(due=due))


def counts(user: User, *, at: datetime) -> dict[str, int]:
    """Return the counters of the navigation, in one query.

    Visible pending handoffs ("queue"), the overdue ones, the id of the newest, and the person's
    own.
    """
    return Handoff.objects.open_to(user).aggregate(**_counters(user, at))


def _counters(user: User, at: datetime) -> dict[str, Count | Max]:
    overdue = PENDING & status.condition(ClockStatus.LATE, at=at, to=CLOCK)
    return {
        "queue": Count("pk", filter=PENDING),
        "overdue": Count("pk", filter=overdue),
        "newest": Max("pk", filter=PENDING),
        "mine": Count("pk", filter=Q(owner=user, state__in=WORKED)),
    }


def version(counts: dict[str, int]) -> str:
    """Return a text that changes when a handoff joins or leaves the visible pending ones."""
    # The count alone stays the same when one handoff leaves as another joins.
    return f"{counts['queue']}-{counts['newest'] or 0}"


def no_longer_pending(user: User, pks: list[int]) -> list[Handoff]:
    """Return the handoffs of ``pks`` that are not pending now, also those that a colleague took.

    Each with ``taken``, the decisions that stand. At most two queries.
    """
    known = Q(pk__in=Handoff.objects.visible_to(user).values("pk"))
    # A rep loses sight of what a colleague takes, but the open page still lists it.
    known |= Q(team__in=user.team_ids(Side.SALES))
    standing = Decision.objects.filter(undone_at__isnull=True, released_at__isnull=True)
    rows = Handoff.objects.filter(known, pk__in=pks).exclude(state=HandoffState.PENDING)
    taken = Prefetch("decisions", standing.select_related("by"), to_attr="taken")
    return list(rows.prefetch_related(taken))
