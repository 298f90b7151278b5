"""Entry points that belong to no single noun: home, health, pulse."""

from __future__ import annotations

from allauth.account.views import LoginView
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from crm.accounts import organisations
from crm.accounts.request import Request
from crm.accounts.states import Role
from crm.lib import clock
from crm.setup import steps
from crm.shell import counters
from leads import desk

HOMES = {
    Role.MARKETING: "lead_list",
    Role.SALES_REP: "queue",
    Role.TEAM_LEAD: "queue",
    Role.DIRECTOR: "alignment",
    Role.ADMIN: "notice_list",
}


@require_safe
def home(request: Request) -> HttpResponse:
    """Each role's first page; for admins the checklist, until it is finished or dismissed."""
    if request.user.is_admin and steps.is_open(request.organisation):
        return redirect("setup")
    return redirect(HOMES[request.user.role])


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; while there is nobody who could sign in, the way leads to creating the first admin."""
    if request.method in ("GET", "HEAD") and not organisations.somebody_can_sign_in():
        return redirect("setup_first")
    return LoginView.as_view()(request)


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the database answers."""
    clock.now()
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def pulse(request: Request) -> JsonResponse:
    """What the browser polls every 20 s: the moment, the counters, and a version that changes with the queue."""
    now = request.now
    counts = counters(request.user, now)
    version, overdue = desk.version(counts), counts.pop("overdue")
    del counts["newest"]
    return JsonResponse({"now": now.isoformat(), "version": version, "counts": counts, "overdue": overdue})
