"""Forms of an agreement beside its text: comments, reopening, a new agreement."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.accounts.teams import sales_teams
from crm.lib.forms import Line
from sla.models import AgreementVersion
from sla.text.agreement import SECTIONS

TITLES = [(key, title) for key, (title, _write) in SECTIONS.items()]


class CommentForm(forms.Form):
    """A comment on one section of ``version``, or an answer to a comment there."""

    section = forms.ChoiceField(choices=TITLES)
    text = forms.CharField(
        label=_("Comment"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        strip=True,
        error_messages={"required": _("Write what you want to say.")},
    )
    answers = forms.ModelChoiceField(queryset=None, required=False)

    def __init__(
        self,
        *args: Any,
        version: AgreementVersion,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        # Only comments of this version, and no answers to answers.
        self.fields["answers"].queryset = version.comments.filter(answers=None)


class ReopenForm(forms.Form):
    """Why a text that waits for signatures becomes a draft again."""

    why = forms.CharField(
        label=_("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Both sides read this in their notices."),
    )


class NewAgreementForm(forms.Form):
    """The sales teams that get an agreement of their own."""

    name = Line(
        label=_("Name"),
        max_length=120,
        help_text=_("What people call this agreement, for example “Marketing and online sales”."),
    )
    teams = forms.ModelMultipleChoiceField(
        label=_("Sales teams"),
        queryset=None,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Leads that go to these teams follow this agreement; the others keep the general one."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["teams"].queryset = sales_teams()
