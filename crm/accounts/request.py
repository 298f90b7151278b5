"""What a request of a signed-in person carries here, for type checking of views."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from crm.accounts.models import Organisation, User


class Request(HttpRequest):
    """Set by crm.middleware; ``now`` by views that read the clock, so that the frame does not read it again."""

    user: User
    htmx: HtmxDetails
    organisation: Organisation
    now: datetime
    density: str
    id: str
