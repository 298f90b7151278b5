"""What people type to qualify a lead: valuable actions, evidence, overrides."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from crm.lib.catalogue import in_use
from crm.lib.forms import Line, Lines
from leads.models import ValuableActionKind
from leads.states import Verdict
from personas.models import PersonaVersion


class ActionForm(forms.Form):
    """A valuable action of a lead."""

    kind = forms.ModelChoiceField(label=_("What did the lead do?"), queryset=None, empty_label=None)
    occurred_on = forms.DateField(
        label=_("When"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    note = Lines(label=_("Note"), required=False, max_length=2000)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"occurred_on": today}, **kwargs)
        self.fields["kind"].queryset = in_use(ValuableActionKind)
        self.fields["occurred_on"].validators.append(
            MaxValueValidator(today, _("This day has not come yet."))
        )


class ActionKindForm(forms.Form):
    """A kind of valuable action: its name in both languages, one of which may be missing, and its
    points.
    """

    name_es = Line(label=_("Name in Spanish"), max_length=80, required=False)
    name_en = Line(label=_("Name in English"), max_length=80, required=False)
    points = forms.IntegerField(
        label=_("Points"),
        min_value=0,
        max_value=100,
        help_text=_("Engagement on the day it happens, of 100; with time it fades."),
    )

    def __init__(self, *args: Any, kind: ValuableActionKind | None = None, **kwargs: Any) -> None:
        names = kind.name if kind else {}
        initial = {
            "name_es": names.get("es", ""),
            "name_en": names.get("en", ""),
            "points": kind.points if kind else 20,
        }
        super().__init__(*args, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (self.errors or data.get("name_es") or data.get("name_en")):
            self.add_error("name_es", _("Write the name in at least one language."))
        return data

    @property
    def name(self) -> dict[str, str]:
        """The bilingual name, without the language that is missing."""
        found = {"es": self.cleaned_data["name_es"], "en": self.cleaned_data["name_en"]}
        return {language: text for language, text in found.items() if text}


class EvidenceForm(forms.Form):
    """What proves or disproves one criterion."""

    verdict = forms.ChoiceField(
        label=_("Is it so?"),
        choices=[(Verdict.MET, _("Yes, it is met")), (Verdict.NOT_MET, _("No, it is not met"))],
        widget=forms.RadioSelect,
        initial=Verdict.MET,
    )
    value = Line(label=_("What proves it"), max_length=500)
    source = Line(label=_("Who or what says so"), max_length=200, required=False)


class OverrideForm(forms.Form):
    """Why a person knows better than the fact."""

    reason = Line(label=_("Why do you know better?"), max_length=500)
    source = Line(label=_("Who or what says so"), max_length=200, required=False)


class PersonaForm(forms.Form):
    """By which persona a lead is judged."""

    persona = forms.ModelChoiceField(
        label=_("Persona"), queryset=PersonaVersion.objects.none(), empty_label=None
    )
