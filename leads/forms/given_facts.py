"""The form that gives the field of a criterion in place, with who says so."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.lib.numbers.fields import NumberField
from leads.forms.lead_fields import fact_value
from leads.forms.leads import as_text
from leads.forms.qualification import source_field
from leads.qualification.rules import MISSING


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
        return fact_value(self.cleaned_data["fact"])

    @property
    def text(self) -> str:
        """The value as people read it: the label of a choice, else what was typed.

        A number stands without groups: a reader of another region would take "5.000" for 5.
        """
        field = self.fields["fact"]
        if isinstance(field, NumberField):
            return str(field.prepare_value(self.cleaned_data["fact"]))
        raw = as_text(self["fact"].value())
        choices = getattr(field.widget, "choices", ())
        labels = {str(key): str(label) for key, label in choices}
        return labels.get(raw, raw)
