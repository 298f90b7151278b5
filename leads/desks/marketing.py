"""Marketing's desk: what sales sent back, what wakes, and what nobody has touched. Read only.

What needs data and what is ready is judged lead by lead (leads.desks.readiness).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import (
    BigIntegerField,
    Exists,
    F,
    FilteredRelation,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from crm.accounts.models import User
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.paging import Branches, Listing, Order, Page
from leads.lists.leads import NEWEST_FIRST
from leads.models import Company, Dispute, Event, Lead, Parking, Return
from leads.models.lead import lead_name
from leads.states import HandoffState, ParkingState
from sla.clocks.snapshots import ClockRow

STALE_AFTER = timedelta(days=14)
# How long a lead that woke is news, and how early one that will wake is announced.
WAKING_WITHIN = timedelta(days=7)
# A longer list says only that it is longer.
COUNTED_UP_TO = 100
BY_DEADLINE = Order("due", nullable=True)
BY_MOMENT = Order("moment")
LEAD_PATHS = (
    "pk",
    "person__name",
    "person__email",
    "person__phone",
    "person__job_title",
    "company__name",
    "external_id",
    "contact_hidden",
    "is_test",
)


class LeadShown(NamedTuple):
    """What a row of the desk shows of its lead, in the order of LEAD_PATHS."""

    pk: int
    person: str
    email: str
    phone: str
    job_title: str
    company: str | None
    external_id: str
    contact_hidden: bool
    is_test: bool

    @property
    def name(self) -> str:
        """The name as everywhere else (leads.models.lead.lead_name)."""
        return lead_name(
            self.person,
            self.email,
            self.phone,
            self.external_id,
            pk=self.pk,
            contact_hidden=self.contact_hidden,
        )

    @property
    def about(self) -> str:
        """The job title and the company, as far as they are known."""
        return ", ".join(part for part in (self.job_title, self.company) if part)


# -- Sent back


class SentBack(NamedTuple):
    """A return: its lead, who rejected it, when and why, and the clock of the answer.

    ``state``: that of the handoff: rejected, misrouted or a duplicate. ``kind``: the class of a
    rejection. ``reason`` is bilingual. ``was_contested``: the arbiter decided on it already.
    """

    pk: int
    handoff: int
    state: str
    cycle: int
    opened_at: datetime
    assigned_to: str | None
    rejected_by: str | None
    rejected_at: datetime | None
    kind: str | None
    reason: Mapping[str, str] | None
    comment: str | None
    was_contested: bool
    lead: LeadShown
    clock: ClockRow | None

    @property
    def is_contestable(self) -> bool:
        """Whether marketing may contest it: a rejection, once."""
        return self.state == HandoffState.REJECTED and not self.was_contested


SENT_BACK_PATHS = (
    "pk",
    "handoff_id",
    "handoff__state",
    "handoff__cycle",
    "opened_at",
    "assigned_to__name",
    "decision__by__name",
    "decision__at",
    "decision__reason__kind",
    "decision__reason__name",
    "decision__comment",
    "was_contested",
)


def sent_back(user: User) -> Listing:
    """Return the open returns of the marketing teams of ``user``, the next deadline first."""
    branches = Branches(_sent_back, user=user)
    return Listing(lambda: _sent_back(user=user)[0], BY_DEADLINE, "lead_id", branches)


def _sent_back(*, user: User) -> list[QuerySet[Return]]:
    return [Return.objects.on_desk_of(user).annotate(due=F("clock__due_at"))]


def sent_back_rows(page: Page) -> list[SentBack]:
    """Return the rows of a page of :func:`sent_back`, in its order, in one query."""
    width = len(SENT_BACK_PATHS)
    by_id = {}
    for values in SENT_BACK_ROWS.rows(ids=list(page.rows)):
        own = values[:width]
        lead = LeadShown(*values[width : width + len(LEAD_PATHS)])
        clock = ClockRow(*values[width + len(LEAD_PATHS) :])
        by_id[own[0]] = SentBack._make((*own, lead, clock if clock.pk else None))
    # A return may be answered since the page was read.
    return [by_id[pk] for pk in page.rows if pk in by_id]


def _sent_back_rows(*, ids: list[int]) -> QuerySet[Any]:
    stands = Q(
        handoff__decisions__undone_at__isnull=True,
        handoff__decisions__released_at__isnull=True,
    )
    rows = Return.objects.filter(Among("pk", ids))
    # At most one decision of a handoff stands: the join repeats no row.
    rows = rows.annotate(
        decision=FilteredRelation("handoff__decisions", condition=stands),
        was_contested=Exists(Dispute.objects.standing().filter(handoff=OuterRef("handoff"))),
    )
    lead = [f"handoff__lead__{path}" for path in LEAD_PATHS]
    clock = [f"clock__{name}" for name in ClockRow._fields]
    columns = [_column(path) for path in (*SENT_BACK_PATHS, *lead)]
    return rows.values_list(*columns, *clock)


def _column(path: str) -> F | Subquery:
    """Return the column; a name is looked up, for each join takes PostgreSQL longer to plan."""
    owner, _sign, name = path.rpartition("__")
    if name == "name" and owner in NAMED:
        return Subquery(NAMED[owner].filter(pk=OuterRef(owner)).values("name"))
    return F(path)


NAMED: dict[str, QuerySet[Any]] = {
    "assigned_to": User.objects.order_by(),
    "decision__by": User.objects.order_by(),
    "handoff__lead__company": Company.objects.order_by(),
}


SENT_BACK_ROWS = KeptSql(_sent_back_rows)


# -- Waking


class Waking(NamedTuple):
    """A parking: of a lead that woke lately, or of one that wakes soon. ``moment``: when."""

    pk: int
    handoff: int
    state: str
    cause: str
    moment: datetime
    comment: str
    reason: Mapping[str, str]
    parked_by: str
    lead: LeadShown

    @property
    def is_awake(self) -> bool:
        return self.state == ParkingState.WOKEN


WAKING_PATHS = (
    "pk",
    "handoff_id",
    "state",
    "cause",
    "moment",
    "comment",
    "reason__name",
    "parked_by__name",
)


def waking(user: User, *, at: datetime) -> Listing:
    """Return the leads that woke lately and still wait, then those that wake soon."""
    within = {"since": at - WAKING_WITHIN, "until": at + WAKING_WITHIN}
    branches = Branches(_waking, user=user, **within)
    return Listing(lambda: _waking(user=user, **within)[0], BY_MOMENT, "lead_id", branches)


def _waking(*, user: User, since: datetime, until: datetime) -> list[QuerySet[Parking]]:
    rows = Parking.objects.on_desk_of(user, since=since, until=until)
    return [_with_moment(rows)]


def _with_moment(rows: QuerySet[Parking]) -> QuerySet[Parking]:
    return rows.annotate(moment=Coalesce("ended_at", "wake_at"))


def waking_rows(page: Page) -> list[Waking]:
    """Return the rows of a page of :func:`waking`, in its order, in one query."""
    width = len(WAKING_PATHS)
    by_id = {}
    for values in WAKING_ROWS.rows(ids=list(page.rows)):
        by_id[values[0]] = Waking._make((*values[:width], LeadShown(*values[width:])))
    return [by_id[pk] for pk in page.rows if pk in by_id]


def _waking_rows(*, ids: list[int]) -> QuerySet[Any]:
    lead = [f"lead__{path}" for path in LEAD_PATHS]
    rows = _with_moment(Parking.objects.filter(Among("pk", ids)))
    return rows.values_list(*WAKING_PATHS, *lead)


WAKING_ROWS = KeptSql(_waking_rows)


# -- Stale


def stale(user: User, *, at: datetime) -> Listing:
    """Return the leads with marketing to which nothing happened for STALE_AFTER."""
    since = at - STALE_AFTER
    branches = Branches(_stale, user=user, since=since)
    return Listing(lambda: _stale(user=user, since=since)[0], NEWEST_FIRST, "pk", branches)


def _stale(*, user: User, since: datetime) -> list[QuerySet[Lead]]:
    return [Lead.objects.on_desk_of(user).without_event_since(since)]


def last_events(page: Page) -> dict[int, datetime]:
    """Return when something last happened to each lead of the page, in one query."""
    return dict(LAST_EVENTS.rows(leads=list(page.rows)))


def _last_events(*, leads: list[int]) -> QuerySet[Any]:
    rows = Event.objects.filter(Among("lead", leads)).order_by()
    return rows.values("lead").annotate(last=Max("at")).values_list("lead", "last")


LAST_EVENTS = KeptSql(_last_events)


# -- Counters


def counts(user: User, *, at: datetime) -> dict[str, int]:
    """Return how many there are of each list, in one query; COUNTED_UP_TO + 1 for more of them."""
    moments = {
        "since": at - WAKING_WITHIN,
        "until": at + WAKING_WITHIN,
        "untouched_since": at - STALE_AFTER,
    }
    rows = COUNTS.rows(user=user, **moments)
    return dict(zip(("sent_back", "waking", "stale"), *rows, strict=True))


def _counts(
    *, user: User, since: datetime, until: datetime, untouched_since: datetime
) -> QuerySet[Any]:
    lists: dict[str, QuerySet[Any]] = {
        "sent_back": Return.objects.on_desk_of(user),
        "waking": Parking.objects.on_desk_of(user, since=since, until=until),
        "stale": Lead.objects.on_desk_of(user).without_event_since(untouched_since),
    }
    # As many as are counted, and one more.
    columns = {
        name: CountOf(rows.order_by().values("pk")[: COUNTED_UP_TO + 1])
        for name, rows in lists.items()
    }
    return User.objects.filter(pk=user.pk).annotate(**columns).values_list(*columns)


class CountOf(Subquery):
    """The number of rows of a query that may end after some of them."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) first_rows)"
    output_field = BigIntegerField()


COUNTS = KeptSql(_counts)
