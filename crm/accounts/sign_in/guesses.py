"""Count the guesses of a secret that a request makes: by account, address and known device.

The one place for passwords, codes and links; what is free and how long to wait: tries.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from crm.accounts.models import User
from crm.accounts.sign_in import client_address, known_devices, tries
from crm.accounts.sign_in.tries import Limit, TooManyTries
from crm.accounts.states import Secret
from crm.lib import clock

log = logging.getLogger("relevo.sign_in")

Limits = dict[str, Limit]


def count(request: HttpRequest, secret: Secret, account: str = "") -> Limits:
    """Count one guess before the secret is compared, and return its limits for ``forgive``.

    ``account`` is the e-mail of the account whose secret it is, known to us or not. Raises
    TooManyTries; whatever the view makes of it, the answer is a 429 with Retry-After.
    """
    at = clock.now()
    account = account.strip().lower()
    limits = tries.limits_of(
        secret,
        network=client_address.network_of(request.META["REMOTE_ADDR"]),
        account=account,
        device=_device(request, account),
    )
    try:
        tries.count(limits, at=at)
    except TooManyTries as error:
        log.warning("too many guesses of %s from %s", secret, request.META["REMOTE_ADDR"])
        # crm.middleware.DomainErrors makes the answer of it.
        request.retry_after = error.seconds  # type: ignore[attr-defined]
        raise
    return limits


def count_in_form(request: HttpRequest, secret: Secret, account: str = "") -> Limits:
    """Count as ``count`` does, for a form: raises ValidationError."""
    try:
        return count(request, secret, account)
    except TooManyTries as error:
        raise ValidationError(str(error), code=error.code) from error


def forgive(limits: Limits) -> None:
    """Take back the count of a guess that was right."""
    tries.forgive(limits, at=clock.now())


def remember_device(
    request: HttpRequest, response: HttpResponse, person: User, *, at: datetime
) -> None:
    """Let the device that asks have a limit of its own for the guesses of ``person``."""
    name = settings.DEVICE_COOKIE_NAME
    cookie = known_devices.remember(request.COOKIES.get(name, ""), person, at=at)
    response.set_cookie(
        name,
        cookie,
        max_age=known_devices.KNOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _device(request: HttpRequest, account: str) -> str:
    cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    if not cookie or not account:
        return ""
    person = User.objects.filter(email=account).first()
    return known_devices.device_of(cookie, person, at=clock.now())
