"""The scope of the numbers: dates, source, team and persona; and which leads count at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q

from leads.models import Lead

# Dates outside are typing errors, and the outermost dates of Python make no moment.
FIRST = date(1900, 1, 1)
LAST = date(2199, 12, 31)
# The source of leads that came without one; no code of a source looks like this.
NOT_GIVEN = "~none"


@dataclass(frozen=True)
class Period:
    """Calendar dates from ``start`` to ``end``, both included.

    Raise ValueError unless FIRST <= start <= end <= LAST.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if not FIRST <= self.start <= self.end <= LAST:
            raise ValueError(f"{self.start} to {self.end} is no period")

    def instants(self, zone: str) -> tuple[datetime, datetime]:
        """Return the first moment of the period in ``zone``, and the first one after it."""
        local = ZoneInfo(zone)
        start = datetime.combine(self.start, time(), local)
        # The next midnight, not 24 hours later: a day of a clock change has 23 or 25.
        end = datetime.combine(self.end + timedelta(days=1), time(), local)
        return start, end

    def month(self, first: date) -> Period:
        """Return the part of the period within the month that begins on ``first``."""
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return Period(max(self.start, first), min(self.end, last))

    def week(self, monday: date) -> Period:
        """Return the part of the period within the week that begins on ``monday``."""
        sunday = monday + timedelta(days=6)
        return Period(max(self.start, monday), min(self.end, sunday))


@dataclass(frozen=True)
class Scope:
    """The scope of all numbers of one page.

    ``zone`` is the organisation's, ``at`` the moment at which running clocks are judged.
    ``source`` is a code, NOT_GIVEN, or empty for all. ``marketing`` and ``sales`` are ids of teams:
    leads that the team brought, or that were handed off to it. ``persona`` is the id of the persona
    that judged the lead, NOT_GIVEN for leads that none has judged, or empty for all. ``reason`` and
    ``person`` narrow a list to one rejection reason, or to the person who handed off.
    """

    period: Period
    zone: str
    at: datetime
    source: str = ""
    marketing: int | None = None
    sales: int | None = None
    reason: str = ""
    person: int | None = None
    persona: str = ""

    @property
    def is_part(self) -> bool:
        """Return whether only a part of the organisation's leads is counted."""
        return bool(self.source or self.marketing or self.sales or self.persona)

    @property
    def instants(self) -> tuple[datetime, datetime]:
        return self.period.instants(self.zone)


def counts_at_all(path: str = "") -> Q:
    """Return the condition of leads, reached over ``path``, that any number may count.

    It is the one place that leaves out archived leads and test leads.
    """
    if not path:
        return Q(archived_at__isnull=True, is_test=False)
    # The others are few and have an index of their own (lead_not_counted): a join with all leads
    # took fifteen times as long.
    left_out = Q(is_test=True) | Q(archived_at__isnull=False)
    return ~Q(Exists(Lead.objects.filter(left_out, pk=OuterRef(f"{path}pk"))))


def counted(scope: Scope, path: str = "") -> Q:
    """Return the condition of leads, reached over ``path``, within ``scope``.

    Each population applies the sales team itself, since it means another thing for each.
    """
    condition = counts_at_all(path)
    if scope.marketing:
        condition &= Q(**{f"{path}marketing_team": scope.marketing})
    if scope.persona == NOT_GIVEN:
        condition &= Q(**{f"{path}persona_version__isnull": True})
    elif scope.persona:
        condition &= Q(**{f"{path}persona_version__persona": scope.persona})
    if scope.source == NOT_GIVEN:
        condition &= Q(**{f"{path}source__isnull": True})
    elif scope.source:
        condition &= Q(**{f"{path}source__code": scope.source})
    return condition
