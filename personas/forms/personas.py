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

    es = Line(label=gettext_lazy("Name in Spanish"), max_length=LONGEST_NAME, required=False)
    en = Line(label=gettext_lazy("Name in English"), max_length=LONGEST_NAME, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (self.errors or data.get("es") or data.get("en")):
            self.add_error("es", _("Give a name in at least one language."))
        return data

    @property
    def name(self) -> dict[str, str]:
        """Return the bilingual name, without a language that is missing."""
        texts = ((language, self.cleaned_data[language]) for language in LANGUAGES)
        return {language: text for language, text in texts if text}


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
            examples.append((key, text % {"name": in_language(template.name)}))
        self.fields["template"].choices = [*examples, ("blank", _("A blank page"))]
        self.fields["template"].initial = "blank"

    def clean(self) -> dict[str, Any]:
        if self.data.get("template") in TEMPLATES:
            return forms.Form.clean(self) or {}
        return super().clean()
