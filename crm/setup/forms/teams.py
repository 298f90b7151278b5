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
from crm.setup.teams import Invitee

ROWS = 4  # people that can be invited at once


class TeamsForm(forms.Form):
    """A team of each side, and people to invite."""

    marketing = Line(label=gettext_lazy("Marketing team"), max_length=80)
    sales = Line(label=gettext_lazy("Sales team"), max_length=80)
    lead_marketing = forms.BooleanField(
        label=gettext_lazy("I am team lead of marketing for now"),
        required=False,
    )
    lead_sales = forms.BooleanField(
        label=gettext_lazy("I am team lead of sales for now"),
        required=False,
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
        usual = {"marketing": _("Marketing"), "sales": _("Sales")}
        is_first_time = not any(teams.values())
        for side in Side.values:
            team = teams[side]
            self.fields[side].initial = team.name if team else usual[side]
            self.fields[side].disabled = team is not None
            leads_side = bool(user.team_ids(side, led=True))
            self.fields[f"lead_{side}"].initial = is_first_time or leads_side
        for row in range(ROWS):
            self._add_row(row)

    def _add_row(self, row: int) -> None:
        self.fields[f"name-{row}"] = Line(label=_("Name"), required=False, max_length=120)
        self.fields[f"email-{row}"] = forms.EmailField(
            label=_("E-mail"),
            required=False,
            max_length=254,
        )
        self.fields[f"part-{row}"] = forms.ChoiceField(
            label=_("As"),
            choices=self.parts,
            required=False,
        )

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        """Return the fields of each person: name, e-mail, part."""
        return [
            (self[f"name-{row}"], self[f"email-{row}"], self[f"part-{row}"]) for row in range(ROWS)
        ]

    @property
    def names(self) -> dict[str, str]:
        """Return the names of the teams by side."""
        return {side: self.cleaned_data[side] for side in Side.values}

    @property
    def led_sides(self) -> list[str]:
        return [side for side in Side.values if self.cleaned_data[f"lead_{side}"]]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self._check_names(data)
        for row in range(ROWS):
            self._check_row(data, row)
        return data

    def _check_names(self, data: dict[str, Any]) -> None:
        marketing = data.get("marketing", "")
        sales = data.get("sales", "")
        if marketing and marketing.casefold() == sales.casefold():
            self.add_error("sales", _("The two teams need different names."))
        for side in Side.values:
            if self.fields[side].disabled:
                continue
            name = clean_line(data.get(side, ""))
            if Team.objects.filter(name__iexact=name).exclude(side=side).exists():
                self.add_error(side, _("Another team has this name."))

    def _check_row(self, data: dict[str, Any], row: int) -> None:
        for given, other in (("name", "email"), ("email", "name")):
            key = f"{other}-{row}"
            is_missing = not data.get(key) and key not in self.errors
            if data.get(f"{given}-{row}") and is_missing:
                self.add_error(key, _("Fill in both name and e-mail."))

    def invitees(self) -> list[Invitee]:
        """Return the rows that are filled in."""
        data = self.cleaned_data
        return [
            Invitee(
                row=row,
                name=data[f"name-{row}"],
                email=data[f"email-{row}"],
                part=data[f"part-{row}"] or "sales",
            )
            for row in range(ROWS)
            if data.get(f"email-{row}")
        ]
