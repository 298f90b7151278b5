"""The form that gives the field of a criterion in place, with who says so."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.forms.lead_fields import fact_value
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
        """The value as people read it: the label of a choice, else what was typed."""
        raw = str(self["fact"].value())
        choices = getattr(self.fields["fact"].widget, "choices", ())
        labels = {str(key): str(label) for key, label in choices}
        return labels.get(raw, raw)
