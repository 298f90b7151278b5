"""The form of the organisation's facts."""

from __future__ import annotations

from typing import Any

from babel import Locale
from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext_lazy

from crm.accounts.forms import zone_choices
from crm.accounts.models import LANGUAGES, Organisation
from crm.lib import countries
from crm.lib.forms import Line, autofill
from crm.lib.wording import variants
from crm.setup import defaults


class OrganisationForm(forms.Form):
    """The organisation's facts."""

    name = Line(label=gettext_lazy("Name"), max_length=120, widget=autofill("organization"))
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=LANGUAGES)
    country = forms.ChoiceField(label=gettext_lazy("Country"))
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))

    say_lead = forms.ChoiceField(
        label=gettext_lazy("What Spanish texts call a person who may buy"),
        choices=[(word, word) for word in variants.CHOICES[variants.LEAD]],
        required=False,
        help_text=gettext_lazy(
            "Countries differ. Every Spanish page, mail and notice changes with it."
        ),
    )
    say_agreement = forms.ChoiceField(
        label=gettext_lazy("What Spanish texts call the agreement in short"),
        choices=[(word, word) for word in variants.CHOICES[variants.AGREEMENT]],
        required=False,
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        initial = {
            name: getattr(organisation, name)
            for name in ("name", "language", "currency", "time_zone")
        }
        words = variants.usual(organisation.country or defaults.COUNTRY) | organisation.terms
        initial |= {"say_lead": words[variants.LEAD], "say_agreement": words[variants.AGREEMENT]}
        super().__init__(
            *args,
            initial={**initial, "country": organisation.country or defaults.COUNTRY},
            **kwargs,
        )
        names = Locale.parse((get_language() or settings.LANGUAGE_CODE)[:2]).currencies
        self.fields["country"].choices = countries.choices()
        self.fields["currency"].choices = [
            (c, f"{c} · {names.get(c, c)}") for c in defaults.currencies()
        ]
        zones = dict(zone_choices()[1:])
        zones.setdefault(organisation.time_zone, organisation.time_zone)
        self.fields["time_zone"].choices = list(zones.items())

    def facts(self) -> dict[str, Any]:
        """What organisations.change takes. Words that are usual in the country follow it."""
        data = dict(self.cleaned_data)
        chosen = {
            variants.LEAD: data.pop("say_lead"),
            variants.AGREEMENT: data.pop("say_agreement"),
        }
        usual = variants.usual(data["country"])
        return data | {
            "terms": {key: word for key, word in chosen.items() if word and word != usual[key]}
        }
