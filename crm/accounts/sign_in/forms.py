"""The form that asks again who somebody is, before a sensitive act."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.request import Request
from crm.accounts.sign_in import demo, guesses
from crm.accounts.states import Secret


def check_password(request: Request, typed: str) -> None:
    """Raise ValidationError unless ``typed`` is the password of the person who asks.

    Each call is a guess and is counted before it is judged.
    """
    person = request.user
    limits = guesses.count_in_form(request, Secret.CONFIRMATION, person.email or "")
    if not person.check_password(typed):
        raise ValidationError(_("This is not your password."))
    guesses.forgive(limits)


class ConfirmForm(forms.Form):
    """Ask the person who is signed in for the password again.

    The form of every sensitive act extends it (signing an agreement, making a key), so that what
    a person has to prove is said here only.
    """

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "current-password"}),
        help_text=gettext_lazy("It shows that it is you."),
    )

    def __init__(self, *args: Any, request: Request, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        if demo.is_on():
            known = _("In the demo everybody's password is: %(password)s")
            self.fields["password"].help_text = known % {"password": demo.PASSWORD}

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        check_password(self.request, password)
        return password
