"""The page of operation for admins, and what probes and Prometheus ask."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, require_permission
from crm.lib import clock
from crm.notifications import dead_letters
from crm.notifications.dead_letters import Source
from crm.operation import facts, metrics
from sla.clocks import parked

MOST_SHOWN = 50  # parked clocks, and dead letters


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process answers, also without a database."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer whether requests can be served: 200 while PostgreSQL answers, else 503."""
    try:
        clock.now()
    except Error:
        return HttpResponse("not ready", content_type="text/plain", status=503)
    return HttpResponse("ready", content_type="text/plain")


@login_not_required
@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """Answer with the facts as metrics to who sends the token of the settings."""
    if not settings.RELEVO_METRICS_TOKEN:
        raise Http404
    wanted = f"Bearer {settings.RELEVO_METRICS_TOKEN}"
    sent = request.headers.get("Authorization", "")
    if not secrets.compare_digest(sent.encode(), wanted.encode()):
        response = HttpResponse("a token is needed", content_type="text/plain", status=401)
        response["WWW-Authenticate"] = "Bearer"
        return response
    response = HttpResponse(metrics.text(facts.collect()), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@require_permission(can_configure)
def operation(request: Request) -> HttpResponse:
    """Show the facts, what is parked and what could not be delivered."""
    groups = facts.collect()
    context = {
        "groups": groups,
        "wrong": facts.wrong(groups),
        "parked": parked.longest_due(MOST_SHOWN),
        "letters": dead_letters.newest(MOST_SHOWN),
        "most": MOST_SHOWN,
    }
    return render(request, "operation/operation.html", context)


@require_POST
@require_permission(can_configure)
def retry(request: Request, pk: int | None = None) -> HttpResponse:
    """Try a parked clock again with the next sweep, or all of them."""
    count = parked.retry(pk, by=request.user, at=request.now)
    if count:
        words = ngettext("{count} clock is tried again.", "{count} clocks are tried again.", count)
        messages.success(request, words.format(count=count))
    else:
        messages.info(request, _("It is not parked any more."))
    return redirect("operation")


@require_POST
@require_permission(can_configure)
def send_again(request: Request, source: Source, pk: int) -> HttpResponse:
    """Send a dead letter again."""
    count = dead_letters.send_again(source, pk, by=request.user, at=request.now)
    return _sent_again(request, count)


@require_POST
@require_permission(can_configure)
def send_all_again(request: Request) -> HttpResponse:
    """Send all dead letters again."""
    count = dead_letters.send_all_again(by=request.user, at=request.now)
    return _sent_again(request, count)


def _sent_again(request: Request, count: int) -> HttpResponse:
    if count:
        words = ngettext("{count} letter is sent again.", "{count} letters are sent again.", count)
        messages.success(request, words.format(count=count))
    else:
        messages.info(request, _("It waits no more: it was sent again already."))
    return redirect("operation")
