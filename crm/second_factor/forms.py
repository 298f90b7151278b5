"""Forms of second factors: a code, a proof, a passkey, and that recovery codes are kept."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.accounts.request import Request
from crm.accounts.sign_in import guesses, proofs
from crm.accounts.sign_in.forms import ConfirmForm, check_password
from crm.accounts.sign_in.proofs import Proof
from crm.accounts.states import Secret
from crm.lib import clock
from crm.lib.errors import DomainError
from crm.lib.forms import Line
from crm.second_factor import codes, factors, passkeys

LONGEST_CODE = 40


def code_field(**options: Any) -> Line:
    """Return a field for a code that phones fill from the app and show digits for."""
    attributes = {
        "autocomplete": "one-time-code",
        "inputmode": "numeric",
        "spellcheck": "false",
    }
    widget = forms.TextInput(attrs=attributes)
    return Line(max_length=LONGEST_CODE, widget=widget, **options)


class AppForm(forms.Form):
    """The code that a new app shows."""

    code = code_field(label=_("Code that the app shows now"), help_text=_("Six digits."))


class PasskeyForm(forms.Form):
    """The name of a new passkey, and the answer of the browser."""

    name = Line(
        label=_("What do you call it?"),
        max_length=60,
        help_text=_("For example: my phone, blue security key."),
    )
    credential = forms.CharField(widget=forms.HiddenInput)


class KeptForm(forms.Form):
    """That the person has kept the recovery codes."""

    kept = forms.BooleanField(
        label=_("I have kept these codes where I can find them without this device"),
        error_messages={"required": _("Keep the codes first: they are not shown again.")},
    )


class FactorForm(forms.Form):
    """Ask ``person`` for a code or a passkey, and use it up once all else is right."""

    code = code_field(
        label=_("Code"),
        required=False,
        help_text=_("The six digits that your app shows, or one of your recovery codes."),
    )
    # The answer of the browser when a passkey is used instead of a code.
    credential = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, request: HttpRequest, person: User, asks_code: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.person = person
        if not asks_code:
            del self.fields["code"]
            del self.fields["credential"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "code" not in self.fields or self.errors:
            return data
        if not data["code"] and not data["credential"]:
            raise ValidationError({"code": _("Give the code.")})
        check_factor(self.request, self.person, data["code"], data["credential"])
        return data


class ProofForm(FactorForm):
    """Password and second factor of a person who is signed in, as far as they are asked for."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("password", "code")

    def __init__(self, *args: Any, asks_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_password:
            del self.fields["password"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        # The page is for people who are signed in.
        check_password(cast(Request, self.request), password)
        return password


class ConfirmWithFactorForm(ConfirmForm):
    """The form of an act that asks for the password and, where there is one, a second factor.

    A second factor that this session has proven within the last ten minutes is not asked for again.
    """

    code = code_field(
        label=_("Code"),
        required=False,
        help_text=_("The six digits that your app shows, or one of your recovery codes."),
    )

    def __init__(self, *args: Any, request: Request, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        self.held = factors.of(request.user)
        is_fresh = proofs.is_fresh(request.session, Proof.SECOND_FACTOR, at=request.now)
        if is_fresh or not self.held.count:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "code" not in self.fields or self.errors:
            return data
        if not data["code"]:
            raise ValidationError({"code": _("Give the code.")})
        check_factor(self.request, self.request.user, data["code"])
        return data


def check_factor(request: HttpRequest, person: User, code: str, credential: str = "") -> None:
    """Use a code of ``person``, or a passkey; raises ValidationError unless it is right.

    Each call is a guess and is counted before it is judged.
    """
    limits = guesses.count_in_form(request, Secret.CODE, person.email or "")
    now = clock.now()
    try:
        if credential:
            factors.use_passkey(passkeys.verify_use(person, credential), at=now)
        else:
            codes.use(person, code, at=now)
    except passkeys.BadPasskey as error:
        raise ValidationError(str(error.message)) from error
    except DomainError as error:
        raise ValidationError({"code": str(error.message)}) from error
    guesses.forgive(limits)
