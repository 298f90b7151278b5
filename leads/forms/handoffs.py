"""Forms for the steps of a handoff. They check and clean; the noun modules decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.accounts.models import User
from crm.accounts.teams import sales_teams
from crm.lib.catalogue import in_use
from crm.lib.forms import DAY, Choice, Choices, Day, Line, Lines, Moment, kept
from crm.lib.numbers.fields import AmountField
from leads.models import OutcomeReason
from leads.states import OutcomeKind
from sla.clocks.pauses import AllowedReason
from sla.models import PauseReason, RejectionReason

HOUR = timedelta(hours=1)


def comment_field(label: Promise) -> Lines:
    """Return a field for a text that may be left out."""
    return kept(Lines(label=label, required=False, max_length=2000))


def why_field(label: Promise) -> Lines:
    """Return a field for a reason in the person's own words, which the history shows."""
    return kept(Lines(label=label, max_length=2000))


class HandOffForm(forms.Form):
    """The team that an MQL goes to.

    ``score_reason``: needed only if the score is below the agreement's minimum.
    ``unchanged_reason``: needed only if sales sent the lead back and nothing changed since.
    """

    team = Choice(
        label=_("To the queue of"),
        queryset=None,
        empty_label=None,
    )
    # Not required here: only the hand-off knows the score and the minimum of the team's agreement.
    score_reason = Line(
        label=_("Why hand it off below the minimum fit score?"),
        required=False,
        max_length=500,
    )
    unchanged_reason = Line(
        label=_("Why does it go to sales as it was?"),
        required=False,
        max_length=500,
    )
    note = comment_field(_("Note for sales"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = sales_teams()


class RejectForm(forms.Form):
    """The reason for which a rep rejects a lead."""

    reason = Choice(
        label=_("Why is it not for sales?"),
        queryset=None,
        empty_label=None,
        widget=forms.RadioSelect,
    )
    comment = comment_field(_("Comment for marketing"))

    def __init__(self, *args: Any, reasons: QuerySet[RejectionReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = reasons


class PauseForm(forms.Form):
    """The reason and the end of a pause.

    ``allowed``: the reasons of the agreement, each with its longest pause.
    """

    # No ModelChoiceField: the reasons, with their limits, are those of the handoff's policy and not
    # those of the catalogue.
    reason = forms.ChoiceField(label=_("Why does it wait?"), widget=forms.RadioSelect)
    until = Moment(
        label=_("Until when?"),
        help_text=_("Nights and weekends count; the deadline moves by working time."),
    )
    note = comment_field(_("Note"))

    def __init__(self, *args: Any, allowed: list[AllowedReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reasons: dict[str, PauseReason] = {}
        choices = []
        for each in allowed:
            key = str(each.reason.pk)
            self.reasons[key] = each.reason
            choices.append((key, allowed_text(each)))
        self.fields["reason"].choices = choices

    def clean_reason(self) -> PauseReason:
        return self.reasons[self.cleaned_data["reason"]]


def allowed_text(allowed: AllowedReason) -> str:
    """Return the reason with its longest pause: "Is away, at most 21 days"."""
    if allowed.longest < 2 * DAY:
        count = allowed.longest // HOUR
        pattern = ngettext("{reason}, at most {n} hour", "{reason}, at most {n} hours", count)
    else:
        count = allowed.longest // DAY
        pattern = ngettext("{reason}, at most {n} day", "{reason}, at most {n} days", count)
    return pattern.format(reason=allowed.reason, n=count)


class WinForm(forms.Form):
    """The value of a deal."""

    amount = AmountField(label=_("Amount"))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = _("Amount in %(currency)s") % {"currency": currency}


class CorrectAmountForm(WinForm):
    """Another amount for a won deal, and why."""

    reason = Line(label=_("Why is it corrected?"), max_length=500)


class ReopenForm(forms.Form):
    """The reason for which an outcome is taken back."""

    reason = Line(label=_("Why is it open again?"), max_length=500)


class ExpectedForm(forms.Form):
    """What is expected of an opportunity; both may be unknown."""

    expected_amount = AmountField(label=_("Expected amount"), required=False)
    expected_close_on = forms.DateField(
        label=_("Expected to close on"),
        required=False,
        # A date control takes ISO alone; Django would write the date by the language.
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = _("Expected amount in %(currency)s") % {"currency": currency}
        self.fields["expected_amount"].label = label


class EndForm(forms.Form):
    """The reason for which a lead ends without a sale. ``kind``: lost or disqualified.

    ``reasons``: what :func:`catalogue.choices` has read; else the form reads it when it is drawn.
    """

    reason = Choice(
        label=_("Reason"),
        queryset=None,
        empty_label=None,
        widget=forms.RadioSelect,
    )
    comment = comment_field(_("Comment"))

    def __init__(
        self, *args: Any, kind: str, reasons: Choices | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = in_use(OutcomeReason).filter(kind=kind)
        if reasons is not None:
            self.fields["reason"].choices = reasons


class RecycleForm(EndForm):
    """Why a lead is parked, and until when; a new valuable action wakes it before."""

    wake_on = Day(
        label=_("Wake it on"),
        required=False,
        help_text=_("A new valuable action wakes it, too. Without a date only that does."),
    )
    field_order = ("reason", "wake_on", "comment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, kind=OutcomeKind.RECYCLED, **kwargs)


class ReassignForm(forms.Form):
    """The new owner of a lead."""

    owner = forms.ChoiceField(label=_("New owner"))
    comment = why_field(_("Why does it change hands?"))

    def __init__(self, *args: Any, colleagues: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.colleagues = {str(person.pk): person for person in colleagues}
        # An empty choice first, so that no colleague is chosen by default.
        names = [(pk, person.name) for pk, person in self.colleagues.items()]
        self.fields["owner"].choices = [("", _("Choose")), *names]

    def clean_owner(self) -> User:
        return self.colleagues[self.cleaned_data["owner"]]


class ReasonsForm(forms.Form):
    """Why marketing contests a rejection, or why the arbiter decides so. ``asks``: the question."""

    comment = kept(Lines(required=True, max_length=2000))

    def __init__(self, *args: Any, asks: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["comment"].label = asks


class WithdrawForm(forms.Form):
    """The reason for which marketing takes a pending handoff back."""

    comment = why_field(_("Why is it withdrawn?"))


class RequeueForm(forms.Form):
    """The reason for which a team lead puts a handoff back into the queue."""

    comment = why_field(_("Why does it go back to the queue?"))
