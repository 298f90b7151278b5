"""Passkeys: what the browser is asked for, and whether its answer is right (WebAuthn).

The challenge waits in the session and is used once.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_encode
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from crm.accounts.models import User
from crm.lib.errors import DomainError
from crm.lib.input import json_text

USUAL_PORTS = {"http": 80, "https": 443}
LONGEST = 20_000  # characters of an answer; those of real keys have some thousand at most


class BadPasskey(DomainError):
    code = "bad_passkey"
    message = _("The passkey was not accepted. Try again.")


def are_possible() -> bool:
    """Return whether browsers give passkeys to this site: under https, or on localhost."""
    parts = urlsplit(settings.BASE_URL)
    return parts.scheme == "https" or parts.hostname == "localhost"


def creation_options(person: User) -> dict[str, Any]:
    """Return what the browser needs to create a passkey of ``person``, as JSON has it."""
    return auth.begin_registration(person, passwordless=False)


def request_options(person: User) -> dict[str, Any]:
    """Return what the browser needs to use a passkey of ``person``, as JSON has it."""
    return auth.begin_authentication(person)


def verify_creation(answer: str) -> dict[str, Any]:
    """Return the credential of the browser's answer to creation_options.

    Raises BadPasskey.
    """
    credential = _read(answer)
    try:
        created = RegistrationResponse.from_dict(credential)
        _check_origin(created.response.client_data.origin)
        auth.complete_registration(credential)
    # What is wrong inside the answer raises errors of many kinds in the library that reads it.
    except (ValidationError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise BadPasskey from error
    return _plain(created)


def _plain(created: RegistrationResponse) -> dict[str, Any]:
    """Return what is stored of an answer: the parts that were verified, and nothing beside them."""
    name = websafe_encode(created.raw_id)
    response = {
        "clientDataJSON": websafe_encode(created.response.client_data),
        "attestationObject": websafe_encode(created.response.attestation_object),
    }
    return {"id": name, "rawId": name, "type": "public-key", "response": response}


def verify_use(person: User, answer: str) -> Authenticator:
    """Return the passkey of ``person`` that gave the browser's answer to request_options.

    Raises BadPasskey.
    """
    credential = _read(answer)
    try:
        origin = AuthenticationResponse.from_dict(credential).response.client_data.origin
        _check_origin(origin)
        return auth.complete_authentication(person, credential)
    except (ValidationError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise BadPasskey from error


def _check_origin(origin: str) -> None:
    # The library also accepts the sites below ours, which need not be ours.
    if origin != _our_origin():
        raise BadPasskey


def _our_origin() -> str:
    """Return BASE_URL as browsers write an origin: without path and usual port."""
    parts = urlsplit(settings.BASE_URL)
    if parts.port in (None, USUAL_PORTS[parts.scheme]):
        return f"{parts.scheme}://{parts.hostname}"
    return f"{parts.scheme}://{parts.hostname}:{parts.port}"


def _read(answer: str) -> dict[str, Any]:
    if not are_possible():
        raise BadPasskey
    try:
        credential = json_text.read(answer, longest=LONGEST)
    except json_text.Unreadable as error:
        raise BadPasskey from error
    if not isinstance(credential, dict):
        raise BadPasskey
    return credential
