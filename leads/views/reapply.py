"""The page that brings open handoffs to the agreement in force: first what would move, then exactly
that.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from crm.accounts.request import Request, deny_unless
from leads import permissions
from leads.handoffs.reapply import reapply as noun
from leads.models import Handoff
from sla.states import Retime

SHOWN = 200
STAYS = (Retime.PAST, Retime.OVERDUE, Retime.PAUSED, Retime.NOT_AGREED)


@require_http_methods(["GET", "HEAD", "POST"])
def reapply(request: Request) -> HttpResponse:
    """GET: what would move. POST: do it, unless something has changed since it was looked at."""
    deny_unless(permissions.can_reapply(request.user))
    if request.method != "POST":
        return _show(request, noun.preview(by=request.user, at=request.now))
    try:
        done = noun.apply(request.POST.get("token", ""), by=request.user, at=request.now)
    except noun.StalePreview as error:
        return _show(
            request,
            error.preview,
            changed=error.changed,
            message=error.message,
            status=error.status,
        )
    text = ngettext("{n} deadline was moved.", "{n} deadlines were moved.", done.moved).format(
        n=done.moved
    )
    if done.left:
        more = ngettext(
            "{n} handoff changed just then and was left.",
            "{n} handoffs changed just then and were left.",
            len(done.left),
        )
        text = f"{text} {more.format(n=len(done.left))}"
    messages.success(request, text)
    return redirect("reapply")


def _show(
    request: Request,
    found: noun.Preview,
    *,
    changed: list[int] | None = None,
    message: object = "",
    status: int = 200,
) -> HttpResponse:
    shown = found.changes[:SHOWN]
    named = (
        Handoff.objects.with_names()
        .defer("policy")
        .in_bulk([*(line.handoff for line in shown), *(changed or ())[:SHOWN]])
    )
    context: dict[str, Any] = {
        "preview": found,
        "lines": [(named[line.handoff], line) for line in shown if line.handoff in named],
        "more": len(found.changes) - len(shown),
        "later": found.count(Retime.LATER),
        "earlier": found.count(Retime.EARLIER),
        "same": found.count(Retime.SAME),
        "stays": found.count(*STAYS),
        "message": message,
        "changed": [named[pk] for pk in changed or () if pk in named],
    }
    return render(request, "leads/reapply.html", context, status=status)
