"""Search and filters that all lists of leads share, and the chips of those that are on.

The filter of a list owns what is listed, counted and exported.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Self

import django_filters
from django import forms
from django.core.validators import EMPTY_VALUES
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.lib.number_formats import day_words
from crm.lib.paging import BadParameter, Branches, Listing, Order, Read
from leads.lists import choices
from leads.models import Lead
from leads.records import search
from sla.states import ClockStatus

Query = QueryDict  # the parameters of an address
Rows = Callable[[], QuerySet[Any]]
PAGING = {"after"}
NOT_GIVEN = "~none"  # no code of a source can look like this
# Filters whose value is the id of a row.
IDS = {"owner", "team", "imported"}
# What a clock may show while its act is awaited.
CLOCKS = (ClockStatus.LATE, ClockStatus.SOON, ClockStatus.OK, ClockStatus.PAUSED)
CLOCK_CHOICES = [(status.value, status.label) for status in CLOCKS]


def pick(label: Any, any_label: Any, **arguments: Any) -> django_filters.ChoiceFilter:
    """Return a filter by one of the choices that the list sets for each request."""
    return django_filters.ChoiceFilter(label=label, empty_label=any_label, **arguments)


class ListFilter(django_filters.FilterSet):
    """Search and filters of one list, all of them in the address.

    Unknown parameters are refused. ``lead`` is the path from a row of the list to its lead. A list
    that does not offer one of these filters sets it to None; one that offers the clock defines
    ``by_clock``, since its rows reach their clocks in their own way.
    """

    lead = ""
    order: Order
    # Whether all rows of the reader are many and take long to count (Listing).
    is_long = False
    # Whether each reason of sight keeps only what one person has to do with, or a queue.
    sees_few = False
    # Whether so many leads are searched that a thousand with a common word are far apart (Listing).
    searches_many = False
    # Parameters of the address that are no filters, such as the tab of a list.
    others: frozenset[str] = frozenset()

    q = django_filters.CharFilter(
        label=gettext_lazy("Search"),
        method="search",
        widget=forms.TextInput(attrs={"type": "search", "class": "field", "data-search": ""}),
    )
    owner = pick(gettext_lazy("Owner"), gettext_lazy("Any owner"), method="by_owner")
    team = pick(gettext_lazy("Team"), gettext_lazy("Any team"), method="by_team")
    country = pick(gettext_lazy("Country"), gettext_lazy("Any country"), method="by_country")
    clock = pick(
        gettext_lazy("Clock"),
        gettext_lazy("Any clock"),
        method="by_clock",
        choices=CLOCK_CHOICES,
    )
    source = pick(gettext_lazy("Source"), gettext_lazy("Any source"), method="by_source")
    persona = pick(gettext_lazy("Persona"), gettext_lazy("Any persona"), method="by_persona")

    def __init__(
        self,
        data: Query,
        rows: Rows,
        *,
        user: User,
        at: datetime,
        branches: Branches | None = None,
        order: Order | None = None,
    ) -> None:
        """``branches``: the same rows as ``rows`` by the reasons of sight (Listing)."""
        self.user = user
        self.at = at
        self.branches = branches
        if order is not None:
            self.order = order
        # A misspelt filter would otherwise show every lead as if it were its result.
        unknown = set(data) - set(self.base_filters) - PAGING - self.others
        if unknown:
            text = _("The address has a part that this list does not know: %s.")
            raise BadParameter(text % ", ".join(sorted(unknown)))
        # Not the initializer of the base class: it copies every filter, which most requests, for
        # the first page of the whole list, do not need.
        self.is_bound = True
        self.data = data
        self.rows = rows
        self.in_few = False
        self.request = None
        self.form_prefix = None

    @classmethod
    def without_address(cls, *, user: User, at: datetime) -> Self:
        """Return the list without rows and without an address that asks for filters."""
        rows = cls._meta.model._default_manager
        return cls(QueryDict(), rows.none, user=user, at=at)

    @cached_property
    def queryset(self) -> QuerySet[Any]:
        """All rows in sight."""
        return self.rows()

    @cached_property
    def form(self) -> forms.Form:
        """The form of this request, with what it offers: the catalogues change."""
        kind: Any = type(self)  # mypy takes no class of a filter set for hashable
        form = _form_of(kind)(self.data)
        for name, choices_of_filter in self.offered.items():
            form.fields[name].choices = choices_of_filter  # type: ignore[attr-defined]
        return form

    @property
    def is_on(self) -> bool:
        """Whether the address asks for a search or a filter at all."""
        return any(self.data.get(name) for name in self.base_filters)

    @cached_property
    def offered(self) -> dict[str, choices.Choices]:
        """The choices of each filter that the database knows."""
        return self.offers()

    def offers(self) -> dict[str, choices.Choices]:
        """Return the choices of each filter that the database knows."""
        offered = choices.of_catalogues()
        offered["source"] += ((NOT_GIVEN, _("Not given")),)
        return offered

    @property
    def listing(self) -> Listing:
        """The list: its rows and their order; no rows where a filter is not valid."""
        is_long = self.is_long
        if self.is_on:
            is_long = self.searches_many and bool(self.data.get("q"))
        return Listing(
            lambda: self.narrow(self.queryset),
            self.order,
            "lead_id" if self.lead else "pk",
            self._narrowed_branches(),
            is_long,
        )

    def _narrowed_branches(self) -> Branches | None:
        """Return the branches that pass the filters; None where the rows are enough."""
        if self.branches is None or not self.is_on:
            return self.branches
        if not self.is_valid():
            return None
        return Branches(
            _narrowed,
            type(self),
            self.sees_few,
            self.branches.read,
            self.branches.shape,
            user=self.user,
            at=self.at,
            of_list=self.branches.values,
            wanted=self.wanted,
        )

    @property
    def status(self) -> int:
        """The status of the page: 400 where a filter is not valid."""
        return 200 if not self.is_on or self.is_valid() else 400

    @property
    def wanted(self) -> dict[str, Any]:
        """The filters that are on and valid, by name, as values of kept SQL."""
        chosen = self.form.cleaned_data.items()
        return {
            name: self.value_of(name, value) for name, value in chosen if value not in EMPTY_VALUES
        }

    def value_of(self, name: str, value: Any) -> Any:
        """Return what is chosen as the value that SQL has; None for leads without a source."""
        if name == "q":
            return search.Terms.of(value)
        if name in IDS:
            return int(value)
        if name == "clock":
            return ClockStatus(value)
        if name == "source" and value == NOT_GIVEN:
            return None
        return value

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of ``rows``, of the same model, that pass the filters."""
        if not self.is_on:
            return rows
        # All leads would look like the result of an invalid filter.
        if not self.is_valid():
            return rows.none()
        return self.keep(rows, self.wanted)

    def keep(
        self, rows: QuerySet[Any], wanted: Mapping[str, Any], *, are_few: bool = False
    ) -> QuerySet[Any]:
        """Return those of ``rows`` that pass the ``wanted`` filters.

        ``are_few``: reading each is cheaper than an index of all leads (search.condition).
        """
        self.in_few = are_few
        for name, value in wanted.items():
            filter_ = self.base_filters[name]
            if filter_.method:
                rows = getattr(self, filter_.method)(rows, name, value)
            else:
                rows = filter_.filter(rows, value)
        return rows

    def search(self, rows: QuerySet[Any], name: str, value: search.Terms) -> QuerySet[Any]:
        """Keep leads that have every word in their name, company, e-mail, or phone digits."""
        wanted = search.condition(value, self.user, in_few=self.in_few)
        if not self.lead:
            return rows.filter(wanted)
        return rows.filter(lead__in=Lead.objects.filter(wanted).values("pk"))

    def by_owner(self, rows: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        return rows.filter(owner=value)

    def by_team(self, rows: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        return rows.filter(team=value)

    def by_country(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep leads whose person, or else whose company, is of the country."""
        of_company = Q(**{f"{self.lead}person__country": "", f"{self.lead}company__country": value})
        return rows.filter(of_company | Q(**{f"{self.lead}person__country": value}))

    def by_source(self, rows: QuerySet[Any], name: str, value: str | None) -> QuerySet[Any]:
        """Keep leads of the source; for None, leads without one."""
        if value is None:
            return rows.filter(**{f"{self.lead}source__isnull": True})
        return rows.filter(**{f"{self.lead}source__code": value})

    def by_persona(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(persona_version__persona__slug=value)

    # -- As the page shows it

    @property
    def blank(self) -> Blank:
        """The form without any filter."""
        return Blank(type(self), tuple(self.offered.items()))

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields behind the button "Filters": all but the search, hidden ones, and those with
        nothing to choose."""
        fields = []
        for field in self.form:
            offered = getattr(field.field, "choices", None)
            # The empty choice is one of them.
            has_choice = offered is None or len(list(offered)) > 2 or field.value()
            if field.name != "q" and not field.is_hidden and has_choice:
                fields.append(field)
        return fields

    @property
    def chosen(self) -> list[tuple[str, str, str]]:
        """The filters that are on, as (parameter, label, value as text), for the chips."""
        chips: list[tuple[str, str, str]] = []
        if not self.is_on:
            return chips
        for name, field in self.form.fields.items():
            raw: Any = self.form.data.get(name)
            if raw:
                chips.append((name, str(field.label), self._value_text(name, raw)))
        return chips

    @property
    def chips(self) -> list[tuple[str, str, str]]:
        """The filters that are on, without the search, which stands in its own field."""
        return [chip for chip in self.chosen if chip[0] != "q"]

    def _value_text(self, name: str, raw: str) -> str:
        """Return a chosen value as people read it; an invalid value stays unchanged."""
        value = None
        if self.form.is_bound and self.form.is_valid():
            value = self.form.cleaned_data.get(name)
        if isinstance(value, date):
            return day_words(value)
        named = dict(getattr(self.form.fields[name], "choices", []))
        return str(named.get(raw, raw))


# FilterSet.form copies every filter and makes a class for each request: 1.5 ms of a page of 12 ms.
@lru_cache(maxsize=16)
def _form_of(kind: type[ListFilter]) -> type[forms.Form]:
    """Return the form of a list, without the choices that are set for each request."""
    fields = {name: filter_.field for name, filter_ in kind.base_filters.items()}
    return type(f"{kind.__name__}Form", (forms.Form,), fields)


def _narrowed(
    kind: type[ListFilter],
    are_few: bool,
    read: Read,
    shape: Sequence[Hashable],
    *,
    user: User,
    at: datetime,
    of_list: Mapping[str, Any],
    wanted: Mapping[str, Any],
) -> list[QuerySet[Any]]:
    """Return those rows of each branch that pass the ``wanted`` filters."""
    filters = kind.without_address(user=user, at=at)
    return [filters.keep(branch, wanted, are_few=are_few) for branch in read(*shape, **of_list)]


@dataclass(frozen=True)
class Blank:
    """The form of a list without any filter: the same for all to whom the same is offered."""

    kind: type[ListFilter]
    offered: tuple[tuple[str, choices.Choices], ...]

    @property
    def filter(self) -> ListFilter:
        """The list to draw the form from; it has no rows."""
        made = self.kind.without_address(user=User(), at=datetime.max)
        made.offered = dict(self.offered)
        return made
