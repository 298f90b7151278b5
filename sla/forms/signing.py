"""Forms that ask for the password again, to sign an agreement."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User


class PasswordForm(forms.Form):
    """The password of the person who signs, typed again."""

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


class SignForm(PasswordForm):
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
