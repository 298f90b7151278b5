"""Forms of admins for people and teams."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import LANGUAGES, Team, User
from crm.accounts.states import Side
from crm.lib.catalogue import in_use
from crm.lib.forms import Line
from leads.staff.handover import Parcel

NOT_IN = ""
MEMBER = "member"
LEADS = "leads"
PLACES = [
    (NOT_IN, _("Not in it")),
    (MEMBER, _("Member")),
    (LEADS, _("Team lead")),
]
QUEUE = "queue"


class PlaceForm(forms.Form):
    """The teams of a person, and the two roles that no team gives."""

    is_director = forms.BooleanField(
        label=_("Director"),
        required=False,
        help_text=_("Stands over both sides: sees and arbitrates everything."),
    )
    is_admin = forms.BooleanField(
        label=_("Admin"),
        required=False,
        help_text=_("Looks after people, teams and settings; sees no lead by that."),
    )

    def __init__(self, *args: Any, person: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places: dict[int, str] = {}
        if person is not None:
            places = _places_of(person)
            self.initial["is_director"] = person.is_director
            self.initial["is_admin"] = person.is_admin
        self.teams: dict[str, Team] = {}
        # Archived teams have no field; memberships in them stay as they are.
        for team in in_use(Team).order_by("side", "name"):
            name = f"team_{team.pk}"
            self.teams[name] = team
            self.fields[name] = forms.ChoiceField(
                label=f"{team.name} · {Side(team.side).label}",
                choices=PLACES,
                required=False,
                initial=places.get(team.pk, NOT_IN),
            )

    @property
    def team_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.teams]

    @property
    def places(self) -> list[tuple[Team, bool]]:
        """The chosen teams, each with whether the person leads it."""
        places = []
        for name, team in self.teams.items():
            choice = self.cleaned_data.get(name)
            if choice:
                places.append((team, choice == LEADS))
        return places


def _places_of(person: User) -> dict[int, str]:
    """Return the choice of PLACES for each team of the person, by the team's id."""
    places = {}
    for membership in person.memberships_now:
        places[membership.team_id] = LEADS if membership.is_lead else MEMBER
    return places


class InviteForm(PlaceForm):
    """A person to invite."""

    name = Line(label=_("Name"), max_length=120)
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("They sign in with it."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)


class PersonForm(forms.Form):
    """A person's name and e-mail."""

    name = Line(label=_("Name"), max_length=120)
    # Not required: people of imported history may have none (people.rename).
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
    )


class HeirsForm(forms.Form):
    """The person who takes over each parcel of another person's work."""

    def __init__(self, *args: Any, parcels: list[Parcel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.colleagues: dict[str, User] = {}
        for parcel in parcels:
            for colleague in parcel.colleagues:
                self.colleagues[str(colleague.pk)] = colleague
            # The choices of a field are the colleagues of its own parcel, so no other heir is
            # valid.
            self.fields[parcel.key] = _heir_field(parcel)

    @property
    def heirs(self) -> dict[str, User | None]:
        """The chosen heir of each parcel; None is the queue."""
        # QUEUE is the id of no colleague, so it becomes None.
        return {key: self.colleagues.get(value) for key, value in self.cleaned_data.items()}


def _heir_field(parcel: Parcel) -> forms.ChoiceField:
    label = _("%(team)s: in conversation")
    first = ("", _("Choose"))
    if parcel.can_queue:
        label = _("%(team)s: not contacted yet")
        first = (QUEUE, _("Back to the queue of the team"))
    people = [(str(colleague.pk), colleague.name) for colleague in parcel.colleagues]
    return forms.ChoiceField(
        label=label % {"team": parcel.team.name},
        choices=[first, *people],
    )


class TeamForm(forms.Form):
    """A team's name and language."""

    name = Line(label=_("Name"), max_length=80)
    language = forms.ChoiceField(
        label=_("Language"),
        choices=LANGUAGES,
        help_text=_("For what Relevo writes to the team as a whole."),
    )


class NewTeamForm(TeamForm):
    """A new team, whose side never changes."""

    side = forms.ChoiceField(
        label=_("Side"),
        choices=Side.choices,
        widget=forms.RadioSelect,
    )
    # Django would put the fields of the parent class first.
    field_order = ["name", "side", "language"]
