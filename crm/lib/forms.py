"""Form fields and helpers that every app shares."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.forms import Form

from crm.lib.errors import DomainError
from crm.lib.text import clean_line, clean_text

DAY = timedelta(days=1)


NOTE = forms.Textarea(attrs={"rows": 3})


class Line(forms.CharField):
    """One line of text by the written rule of crm.lib.text."""

    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value))


class Lines(forms.CharField):
    """Text of several lines by the written rule of crm.lib.text."""

    widget = NOTE

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value))


class Moment(forms.DateTimeField):
    """A date with a time of day, to the minute, in the zone of who types it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, **kwargs)


def autofill(name: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": name})


def plain(value: Any) -> Any:
    """A cleaned value as JSON keeps it."""
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, (bool, int, str)) or value is None else float(value)


def refuse(form: Form, error: DomainError) -> int:
    """Put the words of ``error`` on the fields of ``form`` that it names, else on the form; returns
    the status.
    """
    named = {name: text for name, text in error.fields.items() if name in form.fields}
    for name, text in named.items():
        form.add_error(name, str(text))
    if not named:
        form.add_error(None, str(error.message))
    return error.status
