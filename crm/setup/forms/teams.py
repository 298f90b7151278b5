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
            name = self.fields[side]
            name.initial = usual[side]
            team = teams[side]
            if team is not None:
                name.initial = team.name
                # Teams are renamed on their own page. Django ignores what is posted for a
                # disabled field.
                name.disabled = True
            leads_side = bool(user.team_ids(side, led=True))
            # Ticked at first: an agreement is signed by a team lead of each side, and the admin
            # is the only person yet.
            self.fields[f"lead_{side}"].initial = is_first_time or leads_side
        for row in range(ROWS):
            self._add_row(row)

    def _add_row(self, row: int) -> None:
        self.fields[f"name-{row}"] = Line(
            label=_("Name"),
            required=False,
            max_length=120,
        )
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
        rows = []
        for row in range(ROWS):
            name = self[f"name-{row}"]
            email = self[f"email-{row}"]
            part = self[f"part-{row}"]
            rows.append((name, email, part))
        return rows

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
        are_same = marketing.casefold() == sales.casefold()
        if marketing and are_same:
            self.add_error("sales", _("The two teams need different names."))
        for side in Side.values:
            if self.fields[side].disabled:
                continue
            name = clean_line(data.get(side, ""))
            # Without regard to case, as the constraint team_name_unique compares.
            same_name = Team.objects.filter(name__iexact=name)
            if same_name.exclude(side=side).exists():
                self.add_error(side, _("Another team has this name."))

    def _check_row(self, data: dict[str, Any], row: int) -> None:
        for filled, other in (("name", "email"), ("email", "name")):
            key = f"{other}-{row}"
            # A value with an error of its own is missing from the data as well.
            is_missing = not data.get(key) and key not in self.errors
            if data.get(f"{filled}-{row}") and is_missing:
                self.add_error(key, _("Fill in both name and e-mail."))

    def invitees(self) -> list[Invitee]:
        """Return the rows that are filled in."""
        data = self.cleaned_data
        invitees = []
        for row in range(ROWS):
            email = data.get(f"email-{row}")
            if not email:
                continue
            invitee = Invitee(
                row=row,
                name=data[f"name-{row}"],
                email=email,
                part=data[f"part-{row}"] or "sales",
            )
            invitees.append(invitee)
        return invitees
