"""Forms about people."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import LANGUAGES, User
from crm.accounts.states import Density, Theme
from crm.lib.text import clean_line

REGIONS = ("America/", "Atlantic/", "Europe/", "Pacific/", "Africa/", "Asia/", "Australia/", "Indian/")


def zone_choices() -> list[tuple[str, str]]:
    """IANA zones for a select, the empty choice first: as the organisation."""
    zones = sorted(zone for zone in available_timezones() if zone.startswith(REGIONS))
    return [("", str(_("As the organisation"))), *((zone, zone.replace("_", " ")) for zone in zones)]


class PreferencesForm(forms.Form):
    """A person's own language, zone and look."""

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices, widget=forms.RadioSelect)
    density = forms.ChoiceField(label=_("Density"), choices=Density.choices, widget=forms.RadioSelect)
    shortcuts = forms.BooleanField(
        label=_("Keyboard shortcuts"),
        required=False,
        help_text=_("Single letters such as j, k, a and r on lists."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        initial = {name: getattr(user, name) for name in ("language", "time_zone", "theme", "density", "shortcuts")}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["time_zone"].choices = zone_choices()


class JoinForm(forms.Form):
    """What an invited person says about themselves: name, language, password."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        help_text=_("At least 12 characters. A short sentence is easy to remember and hard to guess."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_name(self) -> str:
        name = clean_line(self.cleaned_data["name"])
        if not name:
            raise ValidationError(_("Give your name."))
        return name

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        validate_password(password, self.person)
        return password


class LeaveForm(forms.Form):
    """Days away, both included."""

    first_on = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last_on = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
