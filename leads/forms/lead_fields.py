"""The fields of one lead, one at a time: edited in place, or asked for by a criterion."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cached_property
from typing import Any

from django import forms

from crm.lib.forms import plain
from crm.lib.text import clean_line
from leads.forms.leads import ATTRIBUTE, LeadForm, as_text, field_for
from leads.models import CustomField, Lead, Source

COMPANY = "company."


def fact_value(value: Any) -> Any:
    """Return a cleaned value as leads.change takes it."""
    if isinstance(value, Source):
        return value
    return plain(value)


class LeadFields:
    """The fields that a person may type of one lead, by name and by the fact they hold.

    ``customs``: all custom fields, where the caller has read them.
    """

    def __init__(self, lead: Lead, customs: list[CustomField] | None = None) -> None:
        self.lead = lead
        self.customs = customs

    @cached_property
    def form(self) -> LeadForm:
        # Made only where it is needed: the form reads the custom fields.
        return LeadForm(lead=self.lead)

    @cached_property
    def names(self) -> dict[str, str]:
        """The name of each field, by its fact."""
        return {self.form.fact_of(name): name for name in self.form.fields}

    def field(self, fact: str) -> forms.Field | None:
        """Return the field of ``fact``; None for a fact that no person types."""
        if fact.startswith(ATTRIBUTE) and self.customs is not None:
            return self._custom_field(fact.removeprefix(ATTRIBUTE))
        # The facts of a company need a company to belong to.
        if self.lead.company is None and fact.startswith(COMPANY) and fact != "company.name":
            return None
        if fact not in self.names:
            return None
        return self.form.fields[self.names[fact]]

    def _custom_field(self, code: str) -> forms.Field | None:
        """Return the field of the form without the form, which costs ten times as much."""
        for custom in self.customs or ():
            if custom.code == code and custom.archived_at is None:
                return field_for(custom)
        return None


class FieldForm(forms.Form):
    """One field of a lead. ``was``: what it showed at first, as text."""

    def __init__(self, *args: Any, fields: LeadFields, name: str, **kwargs: Any) -> None:
        form = fields.form
        field = form.fields[name]
        kwargs.setdefault("initial", {name: form.get_initial_for_field(field, name)})
        super().__init__(*args, **kwargs)
        self.field_name = name
        self.fact = form.fact_of(name)
        self.fields[name] = deepcopy(field)
        self.was = form.shown()[name]

    @property
    def was_json(self) -> str:
        """What edit_conflicts reads back from the hidden field "was"."""
        return json.dumps({self.field_name: self.was})

    @property
    def typed(self) -> str:
        """What the person sent, as text."""
        widget = self.fields[self.field_name].widget
        return clean_line(
            as_text(widget.value_from_datadict(self.data, self.files, self.field_name))
        )

    @property
    def bound_field(self) -> forms.BoundField:
        return self[self.field_name]

    @property
    def value(self) -> Any:
        """The cleaned value as leads.change takes it."""
        value = self.cleaned_data[self.field_name]
        if value is None and self.fact.startswith(("person.", "attributes.")):
            return ""
        return fact_value(value)
