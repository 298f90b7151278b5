"""The forms that choose a persona and an agreement to begin with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from crm.lib.bilingual import in_language
from crm.setup.starter.persona_templates import TEMPLATES
from sla.forms.agreements import PasswordAgain


class PersonaForm(forms.Form):
    """Which template to begin with."""

    template = forms.ChoiceField(
        label=gettext_lazy("Whom do you sell to?"), widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"].choices = [
            (key, in_language(each.name)) for key, each in TEMPLATES.items()
        ]
        self.fields["template"].initial = next(iter(TEMPLATES))


class AgreementForm(PasswordAgain):
    """Which pace to begin with, and how much marketing promises; who ``signs`` it at once types the
    password again.
    """

    pace = forms.ChoiceField(
        label=gettext_lazy("How fast does sales answer?"),
        widget=forms.RadioSelect,
        initial="standard",
        choices=[
            ("quick", gettext_lazy("Quick: within 1 business hour")),
            ("standard", gettext_lazy("Standard: within 4 business hours")),
            ("relaxed", gettext_lazy("Relaxed: within one working day")),
        ],
    )
    volume = forms.IntegerField(
        label=gettext_lazy("MQLs that marketing promises a month"),
        required=False,
        min_value=1,
        max_value=100_000,
        help_text=gettext_lazy("Empty: as the template says."),
    )
    field_order = ("pace", "volume", "password")

    def __init__(self, *args: Any, signs: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not signs:
            del self.fields["password"]
