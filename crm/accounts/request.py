"""The request of a signed-in person, for type checking; guards and messages of views."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from crm.accounts.models import Organisation, User
from crm.lib import clock
from crm.lib.input.addresses import is_ours
from crm.lib.numbers.fields import notes

View = Callable[..., HttpResponse]


class Request(HttpRequest):
    """Set by crm.middleware.

    ``now``: the moment of the request by the database's clock. ``counts``: what the navigation
    shows (leads.handoffs.queue.counters), set by a view that counted it anyhow.
    """

    user: User
    htmx: HtmxDetails
    organisation: Organisation
    now: datetime
    counts: dict[str, int]
    density: str
    id: str


def moment_of(user: User) -> datetime:
    """Return the moment of a request, by the database's clock, with which its person was read."""
    return getattr(user, "fetched_at", None) or clock.now()


def next_page(request: HttpRequest) -> str:
    """Return the page that the parameter ``next`` names; empty for none, or none of ours."""
    sent = request.POST.get("next") or request.GET.get("next") or ""
    if is_ours(sent):
        return sent
    return ""


def deny_unless(is_allowed: bool, why: str = "") -> None:
    """Raise PermissionDenied, which answers 403, unless ``is_allowed``.

    The page gives ``why``; without it, that the person's role does not allow the step.
    """
    if not is_allowed:
        raise PermissionDenied(why)


def add_notes(request: Request, *forms: BaseForm) -> None:
    """Add a message for each value that a valid form rounded or took a part of."""
    for form in forms:
        for note in notes(form):
            messages.info(request, note)


def require_permission(predicate: Callable[[User], bool]) -> Callable[[View], View]:
    """Decorate a view to answer 403 unless ``predicate`` holds for the person who asks."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
            # Before the object is fetched: for an object that some people do not see, the view
            # answers sight first (404), then the role (403) with deny_unless.
            deny_unless(predicate(request.user))
            return view(request, *args, **kwargs)

        return guarded

    return decorate
