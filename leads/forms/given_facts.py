"""The form that gives the field of a criterion in place, with who says so."""

from __future__ import annotations

from copy import deepcopy
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.lib.forms import plain
from leads.forms.leads import LeadForm
from leads.forms.qualification import source_field
from leads.models import Lead, Source
from leads.qualification.rules import MISSING


class LeadFields:
    """The fields that a person may type of one lead, by the fact that criteria judge."""

    def __init__(self, lead: Lead) -> None:
        self.lead = lead

    @cached_property
    def form(self) -> LeadForm:
        # Only where a criterion lacks its field: the form reads the custom fields.
        return LeadForm(lead=self.lead)

    @cached_property
    def names(self) -> dict[str, str]:
        """The name of each field in the form, by its fact."""
        return {self.form.fact_of(name): name for name in self.form.fields}

    def field(self, fact: str) -> forms.Field | None:
        """Return the field of ``fact``; None for a fact that no person types."""
        if fact not in self.names:
            return None
        return self.form.fields[self.names[fact]]


class FactForm(forms.Form):
    """The missing field of one criterion."""

    def __init__(self, *args: Any, field: forms.Field, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = deepcopy(field)
        given.required = True
        self.fields["fact"] = given
        self.fields["source"] = source_field()

    def clean_fact(self) -> Any:
        value = self.cleaned_data["fact"]
        # An unanswered yes-no field is valid for Django, required or not.
        if value in MISSING:
            raise ValidationError(_("This field is required."), code="required")
        return value

    @property
    def fact(self) -> Any:
        """The cleaned value as leads.change takes it."""
        value = self.cleaned_data["fact"]
        if isinstance(value, Source):
            return value
        return plain(value)

    @property
    def text(self) -> str:
        """The value as people read it: the label of a choice, else what was typed."""
        raw = str(self["fact"].value())
        choices = getattr(self.fields["fact"].widget, "choices", ())
        labels = {str(key): str(label) for key, label in choices}
        return labels.get(raw, raw)
