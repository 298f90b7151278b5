"""Teams to choose from, and who is in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from crm.accounts.models import Membership, Team, User
from crm.accounts.states import Side
from crm.lib.catalogue import in_use
from crm.lib.db import returning
from crm.lib.db.kept_sql import Among, KeptSql


def marketing_team(user: User) -> Team | None:
    """Return the marketing team for which ``user`` logs leads: the first they belong to."""
    own = [member.team for member in user.memberships_now if member.team.side == Side.MARKETING]
    if len(own) < 2:
        # Mostly so, and the person came with it.
        return next(iter(own), None)
    return Team.objects.filter(pk__in=[team.pk for team in own]).first()


def sales_teams() -> QuerySet[Team]:
    """Return the teams to whose queue a lead may be handed off."""
    return in_use(Team).filter(side=Side.SALES)


def active_people(team_ids: Iterable[int]) -> dict[int, list[User]]:
    """Return the active people of each team, by its id, with what a notice needs. One query."""
    return _by_team(team_ids, only_leads=False)


def active_leads(team_ids: Iterable[int]) -> dict[int, list[User]]:
    """Return the active people who lead each team, by its id, as :func:`active_people`.

    A person may lead one team and be a member of another.
    """
    return _by_team(team_ids, only_leads=True)


def _by_team(team_ids: Iterable[int], *, only_leads: bool) -> dict[int, list[User]]:
    people: dict[int, list[User]] = {pk: [] for pk in team_ids}
    for team, *values in ACTIVE.rows(only_leads, teams=list(people)):
        people[team].append(returning.from_paths(User, NOTIFIED, values))
    return people


# The columns of a person that a notice needs.
NOTIFIED = ("id", "name", "is_active", "mails", "time_zone")


def _active(only_leads: bool, *, teams: list[int]) -> QuerySet[Any]:
    memberships = Membership.objects.filter(Among("team", teams), user__is_active=True)
    if only_leads:
        memberships = memberships.filter(is_lead=True)
    person = [f"user__{name}" for name in NOTIFIED]
    return memberships.order_by("id").values_list("team", *person)


ACTIVE = KeptSql(_active)
