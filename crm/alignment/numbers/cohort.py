"""Leads first seen in a period: their stages by source, month and persona, and days to won."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, Count, F, Min, QuerySet, Sum
from django.db.models.functions import TruncMonth

from crm.alignment.numbers.scope import NOT_GIVEN, Scope, counts_at_all
from crm.alignment.numbers.slices import SLICES, STAGES, cohort
from crm.alignment.numbers.sql import DaysBetween, PercentileDisc
from leads.models import Lead
from leads.states import MILESTONES

GROUPED = (
    "leads",
    "mql",
    "handed_off",
    "accepted",
    "sql",
    "won",
    "unrecorded_mql",
    "unrecorded_sql",
)
# Counted beside them where a page shows shares of the leads that were handed off.
APART = ("apart", "refused")


@dataclass(frozen=True)
class FunnelStep:
    """A stage of the funnel.

    ``not_recorded`` counts the leads that reached a later stage without a date for this one.
    ``previous`` is the nearest earlier stage that is recorded for all leads beyond it, and
    ``of_previous`` the share of it, which never exceeds 1. The share is None where this stage is
    not recorded for all, since then the number of leads that reached it is unknown.
    """

    stage: str
    count: int
    not_recorded: int
    of_leads: float | None
    previous: str
    of_previous: float | None


@dataclass(frozen=True)
class Days:
    """Days from first seen to won, over all wins, also those dated before the first sight."""

    n: int
    median: int | None
    p90: int | None
    before_first_seen: int


@dataclass(frozen=True)
class Group:
    """The leads of one source, month or persona.

    ``key`` is the code of the source, the month as in 2026-03, or the id of the persona; it is
    NOT_GIVEN for leads without a source or a persona. ``amount`` is the sum of the won ones, None
    where no amount is known. ``refused``: those that sales rejected at some time. ``apart``: those
    misrouted or duplicates, which are no part of a share of what sales decides on. These two are
    not counted by month.
    """

    key: str
    name: Any
    leads: int
    mql: int
    handed_off: int
    accepted: int
    sql: int
    won: int
    unrecorded_mql: int
    unrecorded_sql: int
    amount: Decimal | None
    apart: int = 0
    refused: int = 0

    @property
    def conversion(self) -> float | None:
        if not self.leads:
            return None
        return self.won / self.leads

    @property
    def acceptance(self) -> float | None:
        """Return accepted ÷ handed off. A lead that was accepted at last counts as accepted."""
        if not self.to_decide:
            return None
        return self.accepted / self.to_decide

    @property
    def refusal(self) -> float | None:
        """Return the share of the leads handed off that sales rejected at some time."""
        if not self.to_decide:
            return None
        return self.refused / self.to_decide

    @property
    def to_decide(self) -> int:
        """Return how many of those handed off were for sales to accept or reject."""
        return self.handed_off - self.apart


def counts(scope: Scope, *names: str) -> dict[str, Count]:
    """Return for each slice the aggregate that counts it."""
    return {name: Count("pk", filter=SLICES[name].condition(scope)) for name in names}


def funnel_and_days(scope: Scope) -> tuple[list[FunnelStep], Days]:
    """Return the funnel and the days to won, from one query over the cohort."""
    unrecorded = [f"unrecorded_{stage}" for stage in MILESTONES]
    days = DaysBetween(F("won_on"), F("first_seen_on"))
    row = cohort(scope).aggregate(
        **counts(scope, *STAGES, *unrecorded, "won_early"),
        median=PercentileDisc(days, 0.5),
        p90=PercentileDisc(days, 0.9),
    )
    return _steps(row), Days(row["won"], row["median"], row["p90"], row["won_early"])


def _steps(row: Mapping[str, Any]) -> list[FunnelStep]:
    """Return the stages of the funnel from the counts of one query."""
    leads = row["leads"]
    steps: list[FunnelStep] = []
    previous = ""
    previous_count = 0
    for stage in STAGES:
        count = row[stage]
        missing = row.get(f"unrecorded_{stage}", 0)
        of_leads = None
        if leads:
            of_leads = count / leads
        of_previous = None
        # With leads that came further undated, the count is a lower bound: no share of it is true.
        if previous_count and not missing:
            of_previous = count / previous_count
        steps.append(FunnelStep(stage, count, missing, of_leads, previous, of_previous))
        if not missing:
            previous = stage
            previous_count = count
    return steps


def _groups(scope: Scope) -> dict[str, Aggregate]:
    """Return the aggregates of one group."""
    amount = Sum("won_amount", filter=SLICES["won"].condition(scope))
    return {**counts(scope, *GROUPED), "amount": amount}


def _group(key: str, name: Any, row: Mapping[str, Any]) -> Group:
    return Group(key, name, **{column: row[column] for column in (*GROUPED, "amount")})


def by_source(scope: Scope) -> list[Group]:
    """Return one group per source that brought a lead, the largest first, "not given" last."""
    sources: QuerySet[Any, Any] = cohort(scope).values("source__code", "source__name")
    grouped = sources.annotate(**_groups(scope), **counts(scope, "apart"))
    groups = []
    for row in grouped.order_by("-leads", "source__code"):
        key = row["source__code"] or NOT_GIVEN
        group = _group(key, row["source__name"], row)
        groups.append(replace(group, apart=row["apart"]))
    # Sorting is stable, so the rest keeps the order of the query.
    return sorted(groups, key=lambda group: group.key == NOT_GIVEN)


def by_persona(scope: Scope) -> list[Group]:
    """Return one group per persona that judged a lead of the period, the largest first.

    Leads that no persona has judged come last. It takes one query.
    """
    persona = "persona_version__persona"
    name = "persona_version__persona__name"
    aggregates = {**_groups(scope), **counts(scope, *APART)}
    grouped = cohort(scope).values(persona, name).annotate(**aggregates)
    groups = []
    for row in grouped.order_by("-leads", persona):
        group = _group(str(row[persona] or NOT_GIVEN), row[name], row)
        groups.append(replace(group, **{name: row[name] for name in APART}))
    return sorted(groups, key=lambda group: group.key == NOT_GIVEN)


def by_month(scope: Scope) -> list[Group]:
    """Return one group per month in which a lead was first seen, in order.

    The ``name`` of a group is the first day of its month.
    """
    # A calendar date, which is in the same month in every zone.
    leads = cohort(scope).annotate(month=TruncMonth("first_seen_on"))
    months: QuerySet[Any, Any] = leads.values("month")
    rows = months.annotate(**_groups(scope)).order_by("month")
    return [_group(f"{row['month']:%Y-%m}", row["month"], row) for row in rows]


def earliest() -> date | None:
    """Return the first date on which the organisation saw a lead, None before there is one."""
    leads = Lead.objects.filter(counts_at_all())
    return leads.aggregate(first=Min("first_seen_on"))["first"]
