"""Teams to choose from."""

from __future__ import annotations

from django.db.models import QuerySet

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib.catalogue import in_use


def marketing_team(user: User) -> Team | None:
    """Return the marketing team for which ``user`` logs leads: the first they belong to."""
    own = user.team_ids(Side.MARKETING)
    return Team.objects.filter(pk__in=own).first()


def sales_teams() -> QuerySet[Team]:
    """Return the teams to whose queue a lead may be handed off."""
    return in_use(Team).filter(side=Side.SALES)
