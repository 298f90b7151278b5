"""The inbox page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from crm.accounts.request import Request
from crm.lib import clock
from crm.notifications import outbox
from crm.notifications.models import Notice
from crm.notifications.sentences import words

SHOWN = 100


@require_safe
def notice_list(request: Request) -> HttpResponse:
    """The newest notices of the person, each in the reader's language."""
    rows = list(Notice.objects.filter(recipient=request.user).order_by("-id")[:SHOWN])
    notices = [(notice, words(notice)) for notice in rows]
    unread = any(notice.read_at is None for notice in rows)
    return render(request, "notifications/notice_list.html", {"notices": notices, "unread": unread})


@require_POST
def mark_read(request: Request) -> HttpResponse:
    """Mark everything as read."""
    outbox.mark_read(request.user, at=clock.now())
    return redirect("notice_list")
