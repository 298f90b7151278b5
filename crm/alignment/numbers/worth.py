"""Whether the scores predict wins, and how often marketing overrides a fact.

Both are about the handoffs sent in the period. Imported history has none, so it never counts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from crm.alignment.numbers.cohort import counts
from crm.alignment.numbers.scope import Scope
from crm.alignment.numbers.slices import SCORES, SLICES, band_slice, ended, passed
from leads.qualification.scores import BANDS

Key = tuple[int | None, str]  # id and name of a person or of a team


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
    """A person of marketing: the handoffs sent, and those with an overridden criterion.

    ``is_team``: a whole team, for a reader who may not read the figures of each of its people.
    """

    pk: int | None
    name: str
    handed: int
    overridden: int
    is_team: bool = False

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


@dataclass(frozen=True)
class Overrides:
    """Handoffs of the period, those on a person's word, and who handed off."""

    handed: int
    overridden: int
    submitters: list[Submitter]


def overrides(scope: Scope, people: set[int] | None) -> Overrides:
    """Count overrides by who handed off, most overrides first, in one query.

    ``people``: the ids of the people who may be listed, None for all
    (crm.accounts.permissions.people_with_figures). The others are counted in their teams; the
    line of a team counts all its people, as the list behind it does.
    """
    # By handoff, not by criterion: two overridden criteria of one lead are one decision.
    overridden: Any = Count("pk", filter=SLICES["overridden"].condition(scope))
    team, team_name = "lead__marketing_team", "lead__marketing_team__name"
    grouped = passed(scope).values("submitted_by", "submitted_by__name", team, team_name)
    rows = list(grouped.annotate(n=Count("pk"), overridden=overridden))
    by_person: defaultdict[Key, list[dict[str, Any]]] = defaultdict(list)
    by_team: defaultdict[Key, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_person[row["submitted_by"], row["submitted_by__name"]].append(row)
        by_team[row[team], row[team_name] or ""].append(row)
    submitters = []
    for key, own in by_person.items():
        if people is None or key[0] in people:
            submitters.append(_submitter(key, own))
    for key, own in by_team.items():
        if people is not None and any(row["submitted_by"] not in people for row in own):
            submitters.append(_submitter(key, own, is_team=True))
    # The id last: two people may have one name and equal counts.
    submitters.sort(key=lambda each: (-each.overridden, -each.handed, each.name, each.pk or 0))
    return Overrides(
        handed=sum(row["n"] for row in rows),
        overridden=sum(row["overridden"] for row in rows),
        submitters=submitters,
    )


def _submitter(key: Key, rows: list[dict[str, Any]], *, is_team: bool = False) -> Submitter:
    pk, name = key
    handed = sum(row["n"] for row in rows)
    overridden = sum(row["overridden"] for row in rows)
    return Submitter(pk, name, handed, overridden, is_team)
