"""Whether the scores are worth anything, and how often marketing hands off on its own word.

Of the handoffs sent in the period. Imported history has no handoffs, so it never counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from crm.alignment.numbers.cohort import counts
from crm.alignment.numbers.scope import Scope
from crm.alignment.numbers.slices import SCORES, SLICES, band_slice, ended, passed
from leads.qualification.scores import BANDS


@dataclass(frozen=True)
class Band:
    """Handoffs whose ``score`` (fit or engagement) was from ``low`` to ``high`` when they were
    sent: ended, and won.
    """

    score: str
    low: int
    high: int
    ended: int
    won: int

    @property
    def rate(self) -> float | None:
        return self.won / self.ended if self.ended else None

    @property
    def slice(self) -> str:
        return band_slice(self.score, self.low)

    @property
    def won_slice(self) -> str:
        return band_slice(self.score, self.low, won=True)


@dataclass(frozen=True)
class Submitter:
    """Who of marketing handed off how many, and how many of them on a person's word."""

    pk: int
    name: str
    handed: int
    overridden: int

    @property
    def rate(self) -> float | None:
        return self.overridden / self.handed if self.handed else None


def bands(scope: Scope) -> list[Band]:
    """The bands of fit, then those of engagement, from low to high. One query."""
    names = [
        band_slice(score, low, won=won)
        for score in SCORES
        for low, _high in BANDS
        for won in (False, True)
    ]
    found = ended(scope).aggregate(**counts(scope, *names))
    return [
        Band(
            score, low, high, found[band_slice(score, low)], found[band_slice(score, low, won=True)]
        )
        for score in SCORES
        for low, high in BANDS
    ]


def submitters(scope: Scope) -> list[Submitter]:
    """One for each person who handed off in the period, whoever overrides most first. One query."""
    overridden: Any = Count("pk", filter=SLICES["overridden"].condition(scope))
    found = (
        passed(scope)
        .values("submitted_by", "submitted_by__name")
        .annotate(n=Count("pk"), overridden=overridden)
    )
    rows = found.order_by("-overridden", "-n", "submitted_by__name", "submitted_by")
    return [
        Submitter(r["submitted_by"], r["submitted_by__name"], r["n"], r["overridden"]) for r in rows
    ]
