"""The desk of directors: the arbiter's cases, and what escalated to them. Read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from crm.accounts.models import User
from crm.lib.db.kept_sql import Among, KeptSql, counted
from crm.lib.paging import Branches, Listing, Order, Page
from leads.desks.marketing import LEAD_PATHS, LeadShown
from leads.handoffs.queue.rows import HandoffRow, rows_of
from leads.models import Dispute, Handoff, Return
from leads.returns import cases
from leads.states import DisputeKind
from sla.clocks.snapshots import ClockRow
from sla.models import Clock, Firing
from sla.states import StepKind

BY_DUE = Order("due", nullable=True)
BY_DEADLINE = Order("due_at")


# -- The arbiter's cases


class Case(NamedTuple):
    """A case: its lead, the team that rejected it, who contests it, and the clock of the arbiter.

    ``why``: what they say.
    """

    pk: int
    team: str
    kind: str
    why: str
    opened_at: datetime
    opened_by: str | None
    lead: LeadShown
    clock: ClockRow | None

    @property
    def kind_label(self) -> str:
        return str(DisputeKind(self.kind).label)


CASE_PATHS = ("pk", "handoff__team__name", "kind", "why", "opened_at", "opened_by__name")


@dataclass(frozen=True)
class Waiting:
    """The open cases that ``user`` decides, also in the place of the arbiters ``absent``."""

    user: User
    absent: tuple[int, ...]

    def count(self) -> int:
        [(number,)] = COUNT_OF_CASES.rows(self.absent, user=self.user)
        return int(number)

    def page(self, *, after: str, size: int) -> Page:
        """Return a page of them, the next deadline first."""
        branches = Branches(_waiting, self.absent, user=self.user)
        listing = Listing(lambda: branches()[0], BY_DUE, "lead_id", branches)
        return listing.page(after=after, size=size)


def waiting_for(user: User, *, at: datetime) -> Waiting:
    """Return what leads.returns.cases.waiting_for returns, for a page."""
    return Waiting(user, tuple(sorted(cases.absent_arbiters(user, at=at))))


def _waiting(absent: tuple[int, ...], *, user: User) -> list[QuerySet[Dispute]]:
    return [Dispute.objects.of_arbiter(user, absent=absent).annotate(due=F("clock__due_at"))]


def _count_of_cases(absent: tuple[int, ...], *, user: User) -> QuerySet[Any]:
    return counted(Dispute.objects.of_arbiter(user, absent=absent))


COUNT_OF_CASES = KeptSql(_count_of_cases)


def case_rows(page: Page) -> list[Case]:
    """Return the rows of a page of :class:`Waiting`, in its order, in one query."""
    own, lead = len(CASE_PATHS), len(LEAD_PATHS)
    by_id = {}
    for values in CASE_ROWS.rows(ids=list(page.rows)):
        clock = ClockRow(*values[own + lead :])
        shown = LeadShown(*values[own : own + lead])
        by_id[values[0]] = Case._make((*values[:own], shown, clock if clock.pk else None))
    # A case may be decided since the page was read.
    return [by_id[pk] for pk in page.rows if pk in by_id]


def _case_rows(*, ids: list[int]) -> QuerySet[Any]:
    lead = [f"lead__{path}" for path in LEAD_PATHS]
    clock = [f"clock__{name}" for name in ClockRow._fields]
    rows = Dispute.objects.filter(Among("pk", ids))
    return rows.values_list(*CASE_PATHS, *lead, *clock)


CASE_ROWS = KeptSql(_case_rows)


# -- Escalations


class Escalated(NamedTuple):
    """An open clock whose ladder has reached the directors. ``fired_at``: since when.

    ``accountable``: the name of the person who owes the act, None for the whole ``team``.
    """

    subject_type: str
    subject: int
    accountable: str | None
    team: str
    fired_at: datetime
    clock: ClockRow


@dataclass(frozen=True)
class Escalation:
    """An escalated clock with the handoff that it is about."""

    escalated: Escalated
    handoff: HandoffRow


COLUMNS = ("subject_type", "subject_id", "accountable__name", "team__name", "fired_at")


def escalations() -> Listing:
    """Return the open clocks whose ladder has reached the directors, the longest overdue first.

    For directors alone, who see all handoffs.
    """
    return Listing(lambda: _escalated()[0], BY_DEADLINE, "pk", Branches(_escalated))


def _escalated() -> list[QuerySet[Clock]]:
    reached = Firing.objects.filter(clock=OuterRef("pk"), kind=StepKind.NOTIFY_DIRECTOR)
    return [Clock.objects.filter(Exists(reached), stopped_at__isnull=True)]


def count_escalations() -> int:
    """Return how many clocks have reached the directors."""
    [(number,)] = COUNT_OF_ESCALATED.rows()
    return int(number)


def _count_of_escalated() -> QuerySet[Any]:
    return counted(_escalated()[0])


COUNT_OF_ESCALATED = KeptSql(_count_of_escalated)


def escalation_rows(page: Page) -> list[Escalation]:
    """Return the rows of a page of :func:`escalations`, in its order, in four queries."""
    by_clock = {}
    for values in ESCALATED.rows(ids=list(page.rows)):
        clock = ClockRow(*values[len(COLUMNS) :])
        by_clock[clock.pk] = Escalated._make((*values[: len(COLUMNS)], clock))
    shown = [by_clock[pk] for pk in page.rows if pk in by_clock]
    handoff_of = _handoffs_of(shown)
    ids = Page(sorted(set(handoff_of.values())), "")
    rows = {row.pk: row for row in rows_of(ids, without=("persona", "phone_extension"))}
    found = []
    for each in shown:
        handoff = rows.get(handoff_of.get((each.subject_type, each.subject), 0))
        if handoff is not None:
            found.append(Escalation(each, handoff))
    return found


def _escalated_rows(*, ids: list[int]) -> QuerySet[Any]:
    firings = Firing.objects.filter(clock=OuterRef("pk"), kind=StepKind.NOTIFY_DIRECTOR)
    since = Subquery(firings.order_by("level").values("at")[:1])
    rows = Clock.objects.filter(Among("pk", ids)).annotate(fired_at=since)
    return rows.values_list(*COLUMNS, *ClockRow._fields)


ESCALATED = KeptSql(_escalated_rows)


def _handoffs_of(rows: Sequence[Escalated]) -> dict[tuple[str, int], int]:
    """Return the ids of the handoffs by type and id of the subjects, in two queries."""
    found: dict[tuple[str, int], int] = {}
    for model in (Return, Dispute):
        name = str(model._meta.model_name)
        ids = [row.subject for row in rows if row.subject_type == name]
        about = model._default_manager.filter(pk__in=ids).values_list("pk", "handoff")
        found |= {(name, pk): handoff for pk, handoff in about}
    own = str(Handoff._meta.model_name)
    found |= {(own, row.subject): row.subject for row in rows if row.subject_type == own}
    return found
