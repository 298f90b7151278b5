"""The forms that name a persona."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.bilingual import LANGUAGES, in_language
from crm.lib.forms import Line
from crm.setup.starter.persona_templates import TEMPLATES
from personas.personas import LONGEST_NAME

LANGUAGE = {"es": gettext_lazy("Spanish"), "en": gettext_lazy("English")}


class NameForm(forms.Form):
    """The name of a persona in both languages."""

    es = Line(
        label=gettext_lazy("Name in Spanish"),
        max_length=LONGEST_NAME,
        required=False,
    )
    en = Line(
        label=gettext_lazy("Name in English"),
        max_length=LONGEST_NAME,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        # A name that is too long is missing from the data as well, and has its own message.
        if self.errors:
            return data
        if not (data.get("es") or data.get("en")):
            self.add_error("es", _("Give a name in at least one language."))
        return data

    @property
    def name(self) -> dict[str, str]:
        """Return the bilingual name, without a language that is missing."""
        texts = {}
        for language in LANGUAGES:
            text = self.cleaned_data[language]
            if text:
                texts[language] = text
        return texts


class NewForm(NameForm):
    """A new persona: its name, and the template that it starts with.

    An example brings its own name.
    """

    template = forms.ChoiceField(label=gettext_lazy("Begin with"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text = _("Example: %(name)s")
        examples = []
        for key, template in TEMPLATES.items():
            name = in_language(template.name)
            examples.append((key, text % {"name": name}))
        blank = ("blank", _("A blank page"))
        # Set here and not on the class: the names depend on the language of the request.
        field = self.fields["template"]
        field.choices = [*examples, blank]
        field.initial = "blank"

    def clean(self) -> dict[str, Any]:
        # Past NameForm.clean, which asks for a name: an example brings its own.
        if self.data.get("template") in TEMPLATES:
            return forms.Form.clean(self) or {}
        return super().clean()
