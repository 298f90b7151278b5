"""The desk of directors: the arbiter's cases, and what escalated to them. Read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from crm.accounts.models import User
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.paging import Branches, Listing, Order, Page, page
from leads.handoffs.queue.rows import HandoffRow, rows_of
from leads.models import Dispute, Handoff, Return
from leads.returns import cases
from sla.clocks.snapshots import ClockRow
from sla.models import Clock, Firing
from sla.states import StepKind

BY_DUE = Order("due", nullable=True)
BY_DEADLINE = Order("due_at")


# -- The arbiter's cases


def waiting_cases(user: User, *, at: datetime, after: str, size: int) -> Page:
    """Return a page of the open cases that ``user`` decides, the next deadline first."""
    rows = cases.waiting_for(user, at=at).with_names()
    with_people = rows.select_related("lead__company").annotate(due=F("clock__due_at"))
    return page(with_people, BY_DUE, after=after, size=size)


def count_cases(user: User, *, at: datetime) -> int:
    """Return how many open cases ``user`` decides."""
    return cases.waiting_for(user, at=at).count()


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
    return _escalated()[0].count()


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
