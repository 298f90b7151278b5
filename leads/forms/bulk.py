"""Forms of the confirmation of an act on many leads; one choice for all of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.forms import Line
from leads.bulk.states import BulkKind
from leads.forms.handoffs import HandOffForm, why_field
from leads.staff.handover import assignable_by


class BulkHandOffForm(HandOffForm):
    """The team that all leads go to."""

    score_reason = Line(
        label=_("Why hand them off below the minimum fit score?"),
        required=False,
        max_length=500,
        help_text=_("Without it, leads below the minimum are skipped."),
    )

    @property
    def options(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "team": data["team"].pk,
            "note": data["note"],
            "score_reason": data["score_reason"],
        }


class BulkAssignForm(forms.Form):
    """The new owner of all leads."""

    owner = forms.ChoiceField(label=_("New owner"))
    comment = why_field(_("Why do they change hands?"))

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(str(person.pk), person.name) for person in people]
        # An empty choice first, so that no person is chosen by default.
        self.fields["owner"].choices = [("", _("Choose")), *names]

    @property
    def options(self) -> dict[str, Any]:
        return {"owner": int(self.cleaned_data["owner"]), "note": self.cleaned_data["comment"]}


class BulkArchiveForm(forms.Form):
    """A confirmation without fields."""

    @property
    def options(self) -> dict[str, Any]:
        return {}


BulkForm = BulkHandOffForm | BulkAssignForm | BulkArchiveForm


def form_for(kind: str, user: User, *, at: datetime, data: Any = None) -> BulkForm:
    """Return the form of an act, bound to ``data`` if given."""
    if kind == BulkKind.HAND_OFF:
        return BulkHandOffForm(data)
    if kind == BulkKind.ASSIGN:
        return BulkAssignForm(data, people=assignable_by(user, at=at))
    return BulkArchiveForm(data)
