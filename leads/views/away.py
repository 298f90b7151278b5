"""The page for a person who is back from a leave."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.accounts import leaves
from crm.accounts.request import Request
from leads.staff import absences
from leads.views.lead.timeline import TimelineLine


@require_safe
def while_away(request: Request) -> HttpResponse:
    """What happened during the last leave of the viewer, and what waits now.

    Opening it ends the banner that leads here.
    """
    user = request.user
    today = leaves.today_of(user, at=request.now)
    leave = absences.last_leave(user, today=today)
    context: dict[str, Any] = {"leave": leave, "now": request.now}
    if leave is not None:
        leaves.note_seen(leave, at=request.now)
        absence = absences.absence(user, leave)
        context |= {
            "absence": absence,
            "happened": [TimelineLine(event) for event in absence.happened],
            "decided": [TimelineLine(event) for event in absence.decided],
        }
    return render(request, "leads/away.html", context)
