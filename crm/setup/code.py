"""The set-up code: who creates the first admin of an installation that others can reach proves that
it is theirs.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import logging

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from crm.accounts.organisations import anyone_can_sign_in

log = logging.getLogger("relevo.setup")


def code() -> str:
    """RELEVO_SETUP_CODE, else one made from SECRET_KEY: the same in every process, kept nowhere."""
    if settings.RELEVO_SETUP_CODE:
        return settings.RELEVO_SETUP_CODE
    digest = salted_hmac("relevo.setup.code", settings.RELEVO_MODE, algorithm="sha256").digest()
    letters = base64.b32encode(digest).decode()[:16]
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def is_right(given: str) -> bool:
    return hmac.compare_digest(_plain(given), _plain(code()))


def _plain(value: str) -> bytes:
    return value.replace("-", "").replace(" ", "").upper().encode()


def is_needed(request: HttpRequest) -> bool:
    """Not on one's own machine: outside production, from the loopback address, with no proxy
    between.
    """
    if settings.PRODUCTION or "X-Forwarded-For" in request.headers:
        return True
    try:
        return not ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return True


def announce() -> None:
    """Write the code to the log of a production server that waits for its first admin."""
    if not settings.PRODUCTION:
        return
    try:
        if not anyone_can_sign_in():
            log.warning(
                "No admin yet. Open %s/setup/first/ with the set-up code %s",
                settings.BASE_URL,
                code(),
            )
    except (
        DatabaseError
    ):  # not migrated yet, or not there yet: `manage.py setup_code` tells it at any time
        log.warning("No database yet; `manage.py setup_code` shows the set-up code")
    finally:
        connection.close()
