"""What a request of a signed-in person carries here, for type checking of views."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from crm.accounts.models import Organisation, User


class Request(HttpRequest):
    """Set by crm.middleware.

    ``now``: the moment of the request by the database's clock. ``counts``: what the navigation
    shows (leads.handoffs.queue), set by a view that counted it anyhow.
    """

    user: User
    htmx: HtmxDetails
    organisation: Organisation
    now: datetime
    counts: dict[str, int]
    density: str
    id: str
