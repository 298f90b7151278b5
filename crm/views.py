"""Pages that belong to no single noun: home, sign-in, pulse, help."""

from __future__ import annotations

from allauth.account.views import LoginView
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from crm import first_steps
from crm.accounts import organisations
from crm.accounts.permissions import can_configure
from crm.accounts.request import Request
from crm.accounts.states import Role
from crm.navigation import counters, home_of
from crm.setup import checklist
from leads.handoffs.queue import counters as queue_counters
from leads.views.queue import departures


@require_safe
def home(request: Request) -> HttpResponse:
    """Redirect to the first page of the role; admins see the checklist while it is open."""
    if can_configure(request.user) and checklist.is_open(request.organisation):
        return redirect("setup")
    return redirect(home_of(request.user))


@require_POST
def first_steps_dismiss(request: Request) -> HttpResponse:
    """Take the card of first steps away for good."""
    first_steps.dismiss(request.user, at=request.now)
    return redirect("home")


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the sign-in page; before there is an account, redirect to creating the first admin."""
    is_look = request.method in ("GET", "HEAD")
    if is_look and not organisations.anyone_can_sign_in():
        return redirect("setup_first")
    return LoginView.as_view()(request)


@require_safe
def pulse(request: Request) -> JsonResponse:
    """Answer the browser's poll every 20 s: the moment, the counters, the version of the queue.

    ``rows`` in the query are handoffs that the page shows as pending; ``gone`` in the answer says
    who took those that are not pending any more, and when.
    """
    now = request.now
    counts = counters(request.user, now)
    version = queue_counters.version(counts)
    overdue = counts.pop("overdue")
    del counts["newest"]
    answer = {
        "now": now.isoformat(),
        "version": version,
        "counts": counts,
        "overdue": overdue,
    }
    rows = request.GET.get("rows")
    if rows:
        answer["gone"] = departures(request, rows, at=now)
    answer["person"] = request.user.pk
    # A page whose session has ended goes on with this token when the same person signs in again
    # (app.js).
    answer["csrf"] = get_token(request)
    return JsonResponse(answer)


HELP = {
    "marketing": _("First steps for marketing"),
    "sales": _("First steps for sales"),
    "managers": _("First steps for team leads and directors"),
    "admins": _("First steps for admins"),
    "clocks": _("Clocks, pauses and what changes them"),
    "hours": _("Working hours and deadlines"),
    "second_factor": _("Second factor"),
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
    """List the topics of the help; the first steps of the reader's role come first."""
    own_topic = HELP_OF[request.user.role]
    topics = sorted(HELP.items(), key=lambda topic: topic[0] != own_topic)
    return render(request, "help/index.html", {"topics": topics, "mine": own_topic})


@require_safe
def help_topic(request: Request, topic: str) -> HttpResponse:
    """Show one topic of the help, which is written separately in each language (crm/docs)."""
    if topic not in HELP:
        raise Http404
    page = f"{get_language()[:2]}/{topic}.html"
    return render(request, "help/topic.html", {"title": HELP[topic], "page": page})
