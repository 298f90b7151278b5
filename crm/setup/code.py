"""The set-up code.

The person who creates the first admin of an installation that others can reach proves with it that
the installation is theirs.
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
    """Return RELEVO_SETUP_CODE, else a code made from SECRET_KEY.

    The made code is the same in every process and stored nowhere.
    """
    if settings.RELEVO_SETUP_CODE:
        return settings.RELEVO_SETUP_CODE
    mac = salted_hmac("relevo.setup.code", settings.RELEVO_MODE, algorithm="sha256")
    # Base 32 has no 0 and no 1, which are mistaken for O and I when copied from a log.
    text = base64.b32encode(mac.digest()).decode()
    groups = [text[start : start + 4] for start in range(0, 16, 4)]
    return "-".join(groups)


def is_right(typed: str) -> bool:
    """Return whether ``typed`` is the code; case, spaces and hyphens do not matter."""
    # In constant time: the time of a plain comparison reveals how much of a guess is right.
    return hmac.compare_digest(_normalised(typed), _normalised(code()))


def _normalised(value: str) -> bytes:
    return value.replace("-", "").replace(" ", "").upper().encode()


def is_needed(request: HttpRequest) -> bool:
    """Return whether the code must be typed.

    It is not needed on the own machine: outside production, from the loopback address and without
    a proxy.
    """
    # Behind a proxy on the same machine every visitor comes from the loopback address.
    if settings.PRODUCTION or "X-Forwarded-For" in request.headers:
        return True
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return True
    return not address.is_loopback


def announce() -> None:
    """Log the code on a production server that has no admin yet."""
    if not settings.PRODUCTION:
        return
    try:
        if not anyone_can_sign_in():
            log.warning(
                "No admin yet. Open %s/setup/first/ with the set-up code %s",
                settings.BASE_URL,
                code(),
            )
    # Not migrated or not running yet; `manage.py setup_code` shows the code at any time.
    except DatabaseError:
        log.warning("No database yet; `manage.py setup_code` shows the set-up code")
    finally:
        # Called while crm.wsgi is imported, in a thread that answers no request: nothing else
        # would ever close its connection.
        connection.close()
