"""What people type on the pages of the set-up. Forms check and clean; crm.setup.wizard writes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from babel import Locale
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from crm.accounts.forms import zone_choices
from crm.accounts.models import LANGUAGES, Organisation, Team, User
from crm.accounts.states import Side
from crm.accounts.teams import sales_teams
from crm.lib import countries
from crm.lib.bilingual import in_language
from crm.lib.forms import Line, autofill
from crm.lib.text import clean_line
from crm.lib.wording import variants
from crm.setup import code, defaults, wizard
from crm.setup.starter.personas import TEMPLATES
from personas.models import PersonaVersion
from personas.states import VersionState
from sla.calendars import hours_text
from sla.forms.agreements import PasswordAgain
from sla.worktime import arithmetic

MOST_OWN, MOST_PEOPLE = 3, 4


class FirstAdminForm(forms.Form):
    """Who comes first. ``asks_code``: the installation can be reached by others."""

    name = Line(label=gettext_lazy("Your name"), max_length=120, widget=autofill("name"))
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "At least 12 characters. A short sentence is easy to remember and hard to guess."
        ),
    )
    code = forms.CharField(
        label=gettext_lazy("Set-up code"),
        max_length=200,
        help_text=gettext_lazy(
            "It stands in the log of the server; “manage.py setup_code” shows it too."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )
    zone = forms.CharField(
        required=False, max_length=60, widget=forms.HiddenInput(attrs={"data-zone": ""})
    )

    def __init__(self, *args: Any, asks_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_code:
            del self.fields["code"]

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].strip().lower()
        if User.objects.filter(email=email).exists():
            raise ValidationError(
                _("Somebody in the data has this e-mail already. Use another one.")
            )
        return email

    def clean_code(self) -> str:
        if not code.is_right(self.cleaned_data["code"]):
            raise ValidationError(_("This is not the set-up code of this installation."))
        return self.cleaned_data["code"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("password"):
            try:
                validate_password(
                    data["password"], User(name=data.get("name", ""), email=data.get("email", ""))
                )
            except ValidationError as error:
                self.add_error("password", error)
        return data


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


def day_label(day: wizard.Day) -> str:
    when = date_format(day.on, pgettext("date format", "D j M Y"))
    return f"{when} · {day.name}"


class HolidaysForm(forms.Form):
    """Which days stay, and a few of one's own."""

    keep = forms.MultipleChoiceField(
        label=gettext_lazy("Days off"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, days: Iterable[wizard.Day], **kwargs: Any) -> None:
        self.days = list(days)
        super().__init__(*args, **kwargs)
        self.fields["keep"].choices = [(day.on.isoformat(), day_label(day)) for day in self.days]
        self.fields["keep"].initial = [day.on.isoformat() for day in self.days if day.keep]
        for number in range(MOST_OWN):
            self.fields[f"on-{number}"] = forms.DateField(
                label=_("Date"),
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )
            self.fields[f"name-{number}"] = Line(
                label=_("What day it is"), required=False, max_length=120
            )

    @property
    def own(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"on-{number}"], self[f"name-{number}"]) for number in range(MOST_OWN)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for number in range(MOST_OWN):
            if (
                data.get(f"name-{number}")
                and not data.get(f"on-{number}")
                and f"on-{number}" not in self.errors
            ):
                self.add_error(f"on-{number}", _("Give the date of this day."))
        return data

    def chosen(self) -> dict[date, str]:
        kept = set(self.cleaned_data["keep"])
        found = {day.on: day.name for day in self.days if day.on.isoformat() in kept}
        for number in range(MOST_OWN):
            if on := self.cleaned_data.get(f"on-{number}"):
                found[on] = self.cleaned_data[f"name-{number}"] or _("Day off")
        return found


class HoursForm(forms.Form):
    """A preset, or several windows for each weekday."""

    preset = forms.ChoiceField(
        label=gettext_lazy("When do you work?"),
        widget=forms.RadioSelect,
        choices=[
            ("week", gettext_lazy("Monday to Friday, 9 to 18")),
            ("lunch", gettext_lazy("Monday to Friday with a lunch break, 9 to 14 and 15 to 18")),
            ("always", gettext_lazy("Always: 24 hours, 7 days")),
            ("own", gettext_lazy("Our own hours, day by day")),
        ],
    )

    def __init__(self, *args: Any, windows: hours_text.Windows, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["preset"].initial = hours_text.preset_of(windows)
        for day, name in WEEKDAYS.items():
            self.fields[f"day-{day}"] = Line(
                label=str(name).capitalize(),
                required=False,
                max_length=80,
                initial=hours_text.write(hours_text.of_day(windows, day)),
                widget=forms.TextInput(attrs={"placeholder": _("closed"), "autocomplete": "off"}),
            )

    @property
    def own_days(self) -> list[forms.BoundField]:
        return [self[f"day-{day}"] for day in range(7)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        preset = data.get("preset")
        if preset != "own":
            data["windows"] = hours_text.PRESETS.get(preset or "", [])
            return data
        data["windows"] = []
        for day in range(7):
            try:
                data["windows"] += [
                    (day, *window) for window in hours_text.read(data.get(f"day-{day}", ""))
                ]
            except hours_text.Unreadable as error:
                self.add_error(f"day-{day}", str(error))
        if not data["windows"] and not self.errors:
            self.add_error(
                "preset", _("Open on at least one day: a clock has to run at some time.")
            )
        self._check_neighbours(data)
        return data

    def _check_neighbours(self, data: dict[str, Any]) -> None:
        if self.errors:
            return
        try:
            arithmetic.WorkCalendar(
                "UTC", tuple(arithmetic.Window(*window) for window in data["windows"])
            )
        except ValueError as error:
            self.add_error("preset", str(error))


class TeamsForm(forms.Form):
    """A team of each side, and people to invite."""

    marketing = Line(label=gettext_lazy("Marketing team"), max_length=80)
    sales = Line(label=gettext_lazy("Sales team"), max_length=80)
    lead_marketing = forms.BooleanField(
        label=gettext_lazy("I am team lead of marketing for now"), required=False
    )
    lead_sales = forms.BooleanField(
        label=gettext_lazy("I am team lead of sales for now"), required=False
    )
    parts = (
        ("sales", gettext_lazy("Sales rep")),
        ("sales_lead", gettext_lazy("Team lead, sales")),
        ("marketing", gettext_lazy("Marketing")),
        ("marketing_lead", gettext_lazy("Team lead, marketing")),
        ("director", gettext_lazy("Director")),
        ("admin", gettext_lazy("Admin")),
    )

    def __init__(
        self, *args: Any, teams: dict[str, Team | None], user: User, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        fresh = not any(teams.values())
        usual = {"marketing": _("Marketing"), "sales": _("Sales")}
        for side in Side.values:
            team = teams[side]
            self.fields[side].initial = team.name if team else usual[side]
            self.fields[side].disabled = team is not None
            self.fields[f"lead_{side}"].initial = fresh or bool(user.team_ids(side, led=True))
        for number in range(MOST_PEOPLE):
            self.fields[f"name-{number}"] = Line(label=_("Name"), required=False, max_length=120)
            self.fields[f"email-{number}"] = forms.EmailField(
                label=_("E-mail"), required=False, max_length=254
            )
            self.fields[f"part-{number}"] = forms.ChoiceField(
                label=_("As"), choices=self.parts, required=False
            )

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        return [
            (self[f"name-{n}"], self[f"email-{n}"], self[f"part-{n}"]) for n in range(MOST_PEOPLE)
        ]

    @property
    def names(self) -> dict[str, str]:
        return {side: self.cleaned_data[side] for side in Side.values}

    @property
    def leads(self) -> list[str]:
        return [side for side in Side.values if self.cleaned_data[f"lead_{side}"]]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        names = [data.get(side, "") for side in Side.values]
        if all(names) and names[0].casefold() == names[1].casefold():
            self.add_error("sales", _("The two teams need different names."))
        for side in Side.values:
            taken = Team.objects.filter(name__iexact=clean_line(data.get(side, ""))).exclude(
                side=side
            )
            if not self.fields[side].disabled and taken.exists():
                self.add_error(side, _("Another team has this name."))
        for number in range(MOST_PEOPLE):
            for one, other in (("name", "email"), ("email", "name")):
                key = f"{other}-{number}"
                if data.get(f"{one}-{number}") and not data.get(key) and key not in self.errors:
                    self.add_error(key, _("Fill in both name and e-mail."))
        return data

    def invited(self) -> list[wizard.Invited]:
        """Each row that is filled in."""
        data = self.cleaned_data
        return [
            (n, data[f"name-{n}"], data[f"email-{n}"], data[f"part-{n}"] or "sales")
            for n in range(MOST_PEOPLE)
            if data.get(f"email-{n}")
        ]


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


class TestLeadForm(forms.Form):
    """Where the test lead goes, and by which persona it fits."""

    team = forms.ModelChoiceField(
        label=gettext_lazy("To the queue of"), queryset=None, empty_label=None
    )
    persona = forms.ModelChoiceField(
        label=gettext_lazy("Buyer persona"), queryset=None, empty_label=None
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = PersonaVersion.objects.filter(
            state=VersionState.PUBLISHED, persona__archived_at__isnull=True
        )
        self.fields["team"].queryset = sales_teams().order_by("pk")
        self.fields["persona"].queryset = versions.select_related("persona").order_by("-pk")
        self.initial.setdefault("team", self.fields["team"].queryset.first())
        self.initial.setdefault("persona", self.fields["persona"].queryset.first())
