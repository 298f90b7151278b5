"""Choices of teams."""

from __future__ import annotations

from django.db.models import QuerySet

from crm.accounts.models import Team
from crm.accounts.states import Side
from crm.lib.catalogue import in_use


def sales_teams() -> QuerySet[Team]:
    """The teams whose queue a lead may be handed off to."""
    return in_use(Team).filter(side=Side.SALES)
