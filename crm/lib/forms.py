"""Form fields and helpers that every app shares."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField, Form
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext as _

from crm.lib import countries
from crm.lib.errors import DomainError
from crm.lib.input import json_text
from crm.lib.text import clean_line, clean_text

# Each with its key and its name.
Choices = tuple[tuple[int, str], ...]

DAY = timedelta(days=1)
NOTE = forms.Textarea(attrs={"rows": 3})


class Line(forms.CharField):
    """One line of text, cleaned by the rule of crm.lib.text."""

    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value))


class Lines(forms.CharField):
    """Text of several lines, cleaned by the rule of crm.lib.text."""

    widget = NOTE

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value))


class Country(forms.ChoiceField):
    """A country by its code. All their names are read only where the choices are drawn."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=_countries, **kwargs)

    def valid_value(self, value: Any) -> bool:
        return countries.name(value) != value


def _countries() -> list[tuple[str, Any]]:
    return [("", _("Not given")), *countries.choices()]


class SharedFields(dict[str, forms.Field]):
    """The fields of a form class, for a form that reads what was sent.

    Django copies all fields for every form. Here those of the classes SHARED are not copied: they
    keep nothing of what they read. The form must not change them.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, forms.Field]:
        fields = {}
        for name, field in self.items():
            fields[name] = field if type(field) in SHARED else deepcopy(field, memo)
        return fields


# Exactly these: a class that is made of them may keep something.
SHARED = (Line, Country, forms.ModelChoiceField)


class _ReadOnce(ModelChoiceIterator):
    """The choices of one form, read once: Django asks for them twice to draw a required one."""

    def __iter__(self) -> Iterator[Any]:
        if not hasattr(self, "read"):
            self.read = list(super().__iter__())
        return iter(self.read)


class Choice(forms.ModelChoiceField):
    """One row of a queryset."""

    iterator = _ReadOnce


@dataclass(frozen=True)
class EmptyForm:
    """A form of a page into which nothing was typed, and which is made only if it must be drawn.

    ``arguments``: those of its class, with their names. Equal ones look the same to all who read
    in one language, so that each field is drawn once (crm.templatetags.jinja): they may hold the
    choices of a catalogue, and nothing of a lead or a person.
    """

    form_class: type[Form]
    auto_id: str
    arguments: tuple[tuple[str, Hashable], ...] = ()

    @property
    def errors(self) -> Mapping[str, Any]:
        return {}

    def non_field_errors(self) -> list[str]:
        return []

    def __getitem__(self, name: str) -> EmptyField:
        return EmptyField(self, name)

    def __iter__(self) -> Iterator[EmptyField]:
        return (self[name] for name in self.form_class.base_fields)

    def made(self) -> Form:
        """Return the form itself."""
        return self.form_class(auto_id=self.auto_id, **dict(self.arguments))


PageForm = Form | EmptyForm


@dataclass(frozen=True)
class EmptyField:
    """A field of an empty form."""

    form: EmptyForm
    name: str

    @property
    def errors(self) -> list[str]:
        return []

    def made(self) -> BoundField:
        """Return the field of the form itself."""
        return self.form.made()[self.name]


class JsonField(forms.CharField):
    """A hidden field with what the page showed, as JSON; what was sent is drawn as it was sent.

    Django's own field cannot be drawn with a number of thousands of digits.
    """

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return json_text.read(text)
        except json_text.Unreadable:
            message = _("What this page showed at first cannot be read. Look at it and save again.")
            raise ValidationError(message, code="invalid") from None


def kept(field: forms.Field) -> Any:
    """Mark the field as one whose form the browser keeps while a person types.

    For forms that make something new, such as a note (crm/static/crm/drafts.js).
    """
    field.widget.attrs["data-draft"] = ""
    return field


class Day(forms.DateField):
    """A date."""

    def __init__(self, **kwargs: Any) -> None:
        # A date control takes ISO alone; Django would write the date by the language.
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, **kwargs)


class Moment(forms.DateTimeField):
    """A date with a time of day, to the minute, in the zone of the person who types it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, **kwargs)


def autofill(name: str) -> forms.TextInput:
    """Return a text input that browsers fill with what they know as ``name``."""
    return forms.TextInput(attrs={"autocomplete": name})


def typed_texts(form: Form) -> list[tuple[str, str]]:
    """Return label and text of each field of a sent form that a person wrote something into."""
    texts = []
    for field in form.visible_fields():
        # Of a choice the form holds a key, which says nothing to people.
        if isinstance(field.field, forms.CharField) and field.data:
            texts.append((str(field.label), str(field.data)))
    return texts


def plain(value: Any) -> Any:
    """Return a cleaned value as JSON keeps it: a date as ISO text, a decimal as a number."""
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, Decimal):
        return value
    # As imports and criteria keep it: a whole number without a decimal point.
    if value == value.to_integral_value():
        return int(value)
    return float(value)


def add_domain_error(form: Form, error: DomainError) -> int:
    """Show ``error`` at the fields that it names, else at the top of the form.

    Return the HTTP status of the answer.
    """
    # add_error() raises ValueError for a field that the form lacks.
    messages = {name: text for name, text in error.fields.items() if name in form.fields}
    for name, text in messages.items():
        form.add_error(name, str(text))
    if not messages:
        form.add_error(None, str(error.message))
    return error.status
