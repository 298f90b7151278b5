"""What admins type about people and teams."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import LANGUAGES, Team, User
from crm.accounts.states import Side
from crm.lib.catalogue import in_use
from crm.lib.forms import Line
from leads.staff.handover import Parcel

NOT_IN, MEMBER, LEADS = "", "member", "leads"
PLACES = [(NOT_IN, _("Not in it")), (MEMBER, _("Member")), (LEADS, _("Team lead"))]
QUEUE = "queue"


class PlaceForm(forms.Form):
    """The teams of a person and the two marks that no team gives."""

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
        self.teams = {f"team_{team.pk}": team for team in in_use(Team).order_by("side", "name")}
        places = {m.team_id: m.is_lead for m in person.memberships_now} if person else {}
        for name, team in self.teams.items():
            choice = NOT_IN if team.pk not in places else LEADS if places[team.pk] else MEMBER
            label = f"{team.name} · {Side(team.side).label}"
            self.fields[name] = forms.ChoiceField(
                label=label, choices=PLACES, required=False, initial=choice
            )
        if person:
            self.initial.update(is_director=person.is_director, is_admin=person.is_admin)

    @property
    def team_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.teams]

    @property
    def places(self) -> list[tuple[Team, bool]]:
        """The chosen teams, each with whether the person leads it."""
        chosen = ((team, self.cleaned_data.get(name)) for name, team in self.teams.items())
        return [(team, choice == LEADS) for team, choice in chosen if choice]


class InviteForm(PlaceForm):
    """A person to invite."""

    name = Line(label=_("Name"), max_length=120)
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, help_text=_("They sign in with it.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)


class PersonForm(forms.Form):
    """A person's name and e-mail."""

    name = Line(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)


class HeirsForm(forms.Form):
    """Who takes over each parcel of somebody's work."""

    def __init__(self, *args: Any, parcels: list[Parcel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.colleagues = {str(c.pk): c for parcel in parcels for c in parcel.colleagues}
        for parcel in parcels:
            people = [(str(c.pk), c.name) for c in parcel.colleagues]
            queue = [(QUEUE, _("Back to the queue of the team"))] if parcel.can_queue else []
            first = [] if queue else [("", _("Choose"))]
            label = (
                _("%(team)s: not contacted yet")
                if parcel.can_queue
                else _("%(team)s: in conversation")
            )
            choices = [*first, *queue, *people]
            self.fields[parcel.key] = forms.ChoiceField(
                label=label % {"team": parcel.team.name}, choices=choices
            )

    @property
    def heirs(self) -> dict[str, User | None]:
        return {key: self.colleagues.get(value) for key, value in self.cleaned_data.items()}


class TeamForm(forms.Form):
    """A team's name and language."""

    name = Line(label=_("Name"), max_length=80)
    language = forms.ChoiceField(
        label=_("Language"),
        choices=LANGUAGES,
        help_text=_("For what Relevo writes to the team as a whole."),
    )


class NewTeamForm(TeamForm):
    """A new team; its side stays for good."""

    side = forms.ChoiceField(label=_("Side"), choices=Side.choices, widget=forms.RadioSelect)
    field_order = ["name", "side", "language"]
