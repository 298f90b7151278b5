"""What the agreements of a period promise, and how many MQLs are due by now.

Imported history is no delivery under an agreement, so it never counts here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db.models import Count, Q

from crm.alignment.numbers import pace
from crm.alignment.numbers.scope import Scope
from crm.alignment.numbers.slices import delivered
from crm.lib.clock import local_date
from sla.calendars import work_calendars
from sla.models import AgreementVersion, Commitment
from sla.states import AgreementState, Metric

PROMISED = (Metric.ACCEPT, Metric.FIRST_CONTACT, Metric.MQL_VOLUME, Metric.ACCEPTANCE_RATE)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Term:
    """One promise. ``target`` is a share or a number a month; the window is business minutes."""

    target: Decimal
    window_minutes: int | None


@dataclass(frozen=True)
class Volume:
    """The MQLs that marketing delivered, and those that were due.

    ``due`` were promised for the working days up to ``on``, the last date of the period that is
    over; ``under_agreement`` counts the delivered ones of dates with a promise. Both are None where
    there is nothing to judge: nothing promised, no such date yet, or only a part of all leads,
    because the promise is about all of them.
    """

    delivered: int
    on: date | None = None
    due: Fraction | None = None
    under_agreement: int | None = None

    @property
    def ahead(self) -> Fraction | None:
        """Return how many more than due were delivered, below 0 where they are fewer."""
        if self.due is None or self.under_agreement is None:
            return None
        return self.under_agreement - self.due


def in_force(scope: Scope) -> list[Commitment]:
    """Return the commitments of all agreements in force in the period, with their calendars."""
    start, end = scope.instants
    was_in_force = Q(version__state__in=(AgreementState.IN_FORCE, AgreementState.SUPERSEDED))
    not_over = Q(version__superseded_at__isnull=True) | Q(version__superseded_at__gt=start)
    commitments = Commitment.objects.filter(
        was_in_force, not_over, version__in_force_from__lt=end, metric__in=PROMISED
    )
    joined = commitments.select_related("version__calendar")
    calendars = ("version__calendar__windows", "version__calendar__holidays")
    ordered = joined.order_by("metric", "-target", "window_minutes", "version", "pk")
    return list(ordered.prefetch_related(*calendars))


def terms(commitments: Sequence[Commitment]) -> dict[str, list[Term]]:
    """Return the promises by metric; there are several where versions or agreements differ."""
    promised: dict[str, list[Term]] = {metric: [] for metric in PROMISED}
    for commitment in commitments:
        term = Term(commitment.target, commitment.window_minutes)
        # Equal promises of two versions are one.
        if term not in promised[commitment.metric]:
            promised[commitment.metric].append(term)
    return promised


def volume(scope: Scope, commitments: Sequence[Commitment]) -> Volume:
    """Return what marketing delivered and what was due, in one query.

    A commitment for some sources, actions or personas adds to the one for all the others.
    """
    promised = []
    for commitment in commitments:
        first, last = _dates(scope, commitment.version)
        if commitment.metric == Metric.MQL_VOLUME and first <= last:
            calendar = work_calendars.plain(commitment.version.calendar)
            promised.append(pace.Promise(Fraction(commitment.target), calendar, first, last))
    covered = Q(pk__isnull=True)  # none
    for promise in promised:
        covered |= Q(mql_on__gte=promise.first, mql_on__lte=promise.last)
    counts = delivered(scope).aggregate(all=Count("pk"), covered=Count("pk", filter=covered))
    # Today is not over: its MQLs are not due yet.
    until = min(scope.period.end, local_date(scope.at, scope.zone) - DAY)
    due = pace.due(promised, until)
    if not due or scope.is_part:
        return Volume(counts["all"])
    return Volume(counts["all"], until, due, counts["covered"])


def _dates(scope: Scope, version: AgreementVersion) -> tuple[date, date]:
    """Return the first and the last date of the period that are the version's.

    The date on which one version follows another is the later one's.
    """
    first = scope.period.start
    last = scope.period.end
    if version.in_force_from:
        first = max(first, local_date(version.in_force_from, scope.zone))
    if version.superseded_at:
        last = min(last, local_date(version.superseded_at, scope.zone) - DAY)
    return first, last
