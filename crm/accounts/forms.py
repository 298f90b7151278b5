"""Forms of a person: preferences, leave, passwords."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from crm.accounts import leaves
from crm.accounts.models import LANGUAGES, User
from crm.accounts.people import PREFERENCES
from crm.accounts.request import Request
from crm.accounts.sign_in.forms import check_password
from crm.accounts.states import Density, Theme
from crm.api import keys
from crm.lib import clock, number_formats
from crm.lib.text import clean_line

# Zones that are named after places. The rest are fixed offsets, which know no daylight saving
# time, and old aliases such as US/Pacific.
REGIONS = (
    "America/",
    "Atlantic/",
    "Europe/",
    "Pacific/",
    "Africa/",
    "Asia/",
    "Australia/",
    "Indian/",
)


def zone_choices() -> list[tuple[str, str]]:
    """Return IANA zones as choices, after an empty one: as the organisation."""
    zones = sorted(zone for zone in available_timezones() if zone.startswith(REGIONS))
    choices = [("", str(_("As the organisation")))]
    choices += [(zone, zone.replace("_", " ")) for zone in zones]
    return choices


class PreferencesForm(forms.Form):
    """Language, time zone and look that a person chooses."""

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    region = forms.ChoiceField(label=_("Numbers, dates and times"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices, widget=forms.RadioSelect)
    density = forms.ChoiceField(
        label=_("Density"), choices=Density.choices, widget=forms.RadioSelect
    )
    shortcuts = forms.BooleanField(
        label=_("Keyboard shortcuts"),
        required=False,
        help_text=_("Single letters such as j, k, a and r on lists."),
    )
    mails = forms.BooleanField(
        label=_("E-mail me what happens"),
        required=False,
        help_text=_("What your notices say, also by e-mail."),
    )
    live_updates = forms.BooleanField(
        label=_("Live updates"),
        required=False,
        help_text=_(
            "Counters and new rows are told while a page is open. Clocks run on either way."
        ),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        initial = {name: getattr(user, name) for name in PREFERENCES}
        super().__init__(*args, initial=initial, **kwargs)
        # Here and not on the class, because labels depend on the language of the request.
        self.fields["time_zone"].choices = zone_choices()
        as_organisation = ("", str(_("As the organisation")))
        self.fields["region"].choices = [as_organisation, *number_formats.choices()]


class ZoneForm(forms.Form):
    """The choice between the time zone of the device and that of the organisation."""

    time_zone = forms.ChoiceField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zone_choices()


class LeaveForm(forms.Form):
    """The days of a leave of ``person``, both included, and who stands in."""

    first_on = forms.DateField(
        label=_("First day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last_on = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    delegate = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Delegate"),
        required=False,
        empty_label=_("Nobody: the team leads stand in"),
        error_messages={"invalid_choice": _("Choose an active colleague of the same team.")},
        help_text=_("Gets what is due meanwhile, and may work on these leads. Clocks run on."),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["delegate"].queryset = leaves.possible_delegates(person)


class ForgottenPasswordForm(forms.Form):
    """The address to send the link for a new password to."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )


class NewPasswordForm(forms.Form):
    """A new password of the person who opened the link."""

    password = forms.CharField(
        label=_("New password"),
        # A space at the end belongs to the password; the sign-in page does not strip it either.
        strip=False,
        help_text=_("At least 12 characters; several words are easy to keep in mind."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    # Asked without an answer chosen: who changes a password because somebody knows it has to
    # think of the keys, which go on working.
    keys = forms.ChoiceField(
        label=_("Your API keys"),
        choices=[("keep", _("Keep them working")), ("revoke", _("Revoke them all"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what becomes of your API keys.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        live = keys.live_of(user, at=clock.now())
        names = list(live.values_list("name", flat=True))
        if names:
            self.fields["keys"].help_text = ", ".join(names)
        else:
            del self.fields["keys"]

    @property
    def revokes_keys(self) -> bool:
        """Whether the person asked to revoke the API keys."""
        return self.cleaned_data.get("keys") == "revoke"

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password


class JoinForm(NewPasswordForm):
    """Name, language and password of an invited person."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    # Django puts inherited fields first.
    field_order = ["name", "language", "password", "keys"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Password")

    def clean_name(self) -> str:
        name = clean_line(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("Give your name."))
        return name


class ChangePasswordForm(NewPasswordForm):
    """A new password of a person who is signed in and gives the current one."""

    current = forms.CharField(
        label=_("Current password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["current", "password", "keys"]

    def __init__(self, *args: Any, request: Request, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        check_password(self.request, current)
        return current
