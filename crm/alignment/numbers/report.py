"""All numbers of one scope, for the alignment page, the API and `manage.py funnel`.

They are the organisation's: both sides read the same ones (domain.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm.alignment.numbers import agreement, cohort, contacts, promises, worth
from crm.alignment.numbers.agreement import Attainment, Decisions, Reason, Week
from crm.alignment.numbers.cohort import Days, FunnelStep, Group
from crm.alignment.numbers.contacts import Contacts
from crm.alignment.numbers.promises import Term, Volume
from crm.alignment.numbers.scope import NOT_GIVEN, Scope
from crm.alignment.numbers.worth import Band, Overrides, Submitter
from sla.states import Metric


@dataclass(frozen=True)
class Numbers:
    """All numbers of one scope."""

    scope: Scope
    funnel: list[FunnelStep]
    days: Days
    sources: list[Group]
    months: list[Group]
    attainment: Attainment
    contacts: Contacts
    weeks: list[Week]
    reasons: list[Reason]
    decisions: Decisions
    volume: Volume
    terms: dict[str, list[Term]]
    bands: list[Band]
    overrides: Overrides

    @property
    def submitters(self) -> list[Submitter]:
        return self.overrides.submitters

    @property
    def delivered(self) -> int:
        return self.volume.delivered

    @property
    def handed(self) -> int:
        return self.overrides.handed

    @property
    def overridden(self) -> int:
        return self.overrides.overridden

    @property
    def override_rate(self) -> float | None:
        if not self.handed:
            return None
        return self.overridden / self.handed


def read(scope: Scope, *, people: set[int] | None = None) -> Numbers:
    """Read all numbers in fourteen queries, whatever the number of leads, weeks and people.

    They are twelve where no agreement was in force: then no calendar is read. ``people``: the ids
    of those who may be listed by name, None for all.
    """
    funnel, days = cohort.funnel_and_days(scope)
    commitments = promises.in_force(scope)
    return Numbers(
        scope=scope,
        funnel=funnel,
        days=days,
        sources=cohort.by_source(scope),
        months=cohort.by_month(scope),
        attainment=agreement.attainment(scope),
        contacts=contacts.contacts(scope),
        weeks=agreement.by_week(scope),
        reasons=agreement.reasons(scope),
        decisions=agreement.decided(scope),
        volume=promises.volume(scope, commitments),
        terms=promises.terms(commitments),
        bands=worth.bands(scope),
        overrides=worth.overrides(scope, people),
    )


def as_json(numbers: Numbers) -> dict[str, Any]:
    """Return the numbers as plain data for the API.

    Rates run from 0 to 1, times are business seconds; null means that the divisor is 0.
    """
    scope = numbers.scope
    return {
        "from": scope.period.start.isoformat(),
        "to": scope.period.end.isoformat(),
        "time_zone": scope.zone,
        # ~none, for leads without a source, stays: null means all sources here.
        "source": scope.source or None,
        "at": scope.at.isoformat(),
        "funnel": [vars(step) for step in numbers.funnel],
        "sources": [_source(group) for group in numbers.sources],
        "months": [{"month": group.key, **_group(group)} for group in numbers.months],
        "days_to_won": vars(numbers.days),
        **_promised(numbers),
        "scores": {
            "fit": [_band(band) for band in numbers.bands if band.score == "fit"],
            "engagement": [_band(band) for band in numbers.bands if band.score == "engagement"],
        },
        "overrides": {
            "handed_off": numbers.handed,
            "overridden": numbers.overridden,
            "people": [_submitter(each) for each in numbers.submitters if not each.is_team],
            "teams": [_submitter(each) for each in numbers.submitters if each.is_team],
        },
    }


def _promised(numbers: Numbers) -> dict[str, Any]:
    """Return the four results that an agreement promises, each beside the promise."""
    accept = numbers.attainment
    decisions = numbers.decisions
    return {
        # By the names of the fields, which are those of the serializers in crm.alignment.api.
        "accept": {
            **vars(accept),
            "attainment": accept.rate,
            "promised": _terms(numbers, Metric.ACCEPT),
        },
        "first_contact": {
            **vars(numbers.contacts),
            "attainment": numbers.contacts.rate,
            "promised": _terms(numbers, Metric.FIRST_CONTACT),
        },
        "decisions": {
            **vars(decisions),
            "acceptance": decisions.rate,
            "promised": _terms(numbers, Metric.ACCEPTANCE_RATE),
        },
        "mqls_delivered": {
            "count": numbers.delivered,
            **_due(numbers),
            "promised": _terms(numbers, Metric.MQL_VOLUME),
        },
    }


def _due(numbers: Numbers) -> dict[str, Any]:
    """Return how many MQLs were due and when, null where that is not judged."""
    volume = numbers.volume
    if volume.due is None or volume.on is None:
        return {"due": None, "due_on": None}
    return {"due": round(float(volume.due), 2), "due_on": volume.on.isoformat()}


def _submitter(person: Submitter) -> dict[str, Any]:
    return {
        "id": person.pk,
        "name": person.name,
        "handed_off": person.handed,
        "overridden": person.overridden,
    }


def _source(group: Group) -> dict[str, Any]:
    code: str | None = group.key
    # "~none" is a word of our addresses; programs read null.
    if code == NOT_GIVEN:
        code = None
    return {"source": code, **_group(group)}


def _band(band: Band) -> dict[str, Any]:
    return {
        "from": band.low,
        "to": band.high,
        "ended": band.ended,
        "won": band.won,
        "win_rate": band.rate,
    }


def _group(group: Group) -> dict[str, Any]:
    counts = {name: getattr(group, name) for name in cohort.GROUPED}
    return {**counts, "conversion": group.conversion}


def _terms(numbers: Numbers, metric: Metric) -> list[dict[str, Any]]:
    shown = []
    for term in numbers.terms[metric]:
        # A Decimal would be written as a text in JSON.
        target = float(term.target)
        shown.append({"target": target, "window_minutes": term.window_minutes})
    return shown
