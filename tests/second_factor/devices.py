"""The devices of people: an app that computes codes, and a key that answers for passkeys."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from crm.accounts.models import User
from crm.second_factor import factors
from tests.factories import PASSWORD

LOGIN = "/accounts/login/"
CODE = "/accounts/login/code/"
HOME = "/preferences/second-factor/"
ORIGIN = "http://localhost:8000"  # BASE_URL of the tests
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(at: datetime, secret: str = SECRET, *, periods: int = 0) -> str:
    """The code that an app shows at ``at``, or some periods of 30 s later."""
    return format_hotp_value(hotp_value(secret, int(at.timestamp()) // 30 + periods))


def give_app(person: User, at: datetime, *, kept: bool = True) -> None:
    """``person`` has set up an app, long enough ago that its codes of now are unused."""
    factors.add_app(person, SECRET, period=0, at=at)
    if kept:
        factors.keep_codes(person, at=at)
    person.refresh_from_db()


def type_password(client: Client, person: User, **more: str) -> Any:
    """What the sign-in page answers to the right password."""
    return client.post(LOGIN, {"login": person.email, "password": PASSWORD, **more})


def sign_in(client: Client, person: User, at: datetime) -> None:
    """Sign in with password and code of the app, where the person has one."""
    if type_password(client, person).url == CODE:
        answer = client.post(CODE, {"code": code_at(at)})
        assert answer.status_code == 302, answer.content


def recovery_codes(person: User) -> list[str]:
    recovery = factors.of(person).recovery
    assert recovery is not None
    codes: list[str] = recovery.wrap().get_unused_codes()
    return codes


def options_on(page: Any) -> dict[str, Any]:
    """What a page asks the browser for, as its script reads it."""
    found: dict[str, Any] = json.loads(json.dumps(page.context["options"]))
    return found["publicKey"]


class SoftKey:
    """A security key in software: what a browser answers with one plugged in."""

    def __init__(self, origin: str = ORIGIN, rp_id: str = "localhost") -> None:
        self.origin = origin
        self.rp_id = rp_id
        self.id = secrets.token_bytes(16)
        self.private = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> str:
        """Answer navigator.credentials.create()."""
        client_data = self._client_data("webauthn.create", options)
        public = ES256.from_cryptography_key(self.private.public_key())
        known = AttestedCredentialData.create(Aaguid.NONE, self.id, public)
        data = AuthenticatorData.create(self._hash(), self._flags(known=True), 0, known)
        attestation = AttestationObject.create("none", data, {})
        return self._answer(clientDataJSON=client_data, attestationObject=attestation)

    def get(self, options: dict[str, Any]) -> str:
        """Answer navigator.credentials.get()."""
        client_data = self._client_data("webauthn.get", options)
        data = AuthenticatorData.create(self._hash(), self._flags(), 1)
        signed = self.private.sign(data + client_data.hash, ec.ECDSA(SHA256()))
        return self._answer(clientDataJSON=client_data, authenticatorData=data, signature=signed)

    def _client_data(self, kind: str, options: dict[str, Any]) -> CollectedClientData:
        challenge = websafe_decode(options["challenge"])
        return CollectedClientData.create(kind, challenge, self.origin)

    def _flags(self, *, known: bool = False) -> AuthenticatorData.FLAG:
        flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
        return flags | AuthenticatorData.FLAG.AT if known else flags

    def _hash(self) -> bytes:
        digest = Hash(SHA256())
        digest.update(self.rp_id.encode())
        return digest.finalize()

    def _answer(self, **parts: bytes) -> str:
        name = websafe_encode(self.id)
        response = {key: websafe_encode(bytes(value)) for key, value in parts.items()}
        answer = {"id": name, "rawId": name, "type": "public-key", "response": response}
        return json.dumps({**answer, "clientExtensionResults": {}})
