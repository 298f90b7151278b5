"""Forms to qualify a lead: valuable actions, evidence, overrides."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from crm.lib.catalogue import choices, in_use
from crm.lib.forms import Choice, Choices, EmptyForm, Line, Lines, kept
from crm.lib.numbers.fields import WholeField
from leads.models import ValuableActionKind
from leads.states import Verdict

# The default of ValuableActionKind.points.
USUAL_POINTS = 20


class ActionForm(forms.Form):
    """A valuable action of a lead, not after ``today``.

    ``kinds``: what :func:`catalogue.choices` has read; else the form reads it when it is drawn.
    """

    kind = Choice(
        label=_("What did the lead do?"),
        queryset=None,
        empty_label=None,
    )
    occurred_on = forms.DateField(
        label=_("When"),
        # A date control takes ISO alone; Django would write the date by the language.
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = kept(Lines(label=_("Note"), required=False, max_length=2000))

    def __init__(
        self, *args: Any, today: date, kinds: Choices | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, initial={"occurred_on": today}, **kwargs)
        self.fields["kind"].queryset = in_use(ValuableActionKind)
        if kinds is not None:
            self.fields["kind"].choices = kinds
        not_later = MaxValueValidator(today, _("This day has not come yet."))
        # Django copies the validators for every form, so this one stays in this form.
        self.fields["occurred_on"].validators.append(not_later)


def empty_action_form(today: date) -> EmptyForm:
    """Return the form for an action, as a page shows it at first."""
    kinds = choices(ValuableActionKind)
    return EmptyForm(ActionForm, "id_action_%s", (("today", today), ("kinds", kinds)))


class ActionKindForm(forms.Form):
    """A kind of valuable action: its name in at least one language, and its points."""

    name_es = Line(
        label=_("Name in Spanish"),
        max_length=80,
        required=False,
    )
    name_en = Line(
        label=_("Name in English"),
        max_length=80,
        required=False,
    )
    points = WholeField(
        label=_("Points"),
        min_value=0,
        # A constraint of the table, too (action_points_up_to_100).
        max_value=100,
        help_text=_("Engagement on the day it happens, of 100; with time it fades."),
    )

    def __init__(self, *args: Any, kind: ValuableActionKind | None = None, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"points": USUAL_POINTS}
        if kind is not None:
            initial["name_es"] = kind.name.get("es", "")
            initial["name_en"] = kind.name.get("en", "")
            initial["points"] = kind.points
        super().__init__(*args, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        has_name = data.get("name_es") or data.get("name_en")
        if not (self.errors or has_name):
            self.add_error("name_es", _("Write the name in at least one language."))
        return data

    @property
    def name(self) -> dict[str, str]:
        """The bilingual name, without a language that is missing."""
        texts = {
            "es": self.cleaned_data["name_es"],
            "en": self.cleaned_data["name_en"],
        }
        return {language: text for language, text in texts.items() if text}


def source_field() -> Line:
    return kept(Line(label=_("Who or what says so"), max_length=200, required=False))


class EvidenceForm(forms.Form):
    """What proves or disproves one criterion."""

    verdict = forms.ChoiceField(
        label=_("Is it so?"),
        # No "unknown": that is the result without evidence.
        choices=[
            (Verdict.MET, _("Yes, it is met")),
            (Verdict.NOT_MET, _("No, it is not met")),
        ],
        widget=forms.RadioSelect,
        initial=Verdict.MET,
    )
    value = Line(label=_("What proves it"), max_length=500)
    source = source_field()


class OverrideForm(forms.Form):
    """The reason for which a person overrules a fact."""

    reason = Line(label=_("Why do you know better?"), max_length=500)
    source = source_field()
