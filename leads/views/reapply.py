"""The page that brings open handoffs to the agreement in force: a preview, then exactly that."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from crm.accounts.request import Request, require_permission
from leads import permissions
from leads.handoffs.reapply import reapply as handoffs
from leads.models import Handoff
from sla.states import Retime

SHOWN = 200
STAYS = (Retime.PAST, Retime.OVERDUE, Retime.PAUSED, Retime.NOT_AGREED)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_reapply)
def reapply(request: Request) -> HttpResponse:
    """GET: the preview. POST: apply it, unless something has changed since the preview."""
    if request.method != "POST":
        preview = handoffs.preview(by=request.user, at=request.now)
        return _show(request, preview)
    token = request.POST.get("token", "")
    try:
        applied = handoffs.apply(token, by=request.user, at=request.now)
    except handoffs.StalePreview as error:
        return _show(
            request,
            error.preview,
            changed=error.changed,
            message=error.message,
            status=error.status,
        )
    messages.success(request, _applied_text(applied))
    return redirect("reapply")


def _applied_text(applied: handoffs.Applied) -> str:
    pattern = ngettext("{n} deadline was moved.", "{n} deadlines were moved.", applied.moved)
    text = pattern.format(n=applied.moved)
    if not applied.left:
        return text
    count = len(applied.left)
    pattern = ngettext(
        "{n} handoff changed just then and was left.",
        "{n} handoffs changed just then and were left.",
        count,
    )
    return f"{text} {pattern.format(n=count)}"


def _show(
    request: Request,
    preview: handoffs.Preview,
    *,
    changed: list[int] | None = None,
    message: object = "",
    status: int = 200,
) -> HttpResponse:
    """Return the preview. ``changed``: ids of the handoffs that a stale preview did not know."""
    shown = preview.changes[:SHOWN]
    changed = changed or []
    pks = [change.handoff for change in shown] + changed[:SHOWN]
    rows = Handoff.objects.with_names().in_bulk(pks)
    lines = []
    for change in shown:
        if change.handoff in rows:
            lines.append((rows[change.handoff], change))
    context: dict[str, Any] = {
        "preview": preview,
        "lines": lines,
        "more": len(preview.changes) - len(shown),
        "later": preview.count(Retime.LATER),
        "earlier": preview.count(Retime.EARLIER),
        "same": preview.count(Retime.SAME),
        "stays": preview.count(*STAYS),
        "message": message,
        "changed": [rows[pk] for pk in changed if pk in rows],
    }
    return render(request, "leads/reapply.html", context, status=status)
