"""What both sides promised, how it was kept week by week, and why sales said no.

Imported history has no clocks and no decisions, so it never counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, DateField, Q, QuerySet
from django.db.models.functions import TruncWeek

from crm.alignment.numbers.cohort import counts
from crm.alignment.numbers.scope import Scope
from crm.alignment.numbers.slices import SLICES, TOOK, accept_clocks, decisions, delivered
from crm.alignment.numbers.sql import PercentileDisc
from sla.models import Commitment
from sla.states import AgreementState, Metric

CLOCKS = ("clocks", "judged", "decided", "in_time", "late", "running", "outage", "withdrawn")
DECISIONS = ("decisions", "accepted_by_sales", "rejected_by_sales")
PROMISED = (Metric.ACCEPT, Metric.MQL_VOLUME, Metric.ACCEPTANCE_RATE)


@dataclass(frozen=True)
class Attainment:
    """The accept commitment on clocks that started in the period.

    clocks = judged + running + outage + withdrawn; judged = in_time + late. ``decided``: answered
    by a person, not during an outage of ours; ``took`` counts them by the steps of the histogram;
    ``median`` and ``p90`` are the business seconds that they took.
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
        return self.in_time / self.judged if self.judged else None


@dataclass(frozen=True)
class Week:
    """The accept commitment on clocks that started in the week of ``start``, a Monday."""

    start: date
    judged: int
    in_time: int
    late: int

    @property
    def rate(self) -> float | None:
        return self.in_time / self.judged if self.judged else None


@dataclass(frozen=True)
class Reason:
    """How many rejections that stand gave this reason; ``kind``: its class."""

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
        return self.accepted_by_sales / self.decisions if self.decisions else None


@dataclass(frozen=True)
class Term:
    """One promise: ``target`` is a share or a number per month; ``window_minutes`` are business
    minutes.
    """

    target: Decimal
    window_minutes: int | None


def attainment(scope: Scope) -> Attainment:
    """How the accept commitment was kept."""
    decided = SLICES["decided"].condition(scope)
    found = accept_clocks(scope).aggregate(
        **counts(scope, *CLOCKS, *TOOK),
        median=PercentileDisc("used_seconds", 0.5, filter=decided),
        p90=PercentileDisc("used_seconds", 0.9, filter=decided),
    )
    return Attainment(
        **{name: found[name] for name in (*CLOCKS, "median", "p90")},
        took=tuple(found[name] for name in TOOK),
    )


def by_week(scope: Scope) -> list[Week]:
    """One for each week of the period between the first and the last with a clock, also where
    nothing was judged.
    """
    monday: Any = TruncWeek("started_at", output_field=DateField(), tzinfo=ZoneInfo(scope.zone))
    kept = ("judged", "in_time", "late")
    weeks: QuerySet[Any, Any] = accept_clocks(scope).annotate(monday=monday).values("monday")
    found = {
        row["monday"]: row for row in weeks.annotate(**counts(scope, *kept)).order_by("monday")
    }
    if not found:
        return []
    first, last = min(found), max(found)
    mondays = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    return [
        Week(day, **{name: found.get(day, {}).get(name, 0) for name in kept}) for day in mondays
    ]


def reasons(scope: Scope) -> list[Reason]:
    """Why sales said no, the commonest reason first."""
    keys = ("reason__code", "reason__kind", "reason__name", "reason__position")
    rejected = decisions(scope).filter(SLICES["rejected_by_sales"].condition(scope))
    found = (
        rejected.values(*keys)
        .annotate(count=Count("pk"))
        .order_by("-count", "reason__position", "reason__code")
    )
    return [
        Reason(row["reason__code"], row["reason__kind"], row["reason__name"], row["count"])
        for row in found
    ]


def decided(scope: Scope) -> Decisions:
    """What sales said to the handoffs that it decided in the period."""
    return Decisions(**decisions(scope).aggregate(**counts(scope, *DECISIONS)))


def delivered_count(scope: Scope) -> int:
    """How many MQLs marketing delivered."""
    return delivered(scope).count()


def terms(scope: Scope) -> dict[str, list[Term]]:
    """What the agreements that were in force in the period promise, by metric; several where they
    differ.
    """
    begins, ends = scope.instants
    in_force = Q(version__state__in=(AgreementState.IN_FORCE, AgreementState.SUPERSEDED))
    overlaps = Q(version__superseded_at__isnull=True) | Q(version__superseded_at__gt=begins)
    found = (
        Commitment.objects.filter(
            in_force, overlaps, version__in_force_from__lt=ends, metric__in=PROMISED
        )
        .order_by("metric", "-target", "window_minutes")
        .values_list("metric", "target", "window_minutes")
        .distinct()
    )
    promised: dict[str, list[Term]] = {metric: [] for metric in PROMISED}
    for metric, target, window in found:
        promised[metric].append(Term(target, window))
    return promised
