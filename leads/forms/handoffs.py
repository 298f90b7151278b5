"""What people type for the steps of a handoff. Forms check and clean; the noun modules decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.accounts.models import User
from crm.accounts.teams import sales_teams
from crm.lib.catalogue import in_use
from crm.lib.forms import DAY, Line, Lines, Moment
from leads.models import OutcomeReason
from leads.states import ContactChannel
from sla.clocks.pauses import AllowedReason
from sla.models import PauseReason, RejectionReason


class HandOffForm(forms.Form):
    """Where an MQL goes. ``score_reason``: only where the score is below what the agreement asks
    for.
    """

    team = forms.ModelChoiceField(label=_("To the queue of"), queryset=None, empty_label=None)
    score_reason = Line(
        label=_("Why hand it off below the minimum fit score?"), required=False, max_length=500
    )
    note = Lines(label=_("Note for sales"), required=False, max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = sales_teams()


class RejectForm(forms.Form):
    """Why a rep does not take a lead."""

    reason = forms.ModelChoiceField(
        label=_("Why is it not for sales?"),
        queryset=None,
        empty_label=None,
        widget=forms.RadioSelect,
    )
    comment = Lines(label=_("Comment for marketing"), required=False, max_length=2000)

    def __init__(self, *args: Any, reasons: QuerySet[RejectionReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = reasons


class AttemptForm(forms.Form):
    """A try to reach the lead."""

    channel = forms.ChoiceField(
        label=_("How"), choices=ContactChannel.choices, widget=forms.RadioSelect
    )
    reached = forms.TypedChoiceField(
        label=_("Did you reach a person?"),
        choices=[("1", _("Yes, we talked")), ("0", _("No, not yet"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
    happened_at = Moment(
        label=_("When was it?"), required=False, help_text=_("Leave it empty if it was just now.")
    )
    note = Lines(label=_("Note"), required=False, max_length=2000)


class PauseForm(forms.Form):
    """Why the clock pauses, and until when.

    ``allowed``: the reasons of the agreement, each with its cap.
    """

    reason = forms.ChoiceField(label=_("Why does it wait?"), widget=forms.RadioSelect)
    until = Moment(
        label=_("Until when?"),
        help_text=_("Nights and weekends count; the deadline moves by working time."),
    )
    note = Lines(label=_("Note"), required=False, max_length=2000)

    def __init__(self, *args: Any, allowed: list[AllowedReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reasons = {str(each.reason.pk): each.reason for each in allowed}
        self.fields["reason"].choices = [
            (str(each.reason.pk), pause_words(each)) for each in allowed
        ]

    def clean_reason(self) -> PauseReason:
        return self.reasons[self.cleaned_data["reason"]]


def pause_words(choice: AllowedReason) -> str:
    """ "Is away, at most 21 days"."""
    if choice.longest < 2 * DAY:
        hours = choice.longest // timedelta(hours=1)
        text = ngettext("{reason}, at most {n} hour", "{reason}, at most {n} hours", hours)
        return text.format(reason=choice.reason, n=hours)
    days = choice.longest // DAY
    return ngettext("{reason}, at most {n} day", "{reason}, at most {n} days", days).format(
        reason=choice.reason, n=days
    )


class WinForm(forms.Form):
    """What a deal is worth."""

    amount = forms.DecimalField(label=_("Amount"), max_digits=14, decimal_places=2)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = _("Amount in %(currency)s") % {"currency": currency}


class EndForm(forms.Form):
    """Why a lead ends without a sale. ``kind``: lost or disqualified."""

    reason = forms.ModelChoiceField(
        label=_("Reason"), queryset=None, empty_label=None, widget=forms.RadioSelect
    )
    comment = Lines(label=_("Comment"), required=False, max_length=2000)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = in_use(OutcomeReason).filter(kind=kind)


class ReassignForm(forms.Form):
    """Who works on the lead from now on."""

    owner = forms.ChoiceField(label=_("New owner"))
    comment = Lines(label=_("Comment"), required=False, max_length=2000)

    def __init__(self, *args: Any, colleagues: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.colleagues = {str(person.pk): person for person in colleagues}
        self.fields["owner"].choices = [
            ("", _("Choose")),
            *((pk, p.name) for pk, p in self.colleagues.items()),
        ]

    def clean_owner(self) -> User:
        return self.colleagues[self.cleaned_data["owner"]]


class NoteForm(forms.Form):
    """A step that needs no words but may have some."""

    comment = Lines(label=_("Comment"), required=False, max_length=2000)
