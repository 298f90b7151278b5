"""The form of the test lead."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from crm.accounts.teams import sales_teams
from personas.models import PersonaVersion
from personas.states import VersionState


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
