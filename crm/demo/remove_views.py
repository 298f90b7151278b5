"""The page that removes the demo."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.accounts.request import Request
from crm.demo import remove
from crm.lib import clock
from crm.lib.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
def start_fresh(request: Request) -> HttpResponse:
    """Say what goes, then remove it. 404 outside a demo; 403 but for its admin and its director."""
    # Both: a real organisation in demo mode, or a demo in a real mode, must not be emptied here.
    if not (settings.DEMO and request.organisation.is_demo):
        raise Http404
    if not (request.user.is_admin or request.user.is_director):
        raise PermissionDenied
    context = {"is_possible": remove.is_possible(), "problem": ""}
    if request.method != "POST":
        return render(request, "demo/remove.html", context)
    try:
        remove.start(at=clock.now())
    except DomainError as error:
        return render(
            request, "demo/remove.html", {**context, "problem": error.message}, status=error.status
        )
    # The signed-in account went with the demo.
    logout(request)
    messages.success(request, _("The demo is gone. Welcome to your own Relevo."))
    return redirect("setup_first")
