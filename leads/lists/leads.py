"""The list of all visible leads, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import django_filters
from django import forms
from django.db.models import BooleanField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.accounts.states import Side
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.numbers.fields import WholeField
from crm.lib.paging import Branches, Page, by_day
from leads.lists import choices, owners
from leads.lists.filters import ListFilter, Query
from leads.models import Handoff, Lead
from leads.models.lead import LeadQuerySet, lead_name
from leads.states import Stage
from sla.clocks import status
from sla.states import ClockStatus

ISO_DAY = "%Y-%m-%d"
NEWEST_FIRST = by_day("first_seen_on")  # the index lead_newest


class WholeFilter(django_filters.NumberFilter):
    """A whole number in the address."""

    field_class = WholeField


class LeadFilter(ListFilter):
    """Search and filters of the lead list."""

    order = NEWEST_FIRST
    stage = django_filters.ChoiceFilter(
        label=_("Stage"), choices=Stage.choices, empty_label=_("Any stage")
    )
    since = django_filters.DateFilter(
        label=_("First seen from"),
        field_name="first_seen_on",
        lookup_expr="gte",
        # Not by the language: the API has the same filter.
        input_formats=[ISO_DAY],
        widget=forms.DateInput(attrs={"type": "date"}, format=ISO_DAY),
    )
    until = django_filters.DateFilter(
        label=_("First seen to"),
        field_name="first_seen_on",
        lookup_expr="lte",
        input_formats=[ISO_DAY],
        widget=forms.DateInput(attrs={"type": "date"}, format=ISO_DAY),
    )
    imported = WholeFilter(
        label=_("Import"),
        field_name="import_run",
        widget=forms.HiddenInput(),
        # The range of a bigint; PostgreSQL answers a larger number with an error.
        max_value=2**63 - 1,
    )

    class Meta:
        model = Lead
        fields: list[str] = []

    def offers(self) -> dict[str, choices.Choices]:
        people = owners.offered(self.user, at=self.at)
        return super().offers() | {"owner": people, "team": choices.teams(self.user)}

    def by_team(self, rows: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        """Keep leads that the team brought, or that were handed off to it."""
        of_team = Handoff.objects.filter(team=value)
        handed_off = Q(pk__in=of_team.values("lead"))
        if self.in_few:
            # A scalar subquery, which PostgreSQL can only ask lead by lead: for IN it would read
            # all handoffs of the team.
            own = of_team.filter(lead=OuterRef("pk")).annotate(is_there=Value(True))
            is_there = Subquery(own.values("is_there")[:1], output_field=BooleanField())
            handed_off = Q(Coalesce(is_there, Value(False)))
        return rows.filter(Q(marketing_team=value) | handed_off)

    def by_clock(self, rows: QuerySet[Any], name: str, value: ClockStatus) -> QuerySet[Any]:
        """Keep leads whose open handoff has a clock of this status."""
        shows = status.condition(value, at=self.at, to="clock__")
        handoffs = Handoff.objects.open_to(self.user).filter(shows)
        return rows.filter(pk__in=handoffs.values("lead"))


def lead_list(user: User, query: Query, *, at: datetime) -> LeadFilter:
    """Return the list of the leads that ``user`` may see. Raises BadParameter."""
    listed = LeadFilter(
        query,
        lambda: _current().visible_to(user).with_names(),
        user=user,
        at=at,
        branches=Branches(_in_sight, user=user),
    )
    # No index has the leads of a whole sales team in the order of the list.
    listed.is_long = bool(user.team_ids(Side.SALES, led=True))
    listed.searches_many = bool(user.is_director or user.team_ids(Side.MARKETING) or listed.is_long)
    listed.sees_few = not listed.searches_many
    return listed


def _current() -> LeadQuerySet:
    return Lead.objects.filter(archived_at__isnull=True)


def _in_sight(*, user: User) -> list[LeadQuerySet]:
    return _current().in_sight(user)


# -- The rows of a page


class LeadRow(NamedTuple):
    """What a row of the list shows of a lead."""

    pk: int
    person: str
    email: str
    phone: str
    job_title: str
    company: str | None
    external_id: str
    stage: str
    source: Mapping[str, str] | None
    owner: str | None
    first_seen_on: date
    is_test: bool
    contact_hidden: bool

    @property
    def name(self) -> str:
        """The name as everywhere else (leads.models.lead.lead_name)."""
        return lead_name(
            self.person,
            self.email,
            self.phone,
            self.external_id,
            pk=self.pk,
            contact_hidden=self.contact_hidden,
        )

    @property
    def about(self) -> str:
        """The job title and the company, as far as they are known."""
        return ", ".join(part for part in (self.job_title, self.company) if part)


# The paths of the values of LeadRow, in its order.
ROW_PATHS = (
    "pk",
    "person__name",
    "person__email",
    "person__phone",
    "person__job_title",
    "company__name",
    "external_id",
    "stage",
    "source__name",
    "owner__name",
    "first_seen_on",
    "is_test",
    "contact_hidden",
)


def rows_of(page: Page) -> list[LeadRow]:
    """Return the rows of a page of the list, in its order, in one query."""
    by_id = {values[0]: LeadRow(*values) for values in ROWS.rows(ids=list(page.rows))}
    # A lead may be gone since the page was read.
    return [by_id[pk] for pk in page.rows if pk in by_id]


def _rows(*, ids: list[int]) -> QuerySet[Any]:
    return Lead.objects.filter(Among("pk", ids)).values_list(*ROW_PATHS)


ROWS = KeptSql(_rows)


def rows_in_sight(user: User, ids: list[int]) -> dict[int, LeadRow]:
    """Return the rows of those leads of ``ids`` that ``user`` may see, by id, in one query."""
    found = ROWS_IN_SIGHT.rows(user=user, ids=ids)
    return {values[0]: LeadRow(*values) for values in found}


def _rows_in_sight(*, user: User, ids: list[int]) -> QuerySet[Any]:
    seen = Lead.objects.visible_to(user).filter(Among("pk", ids))
    return seen.values_list(*ROW_PATHS)


ROWS_IN_SIGHT = KeptSql(_rows_in_sight)
