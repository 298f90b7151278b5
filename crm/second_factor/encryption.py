"""Encrypt the secrets of second factors with a key that is derived from SECRET_KEY.

Whoever reads the database alone cannot compute codes. The other side: after a change of SECRET_KEY
no stored secret can be read, so that codes of apps and recovery codes are refused, with the reason,
until an admin or ``manage.py reset_second_factor`` resets them. Passkeys go on working, because the
server stores nothing secret of them.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.lib.errors import DomainError

# Keys that are derived from SECRET_KEY for other purposes differ by this text.
PURPOSE = b"relevo.second_factor.1"


class UnreadableSecret(DomainError):
    """A stored secret was encrypted with another SECRET_KEY."""

    code = "unreadable_secret"
    message = _(
        "The secret key of this server has changed since you set up your second factor, so codes"
        " cannot be checked any more. Ask an admin to reset your second factor, and set it up"
        " again."
    )


def encrypt(text: str) -> str:
    """Return ``text`` encrypted and signed."""
    token = _cipher(settings.SECRET_KEY).encrypt(text.encode())
    return token.decode()


def decrypt(token: str) -> str:
    """Return the text of ``token``.

    Raises UnreadableSecret.
    """
    try:
        text = _cipher(settings.SECRET_KEY).decrypt(token.encode())
    except InvalidToken as error:
        raise UnreadableSecret from error
    return text.decode()


@lru_cache(maxsize=1)
def _cipher(secret_key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    key = derived.derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))
