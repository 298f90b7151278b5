"""Leads first seen in a period: how far they came, by source, by month, and in how many days they
were won.
"""

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


@dataclass(frozen=True)
class FunnelStep:
    """A stage of the funnel.

    ``not_recorded``: leads that came further without a date for this stage.

    ``of_previous``: share of the nearest stage before that is recorded for all who came further
    (``previous``); it never exceeds 1. None where this stage is not, because then nobody knows how
    many reached it.
    """

    stage: str
    count: int
    not_recorded: int
    of_leads: float | None
    previous: str
    of_previous: float | None


@dataclass(frozen=True)
class Days:
    """From first seen to won in days, over all wins, also those dated before the lead was first
    seen.
    """

    n: int
    median: int | None
    p90: int | None
    before_first_seen: int


@dataclass(frozen=True)
class Group:
    """The leads of one source (``key`` its code, NOT_GIVEN without one), of one month (``key``
    2026-03), or of one persona (``key`` its id, NOT_GIVEN for leads that none has judged).

    ``amount``: what the won ones brought, None where no amount is known. ``refused`` is counted by
    persona only.
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
    refused: int = 0

    @property
    def conversion(self) -> float:
        return self.won / self.leads

    @property
    def acceptance(self) -> float | None:
        """Accepted of handed off; a lead that was refused first and accepted later is accepted."""
        return self.accepted / self.handed_off if self.handed_off else None


def counts(scope: Scope, *names: str) -> dict[str, Count]:
    """For each slice the aggregate that counts it."""
    return {name: Count("pk", filter=SLICES[name].condition(scope)) for name in names}


def funnel_and_days(scope: Scope) -> tuple[list[FunnelStep], Days]:
    """Both come from one query over the cohort."""
    unrecorded = [f"unrecorded_{stage}" for stage in MILESTONES]
    days = DaysBetween(F("won_on"), F("first_seen_on"))
    found = cohort(scope).aggregate(
        **counts(scope, *STAGES, *unrecorded, "won_early"),
        median=PercentileDisc(days, 0.5),
        p90=PercentileDisc(days, 0.9),
    )
    return _steps(found), Days(found["won"], found["median"], found["p90"], found["won_early"])


def _steps(found: Mapping[str, Any]) -> list[FunnelStep]:
    steps: list[FunnelStep] = []
    previous, of = "", 0
    for stage in STAGES:
        count, missing = found[stage], found.get(f"unrecorded_{stage}", 0)
        of_leads = count / found["leads"] if found["leads"] else None
        steps.append(
            FunnelStep(
                stage, count, missing, of_leads, previous, None if missing or not of else count / of
            )
        )
        if not missing:
            previous, of = stage, count
    return steps


def _groups(scope: Scope) -> dict[str, Aggregate]:
    return {
        **counts(scope, *GROUPED),
        "amount": Sum("won_amount", filter=SLICES["won"].condition(scope)),
    }


def _group(key: str, name: Any, row: Mapping[str, Any]) -> Group:
    return Group(key, name, **{name: row[name] for name in (*GROUPED, "amount")})


def by_source(scope: Scope) -> list[Group]:
    """One group for each source that brought a lead, the largest first, "not given" last."""
    keys = ("source__code", "source__name")
    found = (
        cohort(scope).values(*keys).annotate(**_groups(scope)).order_by("-leads", "source__code")
    )
    groups = [_group(row["source__code"] or NOT_GIVEN, row["source__name"], row) for row in found]
    return sorted(groups, key=lambda group: group.key == NOT_GIVEN)


def by_persona(scope: Scope) -> list[Group]:
    """One group for each persona that judged a lead of the period, the largest first, those of none
    last. One query.
    """
    keys = ("persona_version__persona", "persona_version__persona__name")
    counted = {**_groups(scope), **counts(scope, "refused")}
    found = cohort(scope).values(*keys).annotate(**counted).order_by("-leads", keys[0])
    groups = [
        replace(_group(str(row[keys[0]] or NOT_GIVEN), row[keys[1]], row), refused=row["refused"])
        for row in found
    ]
    return sorted(groups, key=lambda group: group.key == NOT_GIVEN)


def by_month(scope: Scope) -> list[Group]:
    """One group for each month in which a lead was first seen, in order; ``name`` is the month's
    first day.
    """
    months: QuerySet[Any, Any] = (
        cohort(scope).annotate(month=TruncMonth("first_seen_on")).values("month")
    )
    found = months.annotate(**_groups(scope)).order_by("month")
    return [_group(f"{row['month']:%Y-%m}", row["month"], row) for row in found]


def earliest() -> date | None:
    """When the organisation first saw any lead, None before there is one."""
    return Lead.objects.filter(counts_at_all()).aggregate(first=Min("first_seen_on"))["first"]
