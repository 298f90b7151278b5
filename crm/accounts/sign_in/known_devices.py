"""Devices that a person has signed in on before, kept in a signed cookie on the device itself.

Guesses from such a device have a limit of their own (crm.accounts.sign_in.tries): who guesses a
password elsewhere cannot lock its owner out. The cookie signs nobody in.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.utils.crypto import salted_hmac

from crm.accounts.models import User

SALT = "crm.accounts.known_devices"
KNOWN_FOR = timedelta(days=180)
# People of one device, the latest first: a cookie holds 4 kB at most.
MOST_PEOPLE = 8


def device_of(cookie: str, person: User | None, *, at: datetime) -> str:
    """Return the id of the device when ``person`` has signed in on it, else ""."""
    if person is None:
        return ""
    device, people = _read(cookie)
    for pk, mark, until in people:
        is_the_same = pk == person.pk and secrets.compare_digest(mark, _mark(person))
        if is_the_same and until > at.timestamp():
            return device
    return ""


def remember(cookie: str, person: User, *, at: datetime) -> str:
    """Return the new value of the device's cookie after ``person`` has signed in."""
    device, people = _read(cookie)
    until = int((at + KNOWN_FOR).timestamp())
    others = [entry for entry in people if entry[0] != person.pk]
    latest = [[person.pk, _mark(person), until], *others]
    value = [device or secrets.token_hex(16), latest[:MOST_PEOPLE]]
    return signing.dumps(value, salt=SALT, compress=True)


def _read(cookie: str) -> tuple[str, list[Any]]:
    """Return the id of the device and its people; empty for a cookie that is not ours."""
    try:
        device, people = signing.loads(cookie, salt=SALT)
    except signing.BadSignature:
        return "", []
    return device, people


def _mark(person: User) -> str:
    # Another one after a new password, and after an admin has ended the person's sessions.
    value = f"{person.pk} {person.password} {person.session_round}"
    return salted_hmac(SALT, value, algorithm="sha256").hexdigest()[:32]
