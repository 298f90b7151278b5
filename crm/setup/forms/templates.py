"""The forms that choose a persona and an agreement to start from."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from crm.accounts.sign_in.forms import ConfirmForm
from crm.lib.bilingual import in_language
from crm.lib.numbers.fields import WholeField
from crm.setup.starter.persona_templates import TEMPLATES


class PersonaTemplateForm(forms.Form):
    """The choice of a persona template."""

    template = forms.ChoiceField(
        label=gettext_lazy("Whom do you sell to?"),
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Set per form, because the names are in the language of the reader.
        choices = [(key, in_language(template.name)) for key, template in TEMPLATES.items()]
        self.fields["template"].choices = choices
        self.fields["template"].initial = next(iter(TEMPLATES))


class AgreementTemplateForm(ConfirmForm):
    """The choice of a pace, and the MQLs that marketing promises.

    People who sign at once type their password again.
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
    volume = WholeField(
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
