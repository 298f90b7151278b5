"""Whether the scores predict wins, and how often marketing overrides a fact.

Both are about the handoffs sent in the period. Imported history has none, so it never counts.
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
    """Handoffs whose ``score`` (fit or engagement) was from ``low`` to ``high`` when sent."""

    score: str
    low: int
    high: int
    ended: int
    won: int

    @property
    def rate(self) -> float | None:
        if not self.ended:
            return None
        return self.won / self.ended

    @property
    def slice(self) -> str:
        return band_slice(self.score, self.low)

    @property
    def won_slice(self) -> str:
        return band_slice(self.score, self.low, won=True)


@dataclass(frozen=True)
class Submitter:
    """A person of marketing: the handoffs sent, and those with an overridden criterion."""

    pk: int
    name: str
    handed: int
    overridden: int

    @property
    def rate(self) -> float | None:
        if not self.handed:
            return None
        return self.overridden / self.handed


def bands(scope: Scope) -> list[Band]:
    """Return the bands of fit, then those of engagement, from low to high, in one query."""
    places = [(score, low, high) for score in SCORES for low, high in BANDS]
    names = []
    for score, low, _high in places:
        names += [band_slice(score, low), band_slice(score, low, won=True)]
    row = ended(scope).aggregate(**counts(scope, *names))
    counted_bands = []
    for score, low, high in places:
        ended_count = row[band_slice(score, low)]
        won_count = row[band_slice(score, low, won=True)]
        counted_bands.append(Band(score, low, high, ended_count, won_count))
    return counted_bands


def submitters(scope: Scope) -> list[Submitter]:
    """Return all people who handed off in the period, with most overrides first, in one query."""
    # By handoff, not by criterion: two overridden criteria of one lead are one decision.
    overridden: Any = Count("pk", filter=SLICES["overridden"].condition(scope))
    people = passed(scope).values("submitted_by", "submitted_by__name")
    grouped = people.annotate(n=Count("pk"), overridden=overridden)
    # The id last: two people may have one name and equal counts.
    ordered = grouped.order_by("-overridden", "-n", "submitted_by__name", "submitted_by")
    counted_people = []
    for row in ordered:
        person = Submitter(
            pk=row["submitted_by"],
            name=row["submitted_by__name"],
            handed=row["n"],
            overridden=row["overridden"],
        )
        counted_people.append(person)
    return counted_people
