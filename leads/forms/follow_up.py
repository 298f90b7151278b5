"""Forms for the follow-up of a lead, with the calls of their steps, and of its templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import LANGUAGES, Team, User
from crm.lib.forms import Day, Line, Lines, Moment, kept
from crm.lib.numbers.fields import WholeField
from crm.lib.text import clean_line, clean_text
from leads.follow_up import attempts, next_steps
from leads.follow_up.templates import FIELDS
from leads.forms.handoffs import comment_field
from leads.models import Handoff, MessageTemplate, PlannedStep
from leads.returns import giving_back, recycling
from leads.states import KNOWN_OUTCOMES, WRITTEN, AttemptOutcome, ContactChannel, FollowUp

CHANNELS = [each for each in ContactChannel.choices if each[0] != ContactChannel.OTHER]


def _outcome() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("What came of it?"), choices=KNOWN_OUTCOMES, widget=forms.RadioSelect
    )


def _call_back_on() -> Day:
    return Day(
        label=_("Call again on"),
        required=False,
        help_text=_("The day that the person named, within 60 days."),
    )


class AttemptForm(forms.Form):
    """A try to reach the lead."""

    channel = forms.ChoiceField(label=_("How"), choices=CHANNELS, widget=forms.RadioSelect)
    outcome = _outcome()
    call_back_on = _call_back_on()
    happened_at = Moment(
        label=_("When was it?"),
        required=False,
        help_text=_("Leave it empty if it was just now."),
    )
    note = comment_field(_("Note"))

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        # A page of the previous version asks only whether a person was reached.
        if data is not None and "reached" in data and "outcome" not in data:
            data = data.copy()
            was_reached = data["reached"] == "1"
            data["outcome"] = AttemptOutcome.REACHED if was_reached else AttemptOutcome.NO_ANSWER
        super().__init__(data, **kwargs)


class BegunForm(forms.Form):
    """What came of an attempt that was begun by a link of the lead."""

    attempt = WholeField(min_value=1, widget=forms.HiddenInput())
    outcome = _outcome()
    call_back_on = _call_back_on()


class NextStepForm(forms.Form):
    """The next step of a lead: when, and what in a person's words."""

    on = Day(label=_("When"), help_text=_("Within 60 days; for longer, recycle the lead."))
    text = Line(label=_("What"), max_length=200, required=False)

    def step_after(self, planned: PlannedStep | None) -> tuple[FollowUp, str]:
        """Return the kind of the step and its words.

        Words of one's own are another step. Without them ``planned`` moves to that day.
        """
        text = self.cleaned_data["text"]
        if planned is not None and not text:
            return FollowUp(planned.kind), planned.text
        return next_steps.kind_of(text), text


class ConsentForm(forms.Form):
    """Where a new consent is from, of a person who asked not to be contacted."""

    consent = kept(Lines(label=_("Where is the new consent from?"), max_length=2000))


class NotReachedForm(forms.Form):
    """When a lead wakes that was never reached."""

    wake_on = Day(
        label=_("Wake it on"),
        required=False,
        help_text=_("A new valuable action wakes it, too. Without a date only that does."),
    )
    comment = comment_field(_("Comment"))


# -- The steps of a handoff (leads.forms.handoff_steps)


def attempt_form(handoff: Handoff, situation: object, **bound: Any) -> AttemptForm:
    return AttemptForm(**bound)


def attempt(handoff: Handoff, data: dict[str, Any], *, by: User, at: datetime) -> None:
    attempts.record(
        handoff,
        data["channel"],
        outcome=data["outcome"],
        call_back_on=data["call_back_on"],
        note=data["note"],
        happened_at=_moment_of_attempt(handoff, data["happened_at"]),
        by=by,
        at=at,
    )


def begun_form(handoff: Handoff, situation: object, **bound: Any) -> BegunForm:
    return BegunForm(**bound)


def settle(handoff: Handoff, data: dict[str, Any], *, by: User, at: datetime) -> None:
    attempts.settle(
        handoff,
        data["attempt"],
        outcome=data["outcome"],
        call_back_on=data["call_back_on"],
        by=by,
        at=at,
    )


def give_back(handoff: Handoff, data: dict[str, Any], *, by: User, at: datetime) -> None:
    giving_back.give_back(handoff, by=by, at=at)


def not_reached_form(handoff: Handoff, situation: object, **bound: Any) -> NotReachedForm:
    return NotReachedForm(**bound)


def not_reached(handoff: Handoff, data: dict[str, Any], *, by: User, at: datetime) -> None:
    recycling.not_reached(handoff, wake_on=data["wake_on"], comment=data["comment"], by=by, at=at)


def _moment_of_attempt(handoff: Handoff, typed: datetime | None) -> datetime | None:
    """Return the typed moment, not before the acceptance within the same minute."""
    # People type minutes, and an attempt before the acceptance is refused.
    accepted_at = handoff.accepted_at
    if accepted_at is None or typed != accepted_at.replace(second=0, microsecond=0):
        return typed
    return accepted_at


class TemplateForm(forms.Form):
    """A template of one of ``teams``; that of an existing one stays."""

    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"), empty_label=None)
    channel = forms.ChoiceField(label=_("Channel"))
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    name = forms.CharField(label=_("Name"), max_length=80)
    subject = forms.CharField(
        label=_("Subject"), max_length=200, required=False, help_text=_("Of a mail alone.")
    )
    body = forms.CharField(
        label=_("Text"), max_length=2000, widget=forms.Textarea(attrs={"rows": 8})
    )

    def __init__(
        self, *args: Any, teams: Any, template: MessageTemplate | None = None, **kwargs: Any
    ) -> None:
        if template is not None:
            kwargs["initial"] = {name: getattr(template, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        # The labels depend on the language of the request.
        self.fields["channel"].choices = [(channel.value, channel.label) for channel in WRITTEN]
        self.fields["team"].queryset = teams
        if template is not None:
            del self.fields["team"]

    def clean_name(self) -> str:
        return clean_line(self.cleaned_data["name"])

    def clean_subject(self) -> str:
        return clean_line(self.cleaned_data["subject"])

    def clean_body(self) -> str:
        return clean_text(self.cleaned_data["body"])

    @property
    def placeholders(self) -> list[tuple[str, Any]]:
        """The fields that a text may have, in braces, and what each stands for."""
        return [(f"{{{name}}}", label) for name, label in FIELDS.items()]
