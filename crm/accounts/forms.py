"""Forms about people."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import LANGUAGES, User
from crm.accounts.people import PREFERENCES
from crm.accounts.states import Density, Theme
from crm.lib import regions

REGIONS = ("America/", "Atlantic/", "Europe/", "Pacific/", "Africa/", "Asia/", "Australia/", "Indian/")


def zone_choices() -> list[tuple[str, str]]:
    """IANA zones for a select, the empty choice first: as the organisation."""
    zones = sorted(zone for zone in available_timezones() if zone.startswith(REGIONS))
    return [("", str(_("As the organisation"))), *((zone, zone.replace("_", " ")) for zone in zones)]


class PreferencesForm(forms.Form):
    """A person's own language, zone and look."""

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    region = forms.ChoiceField(label=_("Numbers, dates and times"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices, widget=forms.RadioSelect)
    density = forms.ChoiceField(label=_("Density"), choices=Density.choices, widget=forms.RadioSelect)
    shortcuts = forms.BooleanField(
        label=_("Keyboard shortcuts"),
        required=False,
        help_text=_("Single letters such as j, k, a and r on lists."),
    )

    live_updates = forms.BooleanField(
        label=_("Live updates"),
        required=False,
        help_text=_("Counters and new rows are told while a page is open. Clocks run on either way."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, initial={name: getattr(user, name) for name in PREFERENCES}, **kwargs)
        self.fields["time_zone"].choices = zone_choices()
        self.fields["region"].choices = [("", str(_("As the organisation"))), *regions.choices()]


class ZoneForm(forms.Form):
    """Whether one lives in the zone of one's device or in the organisation's."""

    time_zone = forms.ChoiceField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zone_choices()
