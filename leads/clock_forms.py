"""What people type about a clock: why it pauses, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from leads.forms import Lines, Moment
from sla.models import PauseReason
from sla.pauses import Allowed

DAY = timedelta(days=1)


class PauseForm(forms.Form):
    """Why the clock pauses, and until when. ``allowed``: the reasons of the agreement, each with its cap."""

    reason = forms.ChoiceField(label=_("Why does it wait?"), widget=forms.RadioSelect)
    until = Moment(
        label=_("Until when?"), help_text=_("Nights and weekends count; the deadline moves by working time.")
    )
    note = Lines(label=_("Note"), required=False, max_length=2000)

    def __init__(self, *args: Any, allowed: list[Allowed], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reasons = {str(each.reason.pk): each.reason for each in allowed}
        self.fields["reason"].choices = [(str(each.reason.pk), words(each)) for each in allowed]

    def clean_reason(self) -> PauseReason:
        return self.reasons[self.cleaned_data["reason"]]


def words(choice: Allowed) -> str:
    """ "Is away, at most 21 days"."""
    if choice.longest < 2 * DAY:
        hours = choice.longest // timedelta(hours=1)
        text = ngettext("{reason}, at most {n} hour", "{reason}, at most {n} hours", hours)
        return text.format(reason=choice.reason, n=hours)
    days = choice.longest // DAY
    return ngettext("{reason}, at most {n} day", "{reason}, at most {n} days", days).format(
        reason=choice.reason, n=days
    )
