"""Fields of the editor of an agreement, each with one plain sentence that says what it does."""

from __future__ import annotations

from typing import Any

from django import forms

from crm.lib.forms import Lines
from crm.lib.numbers.fields import WholeField

LONGEST = 2000  # characters of a definition


def checks(label: Any, help_text: Any) -> forms.MultipleChoiceField:
    """Return a field of check boxes, of which none is needed."""
    return forms.MultipleChoiceField(
        label=label,
        help_text=help_text,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def definition(label: Any, help_text: Any = "") -> Lines:
    """Return a field of several lines of text."""
    area = forms.Textarea(attrs={"rows": 3})
    return Lines(
        label=label,
        help_text=help_text,
        max_length=LONGEST,
        required=False,
        widget=area,
    )


def day(label: Any, help_text: Any) -> forms.DateField:
    """Return a field of a date that may stay empty."""
    picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=False,
        widget=picker,
    )


def number(
    label: Any,
    help_text: Any,
    least: int,
    most: int,
    *,
    required: bool = False,
) -> WholeField:
    """Return a field of a whole number from ``least`` to ``most``."""
    return WholeField(
        label=label,
        help_text=help_text,
        min_value=least,
        max_value=most,
        required=required,
    )
