"""Asking somebody who is signed in for their password again, before what only they may do."""

from __future__ import annotations

from allauth.core.ratelimit import consume_or_429
from django.http import HttpResponse

from crm.accounts.request import Request


def too_often(request: Request) -> HttpResponse | None:
    """The refusal for a person who has tried passwords too often of late; counts this try."""
    found: HttpResponse | None = consume_or_429(
        request, action="reauthenticate", user=request.user, key=str(request.user.pk)
    )
    return found
