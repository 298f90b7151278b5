"""Entry points that belong to no single noun: home, health, pulse."""

from __future__ import annotations

from allauth.account.views import LoginView
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.accounts import organisations
from crm.accounts.request import Request
from crm.accounts.states import Role
from crm.lib import clock
from crm.navigation import counters
from crm.setup import checklist
from leads.handoffs import queue
from leads.views.queue import gone_words

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
    if request.user.is_admin and checklist.is_open(request.organisation):
        return redirect("setup")
    return redirect(HOMES[request.user.role])


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; while there is nobody who could sign in, the way leads to creating the
    first admin.
    """
    if request.method in ("GET", "HEAD") and not organisations.anyone_can_sign_in():
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
    """What the browser polls every 20 s: the moment, the counters, and a version that changes with
    the queue.

    ``rows``: handoffs that wait on the page; ``gone`` tells of each that waits no more who took it,
    and when.
    """
    now = request.now
    counts = counters(request.user, now)
    version, overdue = queue.version(counts), counts.pop("overdue")
    del counts["newest"]
    answer = {"now": now.isoformat(), "version": version, "counts": counts, "overdue": overdue}
    if rows := request.GET.get("rows"):
        answer["gone"] = gone_words(request, rows, at=now)
    # A page that was signed out goes on with a new token, if the same person came back (app.js).
    return JsonResponse({**answer, "person": request.user.pk, "csrf": get_token(request)})


HELP = {
    "marketing": _("First steps for marketing"),
    "sales": _("First steps for sales"),
    "managers": _("First steps for team leads and directors"),
    "admins": _("First steps for admins"),
    "clocks": _("Clocks, pauses and what changes them"),
    "hours": _("Working hours and deadlines"),
    "glossary": _("Glossary"),
}
HELP_OF = {
    Role.MARKETING: "marketing",
    Role.SALES_REP: "sales",
    Role.TEAM_LEAD: "managers",
    Role.DIRECTOR: "managers",
    Role.ADMIN: "admins",
}


@require_safe
def help_index(request: Request) -> HttpResponse:
    """What the help tells about; the first steps of one's own part stand first."""
    mine = HELP_OF[request.user.role]
    topics = sorted(HELP.items(), key=lambda topic: topic[0] != mine)
    return render(request, "help/index.html", {"topics": topics, "mine": mine})


@require_safe
def help_topic(request: Request, topic: str) -> HttpResponse:
    """One page of the help, written for each language by itself (crm/docs)."""
    if topic not in HELP:
        raise Http404
    page = f"{get_language()[:2]}/{topic}.html"
    return render(request, "help/topic.html", {"title": HELP[topic], "page": page})
