"""The desk of a team lead: people with what they have open, at risk and overdue. Read only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    Count,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)

from crm.accounts import leaves, people
from crm.accounts.models import Leave, Membership, Team, User
from crm.accounts.states import Side
from crm.accounts.teams import active_people, sales_teams
from crm.lib.db.kept_sql import Among, KeptSql
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


# -- What was accepted


@dataclass(frozen=True)
class Accepts:
    """How many leads were accepted since a moment, by person and by team, and still are."""

    of_person: Mapping[int, int]
    of_team: Mapping[int, int]


def accepts(teams: Sequence[Team], *, since: datetime) -> Accepts:
    """Return what was accepted in ``teams``, in one query."""
    of_person: Counter[int] = Counter()
    of_team: Counter[int] = Counter()
    wanted = {team.pk for team in teams}
    for person, team, number in ACCEPTED.rows(since=since):
        if team in wanted:
            of_person[person] += number
            of_team[team] += number
    return Accepts(of_person, of_team)


def _accepted(*, since: datetime) -> QuerySet[Any]:
    standing = Decision.objects.standing().filter(kind=DecisionKind.ACCEPT, at__gte=since)
    # A subquery, because PostgreSQL would read all handoffs to join those of a month; and of all
    # teams, because it would run it twice to leave some out.
    of_handoff = Handoff.objects.filter(pk=OuterRef("handoff")).values("team")
    with_team = standing.annotate(team=Subquery(of_handoff))
    columns = ("by", "team")
    rows = with_team.order_by().values(*columns).annotate(n=Count("pk"))
    return rows.values_list(*columns, "n")


ACCEPTED = KeptSql(_accepted)


# -- People


def colleagues(teams: Sequence[Team], accepts: Accepts, *, at: datetime) -> list[Colleague]:
    """Return the active people of ``teams`` by name, in four queries."""
    ids = [team.pk for team in teams]
    people = PEOPLE.rows(teams=ids)
    worked = _by_person(WORKED_BY, teams=ids, people=[pk for pk, *_more in people], at=at)
    returns = _by_person(RETURNS_OF, teams=ids, at=at)
    persons = [User(pk=pk, time_zone=time_zone) for pk, _name, time_zone in people]
    away = leaves.away(persons, at=at)
    found = []
    for pk, name, time_zone in people:
        numbers = (*worked.get(pk, NONE), *returns.get(pk, NONE), accepts.of_person.get(pk, 0))
        found.append(Colleague(Load(pk, name, time_zone, *numbers), away.get(pk)))
    return found


# How many are open, at risk and overdue.
Numbers = tuple[int, int, int]
NONE: Numbers = (0, 0, 0)


def _by_person(kept: KeptSql, **values: Any) -> dict[int, Numbers]:
    return {person: (n, soon, late) for person, n, soon, late in kept.rows(**values)}


def _people(*, teams: list[int]) -> QuerySet[Any]:
    members = Membership.objects.filter(Among("team", teams)).values("user")
    persons = User.objects.filter(pk__in=members, is_active=True).order_by("name", "pk")
    return persons.values_list("pk", "name", "time_zone")


def _worked_by(*, teams: list[int], people: list[int], at: datetime) -> QuerySet[Any]:
    # All at once: a subquery for each number of each person read the same rows three times.
    rows = Handoff.objects.filter(Among("owner", people), Among("team", teams), state__in=WORKED)
    return _numbers(rows, "owner", at=at)


def _returns_of(*, teams: list[int], at: datetime) -> QuerySet[Any]:
    rows = Return.objects.open().filter(Among("marketing_team", teams))
    return _numbers(rows.filter(assigned_to__isnull=False), "assigned_to", at=at)


def _numbers(rows: QuerySet[Any], person: str, *, at: datetime) -> QuerySet[Any]:
    """Return the numbers of each ``person``, behind the id."""
    # Those that run are few, and have an index of their own.
    running = FilteredRelation("clock", condition=Q(clock__stopped_at__isnull=True))
    soon = status.condition(ClockStatus.SOON, at=at, to="running__")
    late = status.condition(ClockStatus.LATE, at=at, to="running__")
    numbers = {
        "n": Count("pk"),
        "n_soon": Count("pk", filter=soon),
        "n_late": Count("pk", filter=late),
    }
    grouped = rows.order_by().annotate(running=running).values(person).annotate(**numbers)
    return grouped.values_list(person, *numbers)


PEOPLE = KeptSql(_people)
WORKED_BY = KeptSql(_worked_by)
RETURNS_OF = KeptSql(_returns_of)


# -- Capacity


def capacities(teams: Sequence[Team], accepts: Accepts) -> list[Capacity]:
    """Return the capacity of each of ``teams`` that is of sales, in one query."""
    of_sales = [team for team in teams if team.side == Side.SALES]
    agreed = agreements.capacity_by_team(of_sales)
    return [
        Capacity(team, accepts.of_team.get(team.pk, 0), agreed.get(team.pk)) for team in of_sales
    ]


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
