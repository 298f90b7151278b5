"""Teams to choose from, and who is in them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from crm.accounts.models import Membership, Team, User
from crm.accounts.states import Side
from crm.lib.catalogue import in_use


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
    """Return the active people of each team, by its id. One query."""
    return _by_team(team_ids, Membership.objects.all())


def active_leads(team_ids: Iterable[int]) -> dict[int, list[User]]:
    """Return the active people who lead each team, by its id. One query.

    A person may lead one team and be a member of another.
    """
    return _by_team(team_ids, Membership.objects.filter(is_lead=True))


def _by_team(team_ids: Iterable[int], memberships: QuerySet[Membership]) -> dict[int, list[User]]:
    people: dict[int, list[User]] = {pk: [] for pk in team_ids}
    rows = memberships.filter(team__in=list(people), user__is_active=True)
    # Only what a notice to them needs.
    rows = rows.select_related("user").only("team", "user__name", "user__is_active", "user__mails")
    for membership in rows.order_by("id"):
        people[membership.team_id].append(membership.user)
    return people
