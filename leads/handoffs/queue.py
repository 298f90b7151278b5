"""What waits for a person: the queue and the leads they work on, read only."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from typing import Any

from django.db.models import Count, F, Max, Prefetch, Q, QuerySet
from django.db.models.fields.json import KeyTransform

from crm.accounts.models import User
from crm.accounts.states import Side
from leads.models import Decision, Handoff
from leads.models.handoff import HandoffQuerySet
from leads.states import WORKED, HandoffState
from sla.clocks import status
from sla.states import ClockStatus

TABS = ("waiting", "soon", "overdue", "decided")
# What a row of the queue says and where it stands. A list reads it straight into its handoffs,
# under :data:`SAID`, and
# makes one object more for the clock of each, instead of nine.
NAMES = {
    "person": "lead__person__name",
    "email": "lead__person__email",
    "phone": "lead__person__phone",
    "job_title": "lead__person__job_title",
    "company": "lead__company__name",
    "external_id": "lead__external_id",
    "source": "lead__source__name",
    "is_test": "lead__is_test",
    "persona": "persona_version__persona__name",
    "team": "team__name",
    "owner": "owner__name",
}
SAID = "said_"
# The columns that rules and clocks of a row ask about. One that is missing here is read row by row,
# which the tests of
# the number of queries refuse.
ASKED = (
    *(
        "lead",
        "team",
        "state",
        "requeued_at",
        "proves_sql",
        "fit_score",
        "engagement_score",
        "overrides",
    ),
    *(
        f"clock__{name}"
        for name in ("metric", "state", "calendar", "limit_seconds", "used_seconds", "started_at")
    ),
    *(f"clock__{name}" for name in ("due_at", "soon_at", "paused_until", "stopped_at")),
)
# What an accept asks about and writes of beside those.
DECIDED = (
    *(
        "cycle",
        "policy",
        "owner",
        "accepted_at",
        "team__name",
        "submitted_by__is_active",
        "submitted_by__mails",
    ),
    *(
        "lead__stage",
        "lead__owner",
        "lead__accepted_on",
        "lead__marketing_team",
        "lead__contact_hidden",
    ),
    *("lead__external_id", "lead__company__name"),
    *(f"lead__person__{name}" for name in ("name", "email", "phone")),
    *(f"clock__{name}" for name in ("counted_from", "spent", "assigned_due_at")),
)
PENDING = Q(state=HandoffState.PENDING)
CLOCK = "clock__"


def queue(user: User, tab: str, *, at: datetime, since: datetime) -> QuerySet[Handoff]:
    """The handoffs of one tab of the queue: what was put back first, then the least time left.

    waiting: all pending; soon: at risk, as the badge says it; overdue; decided: accepted or
    rejected from ``since`` on. Each with its clock, what :func:`said` tells of it, and
    ``overruled``: what it was handed off with on a person's word (packages.overruled).
    """
    if tab == "decided":
        decided = Q(
            decisions__at__gte=since,
            decisions__undone_at__isnull=True,
            decisions__released_at__isnull=True,
        )
        return (
            _as_rows(Handoff.objects.visible_to(user))
            .filter(decided)
            .order_by("-decisions__at", "-id")
        )
    waiting = (
        _as_rows(Handoff.objects.open_to(user))
        .pending()
        .order_by(F("requeued_at").asc(nulls_last=True), "clock__due_at", "id")
    )
    if tab == "soon":
        return waiting.filter(status.condition(ClockStatus.SOON, at=at, to=CLOCK))
    return (
        waiting.filter(status.condition(ClockStatus.LATE, at=at, to=CLOCK))
        if tab == "overdue"
        else waiting
    )


def _as_rows(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    overruled = KeyTransform("overrides", "package__payload")
    return with_said(handoffs).select_related("clock").only(*ASKED).annotate(overruled=overruled)


def to_decide(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    """``handoffs`` as an accept needs them and :func:`said` tells of them, in one query; the rest
    comes when asked.
    """
    near = ("lead__person", "lead__company", "team", "clock", "submitted_by")
    return with_said(handoffs).select_related(*near).only(*ASKED, *DECIDED)


def with_said(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    """``handoffs`` with what :func:`said` tells, in columns of their own."""
    return handoffs.annotate(**{SAID + name: F(path) for name, path in NAMES.items()})


def said(handoff: Handoff) -> dict[str, Any]:
    """NAMES of ``handoff``: as :func:`with_said` read them, else from the objects that
    ``with_names`` brings.
    """
    if hasattr(handoff, SAID + "person"):
        return {name: getattr(handoff, SAID + name) for name in NAMES}
    return {
        name: reduce(lambda at, step: at and getattr(at, step), path.split("__"), handoff)
        for name, path in NAMES.items()
    }


def tab_counts(user: User, *, at: datetime, since: datetime) -> dict[str, int]:
    """How many stand in each tab (the same conditions as :func:`queue`), and :func:`counts`, in two
    queries.
    """
    soon = Count("pk", filter=PENDING & status.condition(ClockStatus.SOON, at=at, to=CLOCK))
    found = Handoff.objects.open_to(user).aggregate(**_counted(user, at), soon=soon)
    decisions = Decision.objects.filter(
        at__gte=since, undone_at__isnull=True, released_at__isnull=True
    )
    decided = Handoff.objects.visible_to(user).filter(pk__in=decisions.values("handoff")).count()
    return {**found, "waiting": found["queue"], "decided": decided}


def mine(user: User) -> QuerySet[Handoff]:
    """What the person works on, by what is due next; clocks that have stopped come last."""
    return (
        Handoff.objects.visible_to(user)
        .with_names()
        .filter(owner=user, state__in=WORKED)
        .order_by(F("clock__stopped_at").asc(nulls_first=True), "clock__due_at", "id")
    )


def counts(user: User, *, at: datetime) -> dict[str, int]:
    """Counters of the navigation in one query: pending in sight, of them overdue, the newest, and
    the person's own.
    """
    return Handoff.objects.open_to(user).aggregate(**_counted(user, at))


def _counted(user: User, at: datetime) -> dict[str, Count | Max]:
    return {
        "queue": Count("pk", filter=PENDING),
        "overdue": Count(
            "pk", filter=PENDING & status.condition(ClockStatus.LATE, at=at, to=CLOCK)
        ),
        "newest": Max("pk", filter=PENDING),
        "mine": Count("pk", filter=Q(owner=user, state__in=WORKED)),
    }


def version(counts: dict[str, int]) -> str:
    """Of :func:`counts`: changes whenever a handoff enters or leaves the pending ones in the
    person's sight.
    """
    return f"{counts['queue']}-{counts['newest'] or 0}"


def gone(user: User, pks: list[int]) -> list[Handoff]:
    """Of the handoffs ``pks`` those that wait no more, also what a colleague took from the person's
    own queue.

    Each with its ``taken``: the decisions that stand. At most two queries.
    """
    known = Q(pk__in=Handoff.objects.visible_to(user).values("pk")) | Q(
        team__in=user.team_ids(Side.SALES)
    )
    stands = Decision.objects.filter(
        undone_at__isnull=True, released_at__isnull=True
    ).select_related("by")
    rows = Handoff.objects.filter(known, pk__in=pks).exclude(state=HandoffState.PENDING)
    return list(rows.prefetch_related(Prefetch("decisions", stands, to_attr="taken")))
