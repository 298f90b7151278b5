"""The form that signs an agreement, with the password typed again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.accounts.sign_in.forms import ConfirmForm


class SignForm(ConfirmForm):
    """The password, over the text that the person saw. ``sha``: the hash of the text now."""

    sha = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, sha: str, **kwargs: Any) -> None:
        super().__init__(*args, initial={"sha": sha}, **kwargs)
        self.current_sha = sha

    def clean_sha(self) -> str:
        # The text may have been reopened and closed again while the page was open.
        if self.cleaned_data["sha"] != self.current_sha:
            raise ValidationError(
                _("The text was changed after you opened this page. Read it again, then sign.")
            )
        return self.current_sha
