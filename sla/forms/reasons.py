"""Forms of the reasons to reject a lead and to pause a clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.lib.bilingual import LANGUAGES
from crm.lib.forms import Line
from crm.lib.numbers.fields import WholeField
from sla.clocks.pauses import LONGEST_TOTAL
from sla.models import PauseReason, RejectionReason
from sla.states import RejectionClass
from sla.text.commitments import DAY


class ReasonForm(forms.Form):
    """A name in both languages and a place in the list."""

    name_es = Line(label=_("In Spanish"), max_length=120)
    name_en = Line(label=_("In English"), max_length=120)
    position = WholeField(
        label=_("Place in the list"),
        min_value=1,
        max_value=999,
        help_text=_("1 stands first."),
    )

    def __init__(
        self,
        *args: Any,
        reason: Any = None,
        places: int = 1,
        **kwargs: Any,
    ) -> None:
        # A new reason is proposed at the end of the list.
        initial = {"position": places}
        if reason is not None:
            initial = self.initial_of(reason)
        super().__init__(*args, initial=initial, **kwargs)

    def initial_of(self, reason: Any) -> dict[str, Any]:
        """Return what the form shows of ``reason``."""
        initial = {"position": reason.position + 1}
        for language in LANGUAGES:
            initial[f"name_{language}"] = reason.name.get(language, "")
        return initial

    def values(self) -> dict[str, Any]:
        """Return what the noun module takes."""
        data = self.cleaned_data
        name = {language: data[f"name_{language}"] for language in LANGUAGES}
        # People count from 1, the catalogue from 0.
        return {"name": name, "position": data["position"] - 1}


class RejectionReasonForm(ReasonForm):
    """One reason to reject a lead."""

    kind = forms.ChoiceField(
        label=_("Class"),
        choices=RejectionClass.choices,
        help_text=_("What went wrong: the team, the data, or the definition."),
    )
    needs_comment = forms.BooleanField(
        label=_("The rep has to write a comment"),
        required=False,
        help_text=_("For reasons that say too little alone."),
    )
    field_order = ("name_es", "name_en", "kind", "needs_comment", "position")

    def initial_of(self, reason: RejectionReason) -> dict[str, Any]:
        own = {"kind": reason.kind, "needs_comment": reason.needs_comment}
        return super().initial_of(reason) | own

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        own = {
            "kind": data["kind"],
            "needs_comment": data["needs_comment"],
        }
        return super().values() | own


class PauseReasonForm(ReasonForm):
    """One reason to pause a clock."""

    longest = WholeField(
        label=_("Days at most"),
        min_value=1,
        max_value=LONGEST_TOTAL.days,
        help_text=_("What a new draft of an agreement proposes. Nights and weekends count."),
    )
    field_order = ("name_es", "name_en", "longest", "position")

    def initial_of(self, reason: PauseReason) -> dict[str, Any]:
        # Whole days, rounded up: the stored cap may be any number of minutes.
        days = -(-reason.longest_minutes // DAY)
        return super().initial_of(reason) | {"longest": days}

    def values(self) -> dict[str, Any]:
        longest = timedelta(days=self.cleaned_data["longest"])
        return super().values() | {"longest": longest}
