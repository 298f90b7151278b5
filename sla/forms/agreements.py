"""What people type beside the text of an agreement: comments, signatures, reasons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.lib.bilingual import LANGUAGES
from crm.lib.forms import Line
from sla.clocks.pauses import LONGEST_TOTAL
from sla.models import AgreementVersion, PauseReason, RejectionReason
from sla.states import RejectionClass
from sla.text import agreement
from sla.text.commitments import DAY
from sla.views.agreement_page import sales_teams


class CommentForm(forms.Form):
    """A few words about one section of ``version``, or an answer to a comment there."""

    section = forms.ChoiceField(
        choices=[(key, title) for key, (title, _about) in agreement.SECTIONS.items()]
    )
    text = forms.CharField(
        label=gettext_lazy("Comment"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        strip=True,
    )
    answers = forms.ModelChoiceField(queryset=None, required=False)

    def __init__(self, *args: Any, version: AgreementVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answers"].queryset = version.comments.filter(answers=None)
        self.fields["text"].error_messages["required"] = _("Write what you want to say.")


class ReopenForm(forms.Form):
    """Why a text that waits for signatures is opened again."""

    why = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Both sides read this in their notices."),
    )


class PasswordAgain(forms.Form):
    """What somebody types to show that it is they who sign."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "current-password"}),
        help_text=gettext_lazy(
            "You sign with your name: say that it is you by typing your password again."
        ),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError(_("This is not your password."))
        return password


class SignForm(PasswordAgain):
    """The password of the person who signs, over the text that they saw (``sha``: its hash now)."""

    sha = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, sha: str, **kwargs: Any) -> None:
        super().__init__(*args, initial={"sha": sha}, **kwargs)
        self.current = sha

    def clean_sha(self) -> str:
        if self.cleaned_data["sha"] != self.current:
            raise ValidationError(
                _("The text was changed after you opened this page. Read it again, then sign.")
            )
        return self.current


class FoundForm(forms.Form):
    """Which sales teams get an agreement of their own."""

    name = Line(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy(
            "What people call this agreement, for example “Marketing and online sales”."
        ),
    )
    teams = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Sales teams"),
        queryset=None,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Leads that go to these teams follow this agreement; the others keep the general one."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["teams"].queryset = sales_teams()


class CatalogueForm(forms.Form):
    """A name in both languages and a place in the order."""

    name_es = Line(label=gettext_lazy("In Spanish"), max_length=120)
    name_en = Line(label=gettext_lazy("In English"), max_length=120)
    position = forms.IntegerField(
        label=gettext_lazy("Place in the list"),
        min_value=1,
        max_value=999,
        help_text=gettext_lazy("1 stands first."),
    )

    def __init__(self, *args: Any, reason: Any = None, places: int = 1, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"position": places}
        if reason is not None:
            initial = {"position": reason.position + 1, **self.of(reason)}
            initial |= {f"name_{language}": reason.name.get(language, "") for language in LANGUAGES}
        super().__init__(*args, initial=initial, **kwargs)

    def of(self, reason: Any) -> dict[str, Any]:
        """The other fields of ``reason``."""
        return {}

    def terms(self) -> dict[str, Any]:
        """What the noun module takes."""
        data = self.cleaned_data
        name = {language: data[f"name_{language}"] for language in LANGUAGES}
        return {"name": name, "position": data["position"] - 1}


class ReasonForm(CatalogueForm):
    """One reason to reject a lead."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Class"),
        choices=RejectionClass.choices,
        help_text=gettext_lazy("What went wrong: the team, the data, or the definition."),
    )
    needs_comment = forms.BooleanField(
        label=gettext_lazy("The rep has to write a comment"),
        required=False,
        help_text=gettext_lazy("For reasons that say too little alone."),
    )
    field_order = ("name_es", "name_en", "kind", "needs_comment", "position")

    def of(self, reason: RejectionReason) -> dict[str, Any]:
        return {"kind": reason.kind, "needs_comment": reason.needs_comment}

    def terms(self) -> dict[str, Any]:
        return super().terms() | {
            name: self.cleaned_data[name] for name in ("kind", "needs_comment")
        }


class PauseReasonForm(CatalogueForm):
    """One reason to pause a clock."""

    longest = forms.IntegerField(
        label=gettext_lazy("Days at most"),
        min_value=1,
        max_value=LONGEST_TOTAL.days,
        help_text=gettext_lazy(
            "What a new draft of an agreement proposes. Nights and weekends count."
        ),
    )
    field_order = ("name_es", "name_en", "longest", "position")

    def of(self, reason: PauseReason) -> dict[str, Any]:
        return {"longest": -(-reason.longest_minutes // DAY)}

    def terms(self) -> dict[str, Any]:
        return super().terms() | {"longest": timedelta(days=self.cleaned_data["longest"])}
