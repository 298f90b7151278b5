"""The form of the test lead."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from crm.accounts.teams import sales_teams
from personas.models import PersonaVersion
from personas.states import VersionState


class TestLeadForm(forms.Form):
    """The queue that the test lead goes to, and the persona that it fits."""

    team = forms.ModelChoiceField(
        label=gettext_lazy("To the queue of"),
        queryset=None,
        empty_label=None,
    )
    persona = forms.ModelChoiceField(
        label=gettext_lazy("Buyer persona"),
        queryset=None,
        empty_label=None,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        published = PersonaVersion.objects.filter(
            state=VersionState.PUBLISHED, persona__archived_at__isnull=True
        )
        # The first team and the latest persona are those that the steps before have made.
        teams = sales_teams().order_by("pk")
        versions = published.select_related("persona").order_by("-pk")
        self.fields["team"].queryset = teams
        self.fields["persona"].queryset = versions
        self.initial.setdefault("team", teams.first())
        self.initial.setdefault("persona", versions.first())
