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
    """Name, language, country, currency and time zone, and the words of Spanish texts."""

    name = Line(
        label=gettext_lazy("Name"),
        max_length=120,
        widget=autofill("organization"),
    )
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
        country = organisation.country or defaults.COUNTRY
        terms = variants.usual(country) | organisation.terms
        initial = {
            "name": organisation.name,
            "language": organisation.language,
            "country": country,
            "currency": organisation.currency,
            "time_zone": organisation.time_zone,
            "say_lead": terms[variants.LEAD],
            "say_agreement": terms[variants.AGREEMENT],
        }
        super().__init__(*args, initial=initial, **kwargs)
        # Set per form, because the names are in the language of the reader.
        self.fields["country"].choices = countries.choices()
        self.fields["currency"].choices = _currency_choices()
        # Without the first choice, which means "as the organisation".
        zones = dict(zone_choices()[1:])
        # A zone that is not offered, such as UTC, stays when the rest of the form is saved.
        zones.setdefault(organisation.time_zone, organisation.time_zone)
        self.fields["time_zone"].choices = list(zones.items())

    def facts(self) -> dict[str, Any]:
        """Return the facts for organisations.change.

        Only words that are not the usual ones of the country are stored, so that the others follow
        a change of the country.
        """
        facts = dict(self.cleaned_data)
        chosen = {
            variants.LEAD: facts.pop("say_lead"),
            variants.AGREEMENT: facts.pop("say_agreement"),
        }
        usual = variants.usual(facts["country"])
        terms = {}
        for key, word in chosen.items():
            if word and word != usual[key]:
                terms[key] = word
        facts["terms"] = terms
        return facts


def _currency_choices() -> list[tuple[str, str]]:
    active = get_language() or settings.LANGUAGE_CODE
    # Babel does not know our variants of Spanish ("es-x-lead").
    locale = Locale.parse(active[:2])
    choices = []
    for code in defaults.currencies():
        name = locale.currencies.get(code, code)
        choices.append((code, f"{code} · {name}"))
    return choices
