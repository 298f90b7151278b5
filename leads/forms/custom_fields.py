"""The form of a custom field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.bilingual import LANGUAGES
from crm.lib.forms import Line
from leads.models import CustomField
from leads.records.custom_fields import LONGEST
from personas.forms.personas import LANGUAGE
from personas.states import FieldType


class CustomFieldForm(forms.Form):
    """A custom field of leads: its names, its type, and its choices.

    The form of a new field alone has the type.
    """

    MORE = 4  # empty rows for further choices

    es = Line(label=gettext_lazy("Name in Spanish"), max_length=LONGEST, required=False)
    en = Line(label=gettext_lazy("Name in English"), max_length=LONGEST, required=False)
    type = forms.ChoiceField(label=gettext_lazy("What it holds"), choices=FieldType.choices)

    def __init__(self, *args: Any, custom: CustomField | None = None, **kwargs: Any) -> None:
        self.values: list[str] = []
        if custom is not None:
            self.values = [option["value"] for option in custom.options]
            kwargs["initial"] = self._initial(custom)
        super().__init__(*args, **kwargs)
        self.rows = 0
        if custom is None or custom.type == CustomField.Type.CHOICE:
            self.rows = len(self.values) + self.MORE
        if custom is not None:
            # Stored answers of leads depend on the type.
            del self.fields["type"]
        for number in range(self.rows):
            for language in LANGUAGES:
                self._add_choice(number, language)

    @staticmethod
    def _initial(custom: CustomField) -> dict[str, Any]:
        """Return the stored names and choices by the names of the form's fields."""
        initial = dict(custom.name)
        for number, option in enumerate(custom.options):
            for language in LANGUAGES:
                initial[f"choice-{number}-{language}"] = option.get(language, "")
        return initial

    def _add_choice(self, number: int, language: str) -> None:
        label = _("Choice %(number)d · %(language)s") % {
            "number": number + 1,
            "language": LANGUAGE[language],
        }
        field = Line(label=label, max_length=LONGEST, required=False)
        self.fields[f"choice-{number}-{language}"] = field

    @property
    def name(self) -> dict[str, str]:
        return {language: self.cleaned_data[language] for language in LANGUAGES}

    def choices(self) -> list[list[forms.BoundField]]:
        """Return the rows for choices, each with a field per language."""
        return [
            [self[f"choice-{number}-{each}"] for each in LANGUAGES] for number in range(self.rows)
        ]

    def listed(self) -> list[dict[str, str]]:
        """Return the choices as leads.records.custom_fields takes them, the stored ones first."""
        options = []
        for number in range(self.rows):
            option = {"value": ""}
            if number < len(self.values):
                # Leads are stored with the value, so it stays when the names change.
                option["value"] = self.values[number]
            for language in LANGUAGES:
                option[language] = self.cleaned_data[f"choice-{number}-{language}"]
            options.append(option)
        return options
