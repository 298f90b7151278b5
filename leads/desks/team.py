"""The desk of a team lead: people with what they have open, at risk and overdue. Read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, When

from crm.accounts import leaves, people
from crm.accounts.models import Leave, Membership, Team, User
from crm.accounts.states import Side
from crm.accounts.teams import active_people, sales_teams
from crm.lib.db.kept_sql import Among, KeptSql, counted
from crm.lib.paging import Branches, Listing, Order
from leads import events
from leads.models import Decision, Handoff, Return
from leads.states import WORKED, DecisionKind
from sla.agreements import agreements
from sla.clocks import status
from sla.states import ClockStatus

BY_DUE = Order("due", nullable=True)


class Load(NamedTuple):
    """What a person has to do: leads in work, and leads sent back that they answer.

    ``accepted``: how many leads the person accepted this month.
    """

    pk: int
    name: str
    time_zone: str
    open: int
    soon: int
    late: int
    returns: int
    returns_soon: int
    returns_late: int
    accepted: int


@dataclass(frozen=True)
class Colleague:
    """A person of the desk. ``leave``: the leave that runs now, or None."""

    load: Load
    leave: Leave | None

    @property
    def open(self) -> int:
        return self.load.open + self.load.returns

    @property
    def soon(self) -> int:
        return self.load.soon + self.load.returns_soon

    @property
    def late(self) -> int:
        return self.load.late + self.load.returns_late


@dataclass(frozen=True)
class Capacity:
    """How many leads a sales team accepted this month, of those that sales says it can work.

    ``agreed``: None where the agreement in force does not say.
    """

    team: Team
    accepted: int
    agreed: int | None


def teams_of(user: User) -> list[Team]:
    """Return the teams whose people are on the desk: those led; for a director, all of sales."""
    if user.is_director:
        return list(sales_teams())
    return [member.team for member in user.memberships_now if member.is_lead]


def month_of(at: datetime) -> datetime:
    """Return the moment with which the month began, in the organisation's zone."""
    zone = ZoneInfo(people.organisation().time_zone)
    return datetime.combine(events.today(at).replace(day=1), time(), zone)


# -- People


def colleagues(teams: Sequence[Team], *, at: datetime) -> list[Colleague]:
    """Return the active people of ``teams`` by name, in three queries."""
    ids = [team.pk for team in teams]
    loads = [Load(*values) for values in LOADS.rows(teams=ids, at=at, since=month_of(at))]
    persons = [User(pk=load.pk, time_zone=load.time_zone) for load in loads]
    away = leaves.away(persons, at=at)
    return [Colleague(load, away.get(load.pk)) for load in loads]


def _loads(*, teams: list[int], at: datetime, since: datetime) -> QuerySet[Any]:
    worked = Handoff.objects.filter(Among("team", teams), owner=OuterRef("pk"), state__in=WORKED)
    returns = Return.objects.open().filter(
        Among("marketing_team", teams), assigned_to=OuterRef("pk")
    )
    accepts = Decision.objects.standing().filter(
        Among("handoff__team", teams), by=OuterRef("pk"), kind=DecisionKind.ACCEPT, at__gte=since
    )
    soon = status.condition(ClockStatus.SOON, at=at, to="clock__")
    late = status.condition(ClockStatus.LATE, at=at, to="clock__")
    rows = (
        worked,
        worked.filter(soon),
        worked.filter(late),
        returns,
        returns.filter(soon),
        returns.filter(late),
        accepts,
    )
    numbers = {
        f"n_{name}": counted(each) for name, each in zip(Load._fields[3:], rows, strict=True)
    }
    members = Membership.objects.filter(Among("team", teams)).values("user")
    persons = User.objects.filter(pk__in=members, is_active=True).order_by("name", "pk")
    counted_rows = persons.annotate(**{name: Subquery(each) for name, each in numbers.items()})
    return counted_rows.values_list("pk", "name", "time_zone", *numbers)


LOADS = KeptSql(_loads)


# -- Capacity


def capacities(teams: Sequence[Team], *, at: datetime) -> list[Capacity]:
    """Return the capacity of each of ``teams`` that is of sales, in five queries."""
    of_sales = [team for team in teams if team.side == Side.SALES]
    accepted = dict(ACCEPTED.rows(teams=[team.pk for team in of_sales], since=month_of(at)))
    versions = agreements.in_force_by_team(of_sales)
    rows = []
    for team in of_sales:
        version = versions.get(team.pk)
        agreed = version.capacity if version else None
        rows.append(Capacity(team, accepted.get(team.pk, 0), agreed))
    return rows


def _accepted(*, teams: list[int], since: datetime) -> QuerySet[Any]:
    standing = Decision.objects.standing().filter(kind=DecisionKind.ACCEPT, at__gte=since)
    by_team = standing.filter(Among("handoff__team", teams)).order_by().values("handoff__team")
    return by_team.annotate(n=Count("pk")).values_list("handoff__team", "n")


ACCEPTED = KeptSql(_accepted)


# -- The leads of one person


def handoffs_of(person: int, teams: Sequence[Team], *, user: User) -> Listing:
    """Return what a person works on in ``teams``, in the sight of ``user``, the next due first."""
    values: dict[str, Any] = {"person": person, "teams": [team.pk for team in teams]}
    branches = Branches(_handoffs, user=user, **values)
    return Listing(lambda: _handoffs(user=user, **values)[0], BY_DUE, "lead_id", branches)


def _handoffs(*, user: User, person: int, teams: list[int]) -> list[QuerySet[Handoff]]:
    of_team = Q(Among("team", teams), owner=person, state__in=WORKED)
    due = Case(When(clock__stopped_at__isnull=True, then=F("clock__due_at")))
    return [Handoff.objects.open_to(user).filter(of_team).annotate(due=due)]


# -- The returns of one person


def returns_of(person: int, teams: Sequence[Team]) -> Listing:
    """Return the open returns that a person answers in ``teams``, the next deadline first."""
    values: dict[str, Any] = {"person": person, "teams": [team.pk for team in teams]}
    return Listing(lambda: _returns(**values)[0], BY_DUE, "lead_id", Branches(_returns, **values))


def _returns(*, person: int, teams: list[int]) -> list[QuerySet[Return]]:
    rows = Return.objects.open().filter(Among("marketing_team", teams), assigned_to=person)
    return [rows.annotate(due=F("clock__due_at"))]


def answerers(teams: Sequence[Team], *, at: datetime) -> list[User]:
    """Return the people of the marketing teams among ``teams``, by name, without who is away."""
    of_marketing = [team.pk for team in teams if team.side == Side.MARKETING]
    persons = {each.pk: each for rows in active_people(of_marketing).values() for each in rows}
    away = leaves.away(persons.values(), at=at)
    free = [person for pk, person in persons.items() if pk not in away]
    return sorted(free, key=lambda person: person.name)
