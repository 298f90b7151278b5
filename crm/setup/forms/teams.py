"""The form of teams and invitations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib.forms import Line
from crm.lib.text import clean_line
from crm.setup.teams import Invited

MOST_PEOPLE = 4


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

    def invited(self) -> list[Invited]:
        """Each row that is filled in."""
        data = self.cleaned_data
        return [
            (n, data[f"name-{n}"], data[f"email-{n}"], data[f"part-{n}"] or "sales")
            for n in range(MOST_PEOPLE)
            if data.get(f"email-{n}")
        ]
