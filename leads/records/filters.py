"""The filter of the lead list owns what is listed, counted and exported."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.lib.catalogue import in_use
from crm.lib.number_formats import day_words
from crm.lib.paging import BadParameter
from leads.models import Lead, Source
from leads.records import search
from leads.states import Stage
from personas.models import Persona

PAGING = {"after"}
NOT_GIVEN = "~none"  # no code of a source can look like this


class LeadFilter(django_filters.FilterSet):
    """Search and filters of the lead list, all of them in the address.

    Unknown parameters are refused.
    """

    q = django_filters.CharFilter(
        label=gettext_lazy("Search"),
        method="search",
        widget=forms.TextInput(attrs={"type": "search", "class": "field", "data-search": ""}),
    )
    stage = django_filters.ChoiceFilter(
        label=gettext_lazy("Stage"), choices=Stage.choices, empty_label=gettext_lazy("Any stage")
    )
    source = django_filters.ChoiceFilter(
        label=gettext_lazy("Source"), method="by_source", empty_label=gettext_lazy("Any source")
    )
    persona = django_filters.ChoiceFilter(
        label=gettext_lazy("Persona"),
        field_name="persona_version__persona__slug",
        empty_label=gettext_lazy("Any persona"),
    )
    since = django_filters.DateFilter(
        label=gettext_lazy("First seen from"),
        field_name="first_seen_on",
        lookup_expr="gte",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = django_filters.DateFilter(
        label=gettext_lazy("First seen to"),
        field_name="first_seen_on",
        lookup_expr="lte",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    imported = django_filters.NumberFilter(
        label=gettext_lazy("Import"),
        field_name="import_run",
        widget=forms.HiddenInput(),
        # The range of a bigint; PostgreSQL answers a larger number with an error.
        max_value=2**63 - 1,
    )

    class Meta:
        model = Lead
        fields: list[str] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[Lead], *, user: User) -> None:
        self.user = user
        # A misspelt filter would otherwise show every lead as if it were its result.
        unknown = set(data) - set(self.base_filters) - PAGING
        if unknown:
            text = _("The address has a part that this list does not know: %s.")
            raise BadParameter(text % ", ".join(sorted(unknown)))
        super().__init__(data, queryset.filter(archived_at__isnull=True))
        # Set for each filter: both catalogues change while the process runs.
        sources = [(source.code, str(source)) for source in in_use(Source)]
        self.filters["source"].extra["choices"] = [*sources, (NOT_GIVEN, _("Not given"))]
        personas = [(persona.slug, str(persona)) for persona in in_use(Persona)]
        self.filters["persona"].extra["choices"] = personas

    def search(self, rows: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        """Keep leads that have every word in their name, company, e-mail, or phone digits."""
        return rows.filter(search.condition(value, self.user))

    def by_source(self, rows: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        if value == NOT_GIVEN:
            return rows.filter(source__isnull=True)
        return rows.filter(source__code=value)

    @property
    def chosen(self) -> list[tuple[str, str, str]]:
        """The filters that are on, as (parameter, label, value as text), for the chips."""
        chips: list[tuple[str, str, str]] = []
        for name, field in self.form.fields.items():
            raw: Any = self.form.data.get(name)
            if raw:
                chips.append((name, str(field.label), self._value_text(name, raw)))
        return chips

    def _value_text(self, name: str, raw: str) -> str:
        """Return a chosen value as people read it; an invalid value stays unchanged."""
        value = None
        if self.form.is_bound and self.form.is_valid():
            value = self.form.cleaned_data.get(name)
        if isinstance(value, date):
            return day_words(value)
        choices = dict(getattr(self.form.fields[name], "choices", []))
        return str(choices.get(raw, raw))
