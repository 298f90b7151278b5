"""The numbers of the alignment page, the lists behind them and `manage.py funnel`: one definition
for all three.

They are the organisation's: everybody who may read them reads the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm.alignment.numbers import agreement, cohort, worth
from crm.alignment.numbers.agreement import Attainment, Decisions, Reason, Term, Week
from crm.alignment.numbers.cohort import Days, FunnelStep, Group
from crm.alignment.numbers.scope import NOT_GIVEN, Scope
from crm.alignment.numbers.worth import Band, Submitter
from sla.states import Metric


@dataclass(frozen=True)
class Numbers:
    """Everything that the page shows about one scope."""

    scope: Scope
    funnel: list[FunnelStep]
    days: Days
    sources: list[Group]
    months: list[Group]
    attainment: Attainment
    weeks: list[Week]
    reasons: list[Reason]
    decisions: Decisions
    delivered: int
    terms: dict[str, list[Term]]
    bands: list[Band]
    submitters: list[Submitter]

    @property
    def handed(self) -> int:
        return sum(each.handed for each in self.submitters)

    @property
    def overridden(self) -> int:
        return sum(each.overridden for each in self.submitters)

    @property
    def override_rate(self) -> float | None:
        return self.overridden / self.handed if self.handed else None


def read(scope: Scope) -> Numbers:
    """Eleven queries, however many leads, sources, weeks, reasons and people there are."""
    funnel, days = cohort.funnel_and_days(scope)
    return Numbers(
        scope=scope,
        funnel=funnel,
        days=days,
        sources=cohort.by_source(scope),
        months=cohort.by_month(scope),
        attainment=agreement.attainment(scope),
        weeks=agreement.by_week(scope),
        reasons=agreement.reasons(scope),
        decisions=agreement.decided(scope),
        delivered=agreement.delivered_count(scope),
        terms=agreement.terms(scope),
        bands=worth.bands(scope),
        submitters=worth.submitters(scope),
    )


def as_json(numbers: Numbers) -> dict[str, Any]:
    """The same as plain data.

    Rates run from 0 to 1, times are business seconds, null means nothing to divide by.
    """
    scope, kept, made = numbers.scope, numbers.attainment, numbers.decisions
    return {
        "from": scope.period.start.isoformat(),
        "to": scope.period.end.isoformat(),
        "time_zone": scope.zone,
        "source": scope.source or None,
        "at": scope.at.isoformat(),
        "funnel": [vars(step) for step in numbers.funnel],
        "sources": [
            {"source": None if g.key == NOT_GIVEN else g.key, **_group(g)} for g in numbers.sources
        ],
        "months": [{"month": group.key, **_group(group)} for group in numbers.months],
        "days_to_won": vars(numbers.days),
        "accept": {
            **vars(kept),
            "attainment": kept.rate,
            "promised": _terms(numbers, Metric.ACCEPT),
        },
        "decisions": {
            **vars(made),
            "acceptance": made.rate,
            "promised": _terms(numbers, Metric.ACCEPTANCE_RATE),
        },
        "mqls_delivered": {
            "count": numbers.delivered,
            "promised": _terms(numbers, Metric.MQL_VOLUME),
        },
        "scores": {
            name: [_band(band) for band in numbers.bands if band.score == name]
            for name in ("fit", "engagement")
        },
        "overrides": {
            "handed_off": numbers.handed,
            "overridden": numbers.overridden,
            "people": [
                {
                    "id": each.pk,
                    "name": each.name,
                    "handed_off": each.handed,
                    "overridden": each.overridden,
                }
                for each in numbers.submitters
            ],
        },
    }


def _band(band: Band) -> dict[str, Any]:
    return {
        "from": band.low,
        "to": band.high,
        "ended": band.ended,
        "won": band.won,
        "win_rate": band.rate,
    }


def _group(group: Group) -> dict[str, Any]:
    names = cohort.GROUPED
    return {**{name: getattr(group, name) for name in names}, "conversion": group.conversion}


def _terms(numbers: Numbers, metric: Metric) -> list[dict[str, Any]]:
    return [
        {"target": float(t.target), "window_minutes": t.window_minutes}
        for t in numbers.terms[metric]
    ]
