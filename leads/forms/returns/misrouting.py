"""The form with which a rep says that a handoff is for another team."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Team
from leads.forms.handoffs import comment_field

MARKETING = "marketing"


class MisrouteForm(forms.Form):
    """The team that a lead is for. ``teams``: those that may get it; empty if none may."""

    team = forms.ChoiceField(label=_("Which team is it for?"))
    comment = comment_field(_("Why is it for another team?"))

    def __init__(self, *args: Any, teams: Sequence[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.teams = {str(team.pk): team for team in teams}
        if not teams:
            del self.fields["team"]
        if not self.is_bound:
            first = next(iter(self.fields.values()))
            first.widget.attrs["autofocus"] = True
        if not teams:
            return
        names = [(pk, team.name) for pk, team in self.teams.items()]
        unknown = (MARKETING, _("I do not know: marketing decides"))
        self.fields["team"].choices = [("", _("Choose")), *names, unknown]

    @property
    def chosen(self) -> Team | None:
        """The team, None for marketing."""
        return self.teams.get(self.cleaned_data.get("team", MARKETING))
