"""How sales kept the commitment to decide, by week too, and the reasons of rejections.

Imported history has no clocks and no decisions, so it never counts here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, DateField, QuerySet
from django.db.models.functions import TruncWeek

from crm.alignment.numbers.cohort import counts
from crm.alignment.numbers.scope import Scope
from crm.alignment.numbers.slices import SLICES, TOOK, accept_clocks, decisions
from crm.alignment.numbers.sql import PercentileDisc

CLOCKS = ("clocks", "judged", "decided", "in_time", "late", "running", "outage", "withdrawn")
DECISIONS = ("decisions", "accepted_by_sales", "rejected_by_sales")


@dataclass(frozen=True)
class Attainment:
    """The commitment to accept or reject, on clocks that started in the period.

    clocks = judged + running + outage + withdrawn; judged = in_time + late. ``decided`` counts the
    clocks that a person answered, except during an outage of ours; ``took`` counts those by the
    steps of the histogram, ``median`` and ``p90`` are their business seconds.
    """

    clocks: int
    judged: int
    decided: int
    in_time: int
    late: int
    running: int
    outage: int
    withdrawn: int
    median: int | None
    p90: int | None
    took: tuple[int, ...]

    @property
    def rate(self) -> float | None:
        if not self.judged:
            return None
        return self.in_time / self.judged


@dataclass(frozen=True)
class Week:
    """The accept commitment on clocks that started in the week of ``start``, a Monday."""

    start: date
    judged: int
    in_time: int
    late: int

    @property
    def rate(self) -> float | None:
        if not self.judged:
            return None
        return self.in_time / self.judged


@dataclass(frozen=True)
class Reason:
    """The number of standing rejections with one reason; ``kind`` is the class of the reason."""

    code: str
    kind: str
    name: dict[str, str]
    count: int


@dataclass(frozen=True)
class Decisions:
    """Accepted and rejected handoffs. A lead that was disqualified after contact stays accepted."""

    decisions: int
    accepted_by_sales: int
    rejected_by_sales: int

    @property
    def rate(self) -> float | None:
        if not self.decisions:
            return None
        return self.accepted_by_sales / self.decisions


def attainment(scope: Scope) -> Attainment:
    """Return how the commitment to accept or reject was kept."""
    decided = SLICES["decided"].condition(scope)
    # One query for all of them: counts of different moments would not add up.
    row = accept_clocks(scope).aggregate(
        **counts(scope, *CLOCKS, *TOOK),
        median=PercentileDisc("used_seconds", 0.5, filter=decided),
        p90=PercentileDisc("used_seconds", 0.9, filter=decided),
    )
    return Attainment(
        **{name: row[name] for name in (*CLOCKS, "median", "p90")},
        took=tuple(row[name] for name in TOOK),
    )


def by_week(scope: Scope) -> list[Week]:
    """Return all weeks from the first with a clock to the last, also those without any."""
    # Without tzinfo Django cuts the weeks in the reader's zone, and each reader gets other ones.
    zone = ZoneInfo(scope.zone)
    monday: Any = TruncWeek("started_at", output_field=DateField(), tzinfo=zone)
    clocks: QuerySet[Any, Any] = accept_clocks(scope).annotate(monday=monday).values("monday")
    counted = counts(scope, "judged", "in_time", "late")
    rows = clocks.annotate(**counted).order_by("monday")
    by_monday = {row["monday"]: row for row in rows}
    if not by_monday:
        return []
    weeks = []
    day = min(by_monday)
    while day <= max(by_monday):
        # A week without clocks keeps its place on the axis of time.
        row = by_monday.get(day, {"judged": 0, "in_time": 0, "late": 0})
        weeks.append(Week(day, row["judged"], row["in_time"], row["late"]))
        day += timedelta(weeks=1)
    return weeks


def reasons(scope: Scope) -> list[Reason]:
    """Return the reasons of rejections, the most frequent first."""
    keys = ("reason__code", "reason__kind", "reason__name", "reason__position")
    rejected = decisions(scope).filter(SLICES["rejected_by_sales"].condition(scope))
    grouped = rejected.values(*keys).annotate(count=Count("pk"))
    # Equal counts in the order of the catalogue, alike at every reading.
    rows = grouped.order_by("-count", "reason__position", "reason__code")
    listed = []
    for row in rows:
        reason = Reason(
            code=row["reason__code"],
            kind=row["reason__kind"],
            name=row["reason__name"],
            count=row["count"],
        )
        listed.append(reason)
    return listed


def decided(scope: Scope) -> Decisions:
    """Return the decisions of sales in the period."""
    return Decisions(**decisions(scope).aggregate(**counts(scope, *DECISIONS)))
