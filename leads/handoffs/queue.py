"""What waits for a person: the queue and the leads they work on. Read only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import JSONObject

from crm.accounts import teams
from crm.accounts.models import User
from crm.lib.db import returning
from crm.lib.db.kept_sql import Among, KeptSql, counted
from crm.lib.paging import Order, Page
from leads.models import Company, Decision, Handoff, Package, Person, Source, sight
from leads.models.handoff import HandoffQuerySet
from leads.models.lead import lead_name
from leads.states import WORKED, HandoffState
from personas.models import PersonaVersion
from sla.clocks import snapshots, status
from sla.clocks.snapshots import ClockRow
from sla.states import ClockStatus

TABS = ("waiting", "soon", "overdue", "decided")
# What a row of the queue or of "My leads" shows besides its handoff and its clock, by path.
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
# Looked up by a subquery each: PostgreSQL took 5 ms to plan the ten joined tables of a decision and
# takes 1 ms for these. A decision reads them into attributes of this prefix.
ROW_PREFIX = "row_"
LOOKED_UP: dict[str, QuerySet[Any]] = {
    "company": Company.objects.filter(pk=OuterRef("lead__company")).values("name"),
    "source": Source.objects.filter(pk=OuterRef("lead__source")).order_by().values("name"),
    "persona": PersonaVersion.objects.filter(pk=OuterRef("persona_version")).values(
        "persona__name"
    ),
}
# The columns of the handoff itself that a row needs.
OWN_COLUMNS = (
    "pk",
    "lead_id",
    "team_id",
    "state",
    "requeued_at",
    "proves_sql",
    "fit_score",
    "engagement_score",
    "overrides",
)
# The columns that a decision reads and writes. A missing one is read by a query of its own, which
# the tests of the number of queries refuse.
DECISION_COLUMNS = (
    "id",
    *OWN_COLUMNS[1:],
    "cycle",
    "clock_id",
    "policy_ref_id",
    "owner_id",
    "accepted_at",
    "submitted_by_id",
    "lead__id",
    "lead__stage",
    "lead__owner_id",
    "lead__accepted_on",
    "lead__marketing_team_id",
    "lead__contact_hidden",
    "lead__external_id",
    "lead__is_test",
    "lead__person_id",
    "clock__id",
    *(f"clock__{name}" for name in ClockRow._fields[1:]),
    "clock__counted_from",
    "clock__spent",
    "clock__assigned_due_at",
)
# What it looks up in the same way as whole rows, each as one JSON value.
PERSON_ROW, SUBMITTER_ROW = "person_row", "submitter_row"
SHOWN_OF_PERSON = ("id", "name", "email", "phone", "phone_extension", "job_title")
CLOCK = "clock__"
# The tabs whose size the counters of every page do not hold.
UNCOUNTED = ("soon", "decided")
# Every page shows these numbers. Each is read from one index (handoff_pending…, handoff_of_owner).
# Written out, because building it from querysets took 2.5 ms of a page, and running it 0.3 ms.
COUNTERS = """
SELECT
    (SELECT count(*) FROM leads_handoff WHERE state = 'pending' AND ({sight})),
    (SELECT count(*) FROM leads_handoff
     WHERE state = 'pending' AND ({sight}) AND accept_due_at < %(at)s),
    (SELECT max(id) FROM leads_handoff WHERE state = 'pending' AND ({sight})),
    (SELECT count(*) FROM leads_handoff WHERE owner_id = %(user)s AND state = ANY(%(worked)s))
"""


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
        return _at_risk(waiting, at=at)
    if tab == "overdue":
        return waiting.filter(accept_due_at__lt=at)
    return waiting


def _at_risk(waiting: QuerySet[Handoff], *, at: datetime) -> QuerySet[Handoff]:
    """Return those of the pending handoffs ``waiting`` whose clock is at risk."""
    # A pending handoff has an open clock, whose deadline it carries. Were the clock asked for it,
    # too, PostgreSQL would expect one in all and read every open clock for each handoff.
    is_soon = status.condition(ClockStatus.SOON, at=at, to=CLOCK, are_in_time=True)
    return waiting.filter(is_soon, accept_due_at__gte=at)


# -- The rows of a page


class HandoffRow(NamedTuple):
    """What a row of a list shows of a handoff: OWN_COLUMNS, ROW_PATHS and the clock.

    ``overruled``: the overrides of the package with their reasons (packages.overruled).
    """

    pk: int
    lead_id: int
    team_id: int
    state: str
    requeued_at: datetime | None
    proves_sql: bool
    fit_score: int | None
    engagement_score: int | None
    overrides: int
    person: str
    email: str
    phone: str
    phone_extension: str
    contact_hidden: bool
    brought_by: int | None
    job_title: str
    company: str | None
    external_id: str
    source: Mapping[str, str] | None
    is_test: bool
    persona: Mapping[str, str]
    team: str
    owner: str | None
    clock: ClockRow | None
    overruled: list[dict[str, Any]] | None = None

    @property
    def is_pending(self) -> bool:
        return self.state == HandoffState.PENDING

    @property
    def name(self) -> str:
        """The name of the lead as everywhere else."""
        return lead_name(
            self.person,
            self.email,
            self.phone,
            self.external_id,
            pk=self.lead_id,
            contact_hidden=self.contact_hidden,
        )

    @property
    def about(self) -> str:
        """The job title and the company, as far as they are known."""
        return ", ".join(part for part in (self.job_title, self.company) if part)


def rows_of(page: Page, *, without: Collection[str] = ()) -> list[HandoffRow]:
    """Return the rows of a page of handoffs, in its order, in at most two queries.

    ``without``: names of ROW_PATHS that the list does not show and that stay None. Each spares a
    join, which PostgreSQL would take longer to plan than to run.
    """
    shown = tuple(name for name in ROW_PATHS if name not in without)
    found = ROWS.rows(shown, ids=list(page.rows))
    by_id = {values[0]: _row(shown, values) for values in found}
    # A handoff may be gone since the page was read.
    return _with_reasons([by_id[pk] for pk in page.rows if pk in by_id])


def _rows(shown: tuple[str, ...], *, ids: list[int]) -> QuerySet[Any]:
    clock = [CLOCK + name for name in ClockRow._fields]
    columns = [*OWN_COLUMNS, *map(_column, shown), *clock]
    return Handoff.objects.filter(Among("pk", ids)).values_list(*columns)


def _column(name: str) -> F | Subquery:
    """Return the column of LOOKED_UP or of ROW_PATHS."""
    if name in LOOKED_UP:
        return Subquery(LOOKED_UP[name])
    return F(ROW_PATHS[name])


ROWS = KeptSql(_rows)


def _row(shown: Collection[str], values: Sequence[Any]) -> HandoffRow:
    """Return the row with the values of OWN_COLUMNS, of ``shown`` and of its clock."""
    rest = values[len(OWN_COLUMNS) :]
    by_name = dict(zip(shown, rest, strict=False))
    clock = ClockRow(*rest[len(by_name) :])
    return HandoffRow._make(
        (
            *values[: len(OWN_COLUMNS)],
            *(by_name.get(name) for name in ROW_PATHS),
            # A closed handoff from before the clocks has none.
            clock if clock.pk else None,
            None,
        )
    )


def _with_reasons(rows: list[HandoffRow]) -> list[HandoffRow]:
    """Add the reasons of overrides, in one query where a row has any."""
    overridden = [row.pk for row in rows if row.overrides]
    if not overridden:
        return rows
    # One key of the package instead of the whole payload.
    reasons = KeyTransform("overrides", "payload")
    packages = Package.objects.filter(handoff__in=overridden).values_list("handoff", reasons)
    overruled = dict(packages)
    return [row._replace(overruled=overruled.get(row.pk)) for row in rows]


def to_decide(user: User, pk: int) -> Handoff | None:
    """Return a pending handoff with what an accept and :func:`row_of` need, in one query.

    None if it is not pending, or if ``user`` does not see it.
    """
    rows = TO_DECIDE.rows(user=user, pk=pk)
    if not rows:
        return None
    size = len(DECISION_COLUMNS)
    handoff = returning.from_paths(Handoff, DECISION_COLUMNS, rows[0][:size])
    person, submitter, *looked_up = rows[0][size:]
    handoff.lead.person = returning.from_json(Person, person)
    handoff.submitted_by = returning.from_json(User, submitter)
    for name, value in zip(LOOKED_UP, looked_up, strict=True):
        setattr(handoff, ROW_PREFIX + name, value)
    # Who may decide is in the team, and came with it.
    for member in user.memberships_now:
        if member.team_id == handoff.team_id:
            handoff.team = member.team
    return handoff


def _to_decide(*, user: User, pk: int) -> QuerySet[Any]:
    person = Person.objects.filter(pk=OuterRef("lead__person"))
    submitter = User.objects.filter(pk=OuterRef("submitted_by"))
    looked_up = {
        PERSON_ROW: Subquery(person.values(row=_as_json(SHOWN_OF_PERSON))),
        SUBMITTER_ROW: Subquery(submitter.values(row=_as_json(teams.NOTIFIED))),
    }
    looked_up |= {ROW_PREFIX + name: Subquery(rows) for name, rows in LOOKED_UP.items()}
    rows = Handoff.objects.pending_to(user).filter(pk=pk).annotate(**looked_up)
    return rows.values_list(*DECISION_COLUMNS, *looked_up)


def _as_json(names: Iterable[str]) -> JSONObject:
    """Return the columns ``names`` of a row as one value, for returning.from_json."""
    return JSONObject(**{name: name for name in names})


TO_DECIDE = KeptSql(_to_decide)


def row_of(handoff: Handoff) -> HandoffRow:
    """Return the row of a handoff that a step has read or changed, as the list shows it."""
    shown = {name: _shown(handoff, name, path) for name, path in ROW_PATHS.items()}
    clock = snapshots.row_of(handoff.clock) if handoff.clock else None
    own = {name: getattr(handoff, name) for name in OWN_COLUMNS}
    return HandoffRow(**own, **shown, clock=clock)


def _shown(handoff: Handoff, name: str, path: str) -> Any:
    """Return a value of the row: its column of :func:`to_decide`, or else of related objects."""
    if hasattr(handoff, ROW_PREFIX + name):
        return getattr(handoff, ROW_PREFIX + name)
    value: Any = handoff
    for attribute in path.split("__"):
        if not value:
            break
        value = getattr(value, attribute)
    return value


# -- Counters


def tab_counts(
    user: User, *, at: datetime, since: datetime, narrow: Narrow = everything
) -> dict[str, int]:
    """Return the size of each tab of :func:`queue`, in one query.

    ``narrow``: the filters of the page. Without them :func:`counts` comes with it, in two queries.
    """
    if narrow is everything:
        sizes = TAB_SIZES.rows(user=user, at=at, since=since)
        numbers = {**counts(user, at=at), **dict(zip(UNCOUNTED, *sizes, strict=True))}
    else:
        rows = _tabs(user, at, since, narrow)
        numbers = dict(zip(rows, *_count_all(user, rows), strict=True))
    return {**numbers, "waiting": numbers["queue"]}


def _tabs(
    user: User, at: datetime, since: datetime, narrow: Narrow = everything
) -> dict[str, QuerySet[Handoff]]:
    """Return the handoffs of each tab; those that wait are "queue"."""
    waiting = narrow(Handoff.objects.pending_to(user))
    decisions = Decision.objects.standing().filter(at__gte=since)
    decided = narrow(Handoff.objects.visible_to(user)).filter(pk__in=decisions.values("handoff"))
    return {
        "soon": _at_risk(waiting, at=at),
        "decided": decided,
        "queue": waiting,
        "overdue": waiting.filter(accept_due_at__lt=at),
    }


def _tab_sizes(*, user: User, at: datetime, since: datetime) -> QuerySet[User]:
    rows = _tabs(user, at, since)
    return _count_all(user, {name: rows[name] for name in UNCOUNTED})


TAB_SIZES = KeptSql(_tab_sizes)


def mine(user: User) -> QuerySet[Handoff]:
    """Return the handoffs that ``user`` works on, the next due first, then those with nothing due.

    ``due`` is the deadline of what is still awaited.
    """
    handoffs = Handoff.objects.open_to(user)
    due = Case(When(clock__stopped_at__isnull=True, then=F("clock__due_at")))
    return BY_DUE.sort(handoffs.filter(owner=user, state__in=WORKED).annotate(due=due))


def counts(user: User, *, at: datetime) -> dict[str, Any]:
    """Return the counters of the navigation, in one query.

    Visible pending handoffs ("queue"), the overdue ones, the id of the newest, and the person's
    own.
    """
    in_sight, teams = sight.of_pending_in_sql(user)
    if in_sight == "false":
        # Nobody without a team sees a handoff: an admin's pages need no query for that.
        return {"queue": 0, "overdue": 0, "newest": None, "mine": 0}
    values: dict[str, Any] = {
        **teams,
        "user": user.pk,
        "worked": [str(state) for state in WORKED],
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNTERS.format(sight=in_sight), values)
        numbers: tuple[Any, ...] = cursor.fetchall()[0]
    return dict(zip(("queue", "overdue", "newest", "mine"), numbers, strict=True))


def _count_all(user: User, rows: Mapping[str, QuerySet[Handoff]]) -> QuerySet[Any]:
    """Return the query of how many there are of each of ``rows``: a subquery for each."""
    columns = {name: Subquery(counted(each)) for name, each in rows.items()}
    # The person's own row carries the numbers.
    return User.objects.filter(pk=user.pk).annotate(**columns).values_list(*columns)


def version(counts: dict[str, int]) -> str:
    """Return a text that changes when a handoff joins or leaves the visible pending ones."""
    # The count alone stays the same when one handoff leaves as another joins.
    return f"{counts['queue']}-{counts['newest'] or 0}"
