"""What is asked for: which dates, source and team, in whose zone, at which moment; and which leads
count at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

# Dates outside are refused: they are slips of the keyboard, and no moment could be made of the
# outermost.
FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)
NOT_GIVEN = (
    "~none"  # for the source of leads that came without one; no code of a source looks like this
)


@dataclass(frozen=True)
class Period:
    """Calendar dates, ``start`` and ``end`` both inside.

    ValueError unless FIRST <= start <= end <= LAST.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if not FIRST <= self.start <= self.end <= LAST:
            raise ValueError(f"{self.start} to {self.end} is no period")

    def instants(self, zone: str) -> tuple[datetime, datetime]:
        """The first moment of the period in the IANA zone ``zone``, and the first one after it."""
        local = ZoneInfo(zone)
        begins = datetime.combine(self.start, time(), local)
        return begins, datetime.combine(self.end + timedelta(days=1), time(), local)

    def month(self, first: date) -> Period:
        """The part of the period that lies in the month which begins on ``first``."""
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return Period(max(self.start, first), min(self.end, last))

    def week(self, monday: date) -> Period:
        """The part of the period that lies in the week which begins on ``monday``."""
        return Period(max(self.start, monday), min(self.end, monday + timedelta(days=6)))


@dataclass(frozen=True)
class Scope:
    """One question to the numbers.

    ``zone``: the organisation's; ``source``: a code, NOT_GIVEN, or empty for all.

    ``marketing``, ``sales``: the id of a team; its leads are those that it brought, or those handed
    off to it. ``reason``: the code of a rejection reason, ``person``: the id of whoever handed off,
    for the list behind one bar. ``persona``: the id of a persona whose versions judged the lead,
    NOT_GIVEN for leads that none has judged, or empty for all.
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
    def instants(self) -> tuple[datetime, datetime]:
        return self.period.instants(self.zone)


def counts_at_all(path: str = "") -> Q:
    """Leads, reached over ``path``, that any number may count: the one place where some are left
    out.
    """
    return Q(**{f"{path}archived_at__isnull": True, f"{path}is_test": False})


def counted(scope: Scope, path: str = "") -> Q:
    """Leads, reached over ``path``, that ``scope`` asks for; its sales team is the affair of each
    population.
    """
    found = counts_at_all(path)
    if scope.marketing:
        found &= Q(**{f"{path}marketing_team": scope.marketing})
    if scope.persona == NOT_GIVEN:
        found &= Q(**{f"{path}persona_version__isnull": True})
    elif scope.persona:
        found &= Q(**{f"{path}persona_version__persona": scope.persona})
    if scope.source == NOT_GIVEN:
        return found & Q(**{f"{path}source__isnull": True})
    return found & Q(**{f"{path}source__code": scope.source}) if scope.source else found
