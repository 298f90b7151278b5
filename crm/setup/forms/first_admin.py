"""The form of the first admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.accounts.sign_in import guesses
from crm.accounts.states import Secret
from crm.lib.forms import Line, autofill
from crm.setup import code


class FirstAdminForm(forms.Form):
    """Name, address and password of the first admin.

    ``asks_code`` is set when others can reach the installation.
    """

    name = Line(
        label=gettext_lazy("Your name"),
        max_length=120,
        widget=autofill("name"),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        # A space at the end belongs to the password; the sign-in page does not strip it either.
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "At least 12 characters. A short sentence is easy to remember and hard to guess."
        ),
    )
    code = forms.CharField(
        label=gettext_lazy("Set-up code"),
        max_length=200,
        help_text=gettext_lazy(
            "It stands in the log of the server; “manage.py setup_code” shows it too."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )
    # Filled by the browser with its time zone (app.js).
    zone = forms.CharField(
        required=False,
        max_length=60,
        widget=forms.HiddenInput(attrs={"data-zone": ""}),
    )

    def __init__(self, *args: Any, request: HttpRequest, asks_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        if not asks_code:
            del self.fields["code"]

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].strip().lower()
        # People may exist before the first admin: those of an imported file, or of a demo.
        if User.objects.filter(email=email).exists():
            raise ValidationError(
                _("Somebody in the data has this e-mail already. Use another one.")
            )
        return email

    def clean_code(self) -> str:
        limits = guesses.count_in_form(self.request, Secret.SETUP_CODE)
        if not code.is_right(self.cleaned_data["code"]):
            raise ValidationError(_("This is not the set-up code of this installation."))
        guesses.forgive(limits)
        return self.cleaned_data["code"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        password = data.get("password")
        if password:
            # Unsaved: one of the validators compares the password with name and address.
            user = User(name=data.get("name", ""), email=data.get("email", ""))
            try:
                validate_password(password, user)
            except ValidationError as error:
                self.add_error("password", error)
        return data
