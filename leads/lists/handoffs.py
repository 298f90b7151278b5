"""The queue and "My leads": lists of handoffs by the time that is left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.paging import Branches
from leads.follow_up import own_leads
from leads.handoffs.queue import tabs
from leads.lists import choices
from leads.lists.filters import ListFilter, Query
from leads.models import Handoff
from leads.states import WORKED
from sla.clocks import status
from sla.states import ClockStatus

WORKED_CHOICES = [(state.value, state.label) for state in WORKED]


class HandoffFilter(ListFilter):
    """What both lists of handoffs offer."""

    lead = "lead__"
    owner = None

    def offers(self) -> dict[str, choices.Choices]:
        return super().offers() | {"team": choices.queues(self.user)}


class QueueFilter(HandoffFilter):
    """Search and filters of the queue; each tab has one kind of clock."""

    others = frozenset({"tab"})
    clock = None

    class Meta:
        model = Handoff
        fields: list[str] = []


class MineFilter(HandoffFilter):
    """Search and filters of the leads that a person works on."""

    others = frozenset({"tab"})
    order = own_leads.BY_PLACE
    stage = django_filters.ChoiceFilter(
        label=_("Stage"),
        field_name="state",
        choices=WORKED_CHOICES,
        empty_label=_("Any stage"),
    )

    class Meta:
        model = Handoff
        fields: list[str] = []

    def offers(self) -> dict[str, choices.Choices]:
        return super().offers() | {"team": choices.own_queues(self.user)}

    def by_clock(self, rows: QuerySet[Any], name: str, value: ClockStatus) -> QuerySet[Any]:
        return rows.filter(status.condition(value, at=self.at, to="clock__"))


def queue(user: User, query: Query, *, tab: str, at: datetime, since: datetime) -> QueueFilter:
    """Return one tab of the queue. ``since``: when today began. Raises BadParameter."""
    branches = Branches(tabs.queue_in_sight, tab, user=user, at=at, since=since)
    order = tabs.order_of(tab)
    return QueueFilter(
        query,
        lambda: tabs.queue(user, tab, at=at, since=since),
        user=user,
        at=at,
        branches=branches,
        order=order,
    )


def mine(
    user: User, query: Query, *, at: datetime, until: datetime, tab: str = "all"
) -> MineFilter:
    """Return one tab of the leads that ``user`` works on. ``until``: when today ends.

    Raises BadParameter.
    """
    branches = Branches(_mine, tab, user=user, at=at, until=until)
    return MineFilter(
        query,
        lambda: own_leads.own_leads(user, tab, at=at, until=until),
        user=user,
        at=at,
        branches=branches,
    )


def _mine(tab: str, *, user: User, at: datetime, until: datetime) -> list[QuerySet[Any]]:
    return [own_leads.own_leads(user, tab, at=at, until=until)]
